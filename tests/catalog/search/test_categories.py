"""Categories as the bound of a search, and what stores count in them."""

from collections import Counter
from decimal import Decimal

import pytest
from django.utils import timezone

from catalog.models import Product, Store
from catalog.search.categories import categories, categories_like, shelves
from catalog.search.index import reindex
from catalog.search.query import Search
from catalog.search.searching import search
from catalog.services.products import create_product
from shopmcp.errors import NotFound
from tests.catalog.search.asking import skus


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"min_price": Decimal("12.90"), "max_price": Decimal("21.90")}, ["A1", "A2"]),
        ({"min_price": Decimal("12.91")}, ["A2", "A3"]),
        ({"max_price": Decimal("0")}, []),
        ({"categories": ("Bakery",)}, ["A3", "A5"]),
        ({"categories": ()}, []),
        ({"in_stock_only": True}, ["A1", "A3", "A4"]),
        ({"sort": "price_asc"}, ["A4", "A1", "A2", "A3", "A5"]),
        ({"sort": "price_desc"}, ["A3", "A2", "A1", "A4", "A5"]),
        ({"sort": "name"}, ["A3", "A4", "A2", "A5", "A1"]),
        ({"sort": "newest"}, ["A5", "A4", "A3", "A2", "A1"]),
        (
            {"categories": ("Bakery", "Drinks"), "in_stock_only": True, "sort": "price_asc", "min_price": Decimal(1)},
            ["A4", "A3"],
        ),
        ({"query": "bakery", "sort": "price_desc", "max_price": Decimal(40)}, ["A3"]),
    ],
)
def test_bounds_category_stock_and_sort_work_together(shelf, asked, expected):
    assert skus(**asked) == expected


def test_a_category_is_known_by_its_name_or_by_words_of_it(grocer):
    for sku, category in enumerate(["תה · Tea", "Tea", "Herbal tea", "", "קפה"]):
        create_product(grocer, sku=str(sku), name="x", price="1", category=category)

    assert categories() == sorted(["Herbal tea", "Tea", "תה · Tea", "קפה"])
    assert categories_like("TEA") == ("Tea",)
    assert categories_like("תה") == ("תה · Tea",)
    assert categories_like("herbal") == ("Herbal tea",)
    assert categories_like("teas") == ("Herbal tea", "Tea", "תה · Tea")
    assert categories_like("tea herbal") == ("Herbal tea",)


@pytest.mark.parametrize(("asked", "first"), [("coffee", "קפה"), ("herbel", "Herbal tea"), ("black tea", "Herbal tea")])
def test_an_unknown_category_is_refused_with_those_there_are_the_nearest_first(grocer, asked, first):
    for sku, category in enumerate(["Bread", "Herbal tea", "קפה"]):
        create_product(grocer, sku=str(sku), name="x", price="1", category=category)

    with pytest.raises(NotFound, match=f"no category “{asked}”") as refusal:
        categories_like(asked)

    assert refusal.value.candidates == [{"category": first}]
    assert f"use one of these: {first}, " in refusal.value.fix
    assert all(name in refusal.value.fix for name in ("Bread", "Herbal tea", "קפה"))


def test_a_category_that_was_there_for_an_earlier_page_may_be_gone(shelf):
    assert categories_like("Toys", existed=True) == ()


@pytest.mark.parametrize("asked", ["%", "★", "x" * 120])
def test_a_category_without_meaning_is_refused_too(grocer, asked):
    with pytest.raises(NotFound):
        categories_like(asked)


def test_shelves_count_what_can_be_bought_by_store(shelf, django_assert_num_queries):
    Store.objects.create(slug="empty", name="Empty", currency="ILS")
    Product.objects.filter(sku="A3").update(available=False)
    Product.objects.filter(sku="A4").update(withdrawn_at=timezone.now())
    reindex([shelf["A3"].identity_id, shelf["A4"].identity_id])

    with django_assert_num_queries(4):  # the state of the catalogue, the sales, the stores, and the count of that state
        found = shelves()
    with django_assert_num_queries(2):
        assert shelves() == found

    assert [(s.store.slug, s.products, s.categories) for s in found] == [
        ("grocer", 1, ["Bakery", "Grains"]),  # the quinoa is sold out, the bread has no price
        ("empty", 0, []),
    ]


def test_a_category_without_letters_is_a_bound_like_any_other(grocer):
    create_product(grocer, sku="1", name="Rye", price="1", category="★")
    create_product(grocer, sku="2", name="Rye", price="1", category="Bakery")

    assert skus("rye", categories=("★",)) == ["1"]
    assert skus("rye", categories=("★", "Bakery")) == ["1", "2"]


@pytest.mark.parametrize("in_stock_only", [False, True])
@pytest.mark.parametrize("categories", [None, ("Bread",)])
@pytest.mark.parametrize(("low", "high"), [(None, "2"), ("2", "3"), ("2.5", None), ("8", "9")])
def test_within_prices_categories_are_counted_as_they_are(grocer, low, high, categories, in_stock_only):
    rows = [("1", "Bread", 1), ("2", "Bread", 0), ("3", "Bread", None), ("2", "Tea", 4), ("3", "", 1), (None, "Tea", 1)]
    for n, (price, category, stock) in enumerate(rows):
        create_product(grocer, sku=str(n), name=f"Product {n}", price=price, category=category, stock=stock)
    fitting = [
        (Decimal(price), category)
        for price, category, stock in rows
        if price is not None
        and Decimal(low or 0) <= Decimal(price) <= Decimal(high or 99)
        and (categories is None or category in categories)
        and (stock != 0 or not in_stock_only)
    ]
    lowest, highest = (None if bound is None else Decimal(bound) for bound in (low, high))

    page = search(Search(categories=categories, min_price=lowest, max_price=highest, in_stock_only=in_stock_only))

    assert page.total == len(fitting)
    assert dict(page.facets.categories) == Counter(category for _, category in fitting if category)
    prices = [price for price, _ in fitting]
    assert (page.facets.lowest, page.facets.highest) == ((min(prices), max(prices)) if prices else (None, None))
