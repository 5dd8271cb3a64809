"""The pages of a search, their order and their cursors."""

from decimal import Decimal

import pytest
from django.utils import timezone

from catalog.models import Product
from catalog.search.categories import categories_like
from catalog.search.index import reindex
from catalog.search.query import Search
from catalog.search.searching import search
from catalog.services.products import create_product
from shopmcp.errors import InvalidArguments
from tests.catalog.search.asking import skus


@pytest.mark.parametrize("sort", ["relevance", "price_asc", "price_desc", "name", "newest"])
@pytest.mark.parametrize("query", ["", "tea", "tea bag"])
def test_pages_hold_every_product_once_and_in_one_order(grocer, sort, query):
    for n in range(23):
        name = f"Tea {'bag' if n % 2 else 'bags'} {n % 4}"
        create_product(grocer, sku=f"t{n}", name=name, price=None if n % 7 == 0 else str(n % 5), stock=n % 3)
    whole = skus(query, sort=sort)

    pages, cursor = [], None
    while True:
        page = search(Search(query, sort=sort), limit=4, cursor=cursor)
        assert page.total == 23
        pages += [product.sku for product in page.products]
        if (cursor := page.next_cursor) is None:
            break

    assert pages == whole
    assert len(set(pages)) == 23


def test_a_page_goes_on_where_the_last_ended_though_products_come_and_go(shelf, grocer):
    first = search(Search(sort="price_asc"), limit=2)
    create_product(grocer, sku="cheap", name="Cheap", price="1")
    Product.objects.filter(sku="A4").update(withdrawn_at=timezone.now())
    reindex([shelf["A4"].identity_id])

    assert skus(sort="price_asc", cursor=first.next_cursor) == ["A2", "A3", "A5"]


@pytest.mark.parametrize("cursor", ["x", "eyJhIjoxfQ:abc", "\x00", "א", "a" * 2000, ":", "[]"])
def test_a_cursor_that_no_search_gave_is_refused_in_words(shelf, cursor):
    with pytest.raises(InvalidArguments, match="does not belong to this list") as refusal:
        search(Search(), cursor=cursor)

    assert "without a cursor" in refusal.value.fix


@pytest.mark.parametrize("other", [{"query": "rye"}, {"sort": "newest"}, {"in_stock_only": True}, {"stores": (1,)}])
def test_a_cursor_of_another_search_is_refused_in_words(shelf, other):
    cursor = search(Search(), limit=1).next_cursor

    with pytest.raises(InvalidArguments, match="does not belong to this list"):
        search(Search(**other), cursor=cursor)


def test_a_category_that_was_there_for_an_earlier_page_may_be_gone(shelf):
    assert categories_like("Toys", existed=True) == ()


def test_facets_count_what_all_pages_hold(shelf):
    page = search(Search("quinoa rye bakery grains bread"), limit=1)
    listed = search(Search())

    assert dict(listed.facets.categories) == {"Grains": 2, "Bakery": 2, "Drinks": 1}
    assert (listed.facets.lowest, listed.facets.highest) == (Decimal("8.00"), Decimal("32.00"))
    assert sum(count for _, count in page.facets.categories) == page.total


def test_of_very_many_the_page_says_that_there_are_more(grocer, monkeypatch):
    monkeypatch.setattr("catalog.search.matching.MOST", 5)
    monkeypatch.setattr("catalog.search.matching.ENOUGH", 5)
    for n in range(9):
        create_product(grocer, sku=str(n), name="Tea", price=str(9 - n))

    page = search(Search("tea"), limit=3)

    assert [product.sku for product in page.products] == ["8", "7", "6"]
    assert (page.total, page.at_least) == (5, True)
    assert skus("tea", sort="price_desc")[0] == "0"
