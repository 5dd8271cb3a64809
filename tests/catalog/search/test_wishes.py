"""Several things asked for at once."""

import pytest

from catalog.search.query import Search
from catalog.search.searching import search
from catalog.services.products import create_product


@pytest.fixture
def pantry(grocer):
    names = ["Brown rice", "White rice", "Red rice", "Red lentils", "Green lentils", "Olive oil", "שמן זית כתית"]
    for n, name in enumerate(names):
        create_product(grocer, sku=f"P{n}", name=name, price=str(n + 1))


def names(query, **asked):
    return [product.name for product in search(Search(query, **asked)).products]


@pytest.mark.parametrize("query", ["rice, lentils and olive oil", "אורז, עדשים ושמן זית", "אורז ועדשים ושמן הזית"])
def test_each_wish_brings_something_in_its_turn(pantry, query):
    page = search(Search(query), limit=3)

    assert {product.name for product in page.products} == {"Brown rice", "Red lentils", page.products[2].name}
    assert page.products[2].name in ("Olive oil", "שמן זית כתית")
    assert (page.total, len(page.wishes), page.partly) == (7, 3, False)


def test_pages_of_several_wishes_hold_everything_once_whatever_comes_meanwhile(pantry, grocer):
    first = search(Search("rice and lentils"), limit=2)
    create_product(grocer, sku="new", name="Rice", price="1")

    rest = search(Search("rice and lentils"), limit=9, cursor=first.next_cursor).products

    assert [product.name for product in first.products] == ["Brown rice", "Red lentils"]
    assert [product.name for product in rest] == ["White rice", "Green lentils", "Red rice"]


@pytest.mark.parametrize("sort", ["relevance", "price_asc", "price_desc", "name", "newest"])
def test_wishes_stay_several_on_the_next_page_when_something_new_is_all_of_them(pantry, grocer, sort):
    asked = Search("rice and lentils", sort=sort)
    every = [product.name for product in search(asked).products]
    first = search(asked, limit=2)
    create_product(grocer, sku="mix", name="Rice and lentils", price="500")

    rest = search(asked, limit=9, cursor=first.next_cursor).products

    names = [product.name for product in (*first.products, *rest)]
    assert [name for name in names if name != "Rice and lentils"] == every


def test_what_one_product_is_all_of_is_one_wish(pantry, grocer):
    create_product(grocer, sku="mix", name="Rice and lentils", price="50")

    page = search(Search("lentils, rice"))

    assert [product.name for product in page.products] == ["Rice and lentils"]
    assert page.wishes == ()


def test_a_mere_quality_is_no_wish(pantry, grocer):
    create_product(grocer, sku="shirt", name="Red shirt", price="50")

    assert set(names("red and green lentils")) == {"Red lentils", "Green lentils"}
    assert set(names("עדשים אדומות וירוקות")) == {"Red lentils", "Green lentils"}


def test_a_wish_that_nothing_fits_is_named_and_the_others_come(pantry):
    page = search(Search("zebra, rice and okapi lentils"))

    assert page.products[0].name == "Brown rice"
    assert page.dropped == ("zebra", "okapi")


def test_by_price_all_wishes_are_one_list(pantry):
    assert names("lentils, rice", sort="price_desc") == [
        "Green lentils",
        "Red lentils",
        "Red rice",
        "White rice",
        "Brown rice",
    ]


def test_a_word_that_an_and_is_glued_to_begins_a_wish(grocer):
    rows = [("לחם שיפון", ""), ("גבינה צהובה", "חלב וגבינות"), ("תה נענע", ""), ("חלב", "חלב וגבינות")]
    for n, (name, category) in enumerate(rows):
        create_product(grocer, sku=str(n), name=name, price="9", category=category)

    assert names("לחם וגבינה")[:2] == ["לחם שיפון", "גבינה צהובה"]
    assert set(names("לחם ותה")) == {"לחם שיפון", "תה נענע"}


def test_an_and_that_belongs_to_the_word_stays(grocer):
    create_product(grocer, sku="1", name="חולצה ורודה", price="9")
    create_product(grocer, sku="2", name="חולצה לבנה", price="9")

    assert names("חולצה ורודה") == ["חולצה ורודה"]
