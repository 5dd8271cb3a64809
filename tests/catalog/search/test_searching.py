from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from catalog.models import Product, Store
from catalog.search.categories import categories, categories_like, shelves
from catalog.search.index import reindex
from catalog.search.query import Search
from catalog.search.searching import search
from catalog.services import create_product
from shopmcp.errors import InvalidArguments, NotFound


def skus(query="", limit=50, cursor=None, **asked):
    return [product.sku for product in search(Search(query, **asked), limit=limit, cursor=cursor).products]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("rye", ["A5"]),
        ("BREAD rye", ["A5"]),
        ("bread rye oat", ["A5"]),
        ("אורז", ["A1"]),
        ("ק״ג", ["A1"]),
        ('1 ק"ג אורז', ["A1"]),
        ("אוֹרֶז", ["A1"]),
        ("bakers dozen", ["A3"]),
        ("BAKER’S", ["A3"]),
        ("coca cola", ["A4"]),
        ("cocacola", ["A4"]),
        ("coca–cola 1.5", ["A4"]),
        ("<b>red</b>", ["A2"]),
        ("malt", ["A3"]),
        ("hillside", ["A1"]),
        ("bakery", ["A3", "A5"]),
        ("grains 500", ["A2"]),
        ("%", []),
        ("_", []),
        ("'", []),
        ("***", []),
        ("' OR 1=1 --", ["A1"]),
        ("zebra", []),
    ],
)
def test_words_match_somewhere_however_they_are_spelt(shelf, query, expected):
    assert skus(query) == expected


def test_an_empty_query_lists_everything_in_the_order_of_import(shelf):
    assert skus("") == skus("   ") == ["A1", "A2", "A3", "A4", "A5"]


@pytest.mark.parametrize("query", ["grocer:A5", "A5", "rye bread"])
def test_what_the_query_names_exactly_comes_first(shelf, grocer, query):
    create_product(grocer, sku="A0", name=f"A rye bread with {query} for grocer:A5", price="1")

    assert skus(query)[0] == "A5"


def test_a_product_address_finds_its_product(shelf):
    assert skus("https://www.shop.example.com/p/cola-i77?utm_source=chatgpt.com") == ["A4"]


def test_the_best_come_first(grocer):
    rows: list[tuple[str, str, dict[str, Any]]] = [
        ("described", "Soup", {"description": "With rice."}),
        ("later", "Brown basmati rice", {}),
        ("sold out", "Rice", {"stock": 0}),
        ("first", "Rice, long", {}),
        ("exact", "Rice", {}),
    ]
    for sku, name, rest in rows:
        create_product(grocer, sku=sku, name=name, price="1", **rest)

    assert skus("rice") == ["exact", "first", "later", "sold out", "described"]


def test_withdrawn_products_are_never_listed(shelf):
    Product.objects.filter(sku="A5").update(withdrawn_at=timezone.now())
    reindex([shelf["A5"].identity_id])

    assert skus("rye") == skus("grocer:A5") == []
    assert "A5" not in skus("")


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


@pytest.mark.parametrize(("query", "queries"), [("", 6), ("rye", 9), ("grocer:A5", 4)])
@pytest.mark.parametrize("more", [0, 30])
def test_a_search_takes_no_more_queries_however_much_it_finds(
    shelf, grocer, django_assert_max_num_queries, query, queries, more
):
    for n in range(more):
        create_product(grocer, sku=f"more{n}", name=f"Rye {n}", price="1")

    with django_assert_max_num_queries(queries):
        assert [product.store.slug for product in search(Search(query), limit=10).products]


def test_a_search_is_of_one_store_or_of_all(shelf, grocer):
    other = Store.objects.create(slug="other", name="Other", currency="ILS")
    create_product(other, sku="B1", name="Rye crisps", price="7")

    assert set(skus("rye")) == {"A5", "B1"}
    assert skus("rye", stores=(other.pk,)) == ["B1"]


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

    with django_assert_num_queries(3):  # what state the catalogue is in, the stores, and the count of that state
        found = shelves()
    with django_assert_num_queries(2):
        assert shelves() == found

    assert [(s.store.slug, s.products, s.categories) for s in found] == [
        ("grocer", 1, ["Bakery", "Grains"]),  # the quinoa is sold out, the bread has no price
        ("empty", 0, []),
    ]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("האורז", ["A1"]),
        ("לאורז", ["A1"]),
        ("rice", ["A1"]),
        ("קינואה", ["A2"]),
        ("quinoas", ["A2"]),
        ("bagel", ["A3"]),
        ("bagles", ["A3"]),
        ("basmatti", ["A1"]),
        ("בסמטיי", ["A1"]),
        ("bag", ["A3"]),
        ("1kg", ["A1"]),
        ("קילו אורז", ["A1"]),
        ("1000 grams rice", ["A1"]),
        ("half a kilo of quinoa", ["A2"]),
        ("1500 ml", ["A4"]),
    ],
)
def test_a_word_is_found_in_its_other_forms(shelf, query, expected):
    assert skus(query) == expected


def test_a_short_word_is_taken_as_it_is_typed(shelf):
    assert skus("ryr") == []


def test_what_nothing_fits_is_left_out_and_named(shelf):
    page = search(Search("zebra rye"))

    assert [product.sku for product in page.products] == ["A5"]
    assert (page.dropped, page.partly) == (("zebra",), False)
    assert search(Search("zebra okapi")).total == 0


def test_where_no_product_fits_all_words_those_come_that_fit_most(shelf):
    page = search(Search("red quinoa bagels"))

    assert page.products[0].sku == "A2"
    assert page.partly


def test_words_that_carry_a_sentence_are_not_looked_for(grocer):
    create_product(grocer, sku="1", name="Rye", price="1")
    create_product(grocer, sku="2", name="With the best of intentions", price="1")

    assert skus("do you have the rye") == ["1"]


def test_a_barcode_and_a_sku_come_first(shelf, grocer):
    create_product(grocer, sku="B1", name="7290000000017 A5 rye", price="1")
    create_product(grocer, sku="B2", name="Water", price="1", barcode="7290000000017")

    assert skus("7290000000017") == ["B2", "B1"]
    assert skus("a5") == ["A5", "B1"]


def test_in_stock_comes_before_sold_out_and_cheap_before_dear(grocer):
    for sku, price, stock in [("dear", "9", 5), ("out", "1", 0), ("cheap", "2", None), ("unpriced", None, 5)]:
        create_product(grocer, sku=sku, name=f"Green tea {sku}", price=price, stock=stock)

    assert skus("tea") == ["cheap", "dear", "out", "unpriced"]


def test_variants_are_one_result_with_the_one_that_fits_best(grocer):
    for size, price, stock in [("S", "30", 0), ("M", "20", 5), ("L", "25", 5)]:
        create_product(
            grocer, sku=size, name="Shirt", price=price, stock=stock, group_id="shirt", options={"Size": size}
        )
    create_product(grocer, sku="other", name="Shirt box", price="99")

    page = search(Search("shirt"))

    assert [product.sku for product in page.products] == ["M", "other"]
    assert [variant.sku for variant in page.variants[page.products[0].identity_id]] == ["L", "S"]
    assert page.total == 2
    assert skus("shirt L") == ["L"]
    assert skus() == ["S", "other"]


def test_facets_count_what_all_pages_hold(shelf):
    page = search(Search("quinoa rye bakery grains bread"), limit=1)
    listed = search(Search())

    assert dict(listed.facets.categories) == {"Grains": 2, "Bakery": 2, "Drinks": 1}
    assert (listed.facets.lowest, listed.facets.highest) == (Decimal("8.00"), Decimal("32.00"))
    assert sum(count for _, count in page.facets.categories) == page.total


def test_what_was_counted_is_counted_again_when_anything_else_counts(shelf, grocer):
    assert dict(search(Search()).facets.categories) == {"Grains": 2, "Bakery": 2, "Drinks": 1}

    create_product(grocer, sku="A6", name="Oats", price="40", category="Grains")
    Product.objects.filter(sku="A4").update(withdrawn_at=timezone.now())
    reindex([shelf["A4"].identity_id])

    page = search(Search())
    assert (dict(page.facets.categories), page.facets.highest) == ({"Grains": 3, "Bakery": 2}, Decimal(40))
    assert page.total == 5
    assert [shelf.products for shelf in shelves()] == [3]


def test_a_category_without_letters_is_a_bound_like_any_other(grocer):
    create_product(grocer, sku="1", name="Rye", price="1", category="★")
    create_product(grocer, sku="2", name="Rye", price="1", category="Bakery")

    assert skus("rye", categories=("★",)) == ["1"]
    assert skus("rye", categories=("★", "Bakery")) == ["1", "2"]


def test_prices_of_two_currencies_are_no_range(shelf):
    abroad = Store.objects.create(slug="abroad", name="Abroad", currency="EUR")
    create_product(abroad, sku="x", name="Rye", price="3")

    assert search(Search("rye")).facets.lowest is None
    assert search(Search()).facets.lowest is None


def test_of_very_many_the_page_says_that_there_are_more(grocer, monkeypatch):
    monkeypatch.setattr("catalog.search.matching.MOST", 5)
    monkeypatch.setattr("catalog.search.matching.ENOUGH", 5)
    for n in range(9):
        create_product(grocer, sku=str(n), name="Tea", price=str(9 - n))

    page = search(Search("tea"), limit=3)

    assert [product.sku for product in page.products] == ["8", "7", "6"]
    assert (page.total, page.at_least) == (5, True)
    assert skus("tea", sort="price_desc")[0] == "0"


@pytest.mark.parametrize("query", ["rye", "rye bread"])
def test_words_that_were_asked_for_before_cost_no_look_up(shelf, grocer, django_assert_num_queries, query):
    found = search(Search(query)).products

    # One look, what fits more closely, what fits at all, and the products.
    with django_assert_num_queries(4):
        assert search(Search(query)).products == found
    create_product(grocer, sku="new", name="Rye bread rolls", price="1")
    assert "new" in [product.sku for product in search(Search(query)).products]


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
