"""The next best products where few fit all words, and what each product lacks."""

from decimal import Decimal

import pytest

from catalog.search.query import Search
from catalog.search.searching import search
from catalog.services.products import create_product

SEEDS = ["Flax seeds in bulk", "Whole flax", "Ground flax", "Sunflower seeds", "Pumpkin seeds", "Chia seeds"]


@pytest.fixture
def sell(grocer):
    def sell(*names, **fields):
        for n, name in enumerate(names):
            create_product(grocer, sku=f"{name} {n}", name=name, **{"price": str(n + 1), **fields})

    return sell


@pytest.fixture
def shirts(grocer):
    for n, size in enumerate(["S", "M", "L"]):
        create_product(
            grocer, sku=size, name="Linen shirt", price=str(n + 1), group_id="shirt", options={"Size": size}, stock=n
        )


def names(products):
    return [product.name for product in products]


def lacking(page):
    return {product.name: page.lacking.get(product.identity_id, ()) for product in page.shown}


@pytest.mark.parametrize("query", ["flax seeds", "seeds of flax", "זרעי flax"])
def test_a_common_word_hides_no_product_that_has_the_rare_one(sell, query):
    sell(*SEEDS, "Sesame seeds")

    page = search(Search(query))

    assert (names(page.products), page.total) == (["Flax seeds in bulk"], 1)
    assert names(page.also_close)[:2] == ["Whole flax", "Ground flax"]
    assert {name: len(words) for name, words in lacking(page).items()} == {
        "Flax seeds in bulk": 0,
        **dict.fromkeys(names(page.also_close), 1),
    }
    assert (page.dropped, page.partly) == ((), False)


@pytest.mark.parametrize(
    "others", [["Chia seeds"], [f"{kind} seeds" for kind in ("Chia", "Poppy", "Dill", "Sesame", "Hemp")]]
)
def test_no_word_hides_another_in_a_shop_that_has_more_of_the_rare_one(sell, others):
    flax = ["Whole flax", "Ground flax", "Golden flax", "Brown flax", "Flax meal", "Flax flour"]
    sell("Flax seeds in bulk", *others, *flax)

    close = names(search(Search("flax seeds")).also_close)

    assert set(close) & set(others)
    assert len(set(close) & set(flax)) >= 2


def test_where_enough_fit_closely_nothing_else_is_told(sell):
    sell(*(f"Flax seeds {n}" for n in range(5)), "Whole flax")

    page = search(Search("flax seeds"))

    assert (page.total, page.also_close) == (5, [])


def test_what_is_close_keeps_to_the_limits_and_is_not_on_later_pages(sell):
    sell(*SEEDS)
    first = search(Search("flax seeds", max_price=Decimal(2)), limit=1)

    assert names(first.also_close) == ["Whole flax"]
    sell("Flax seeds, brown")
    first = search(Search("flax seeds"), limit=1)
    assert search(Search("flax seeds"), limit=1, cursor=first.next_cursor).also_close == []


def test_a_colour_alone_makes_nothing_close(sell):
    sell("Red chair", "Red pepper", "Green chair")

    assert names(search(Search("red chair")).also_close) == ["Green chair"]


def test_the_commonest_of_many_words_is_left_out_first(sell):
    sell("Rice flour, organic", "Organic flour", "Rice cakes organic", "Rice cakes, organic, salted", "Organic tea")

    assert names(search(Search("organic rice flour")).also_close) == [
        "Organic flour",
        "Rice cakes organic",
        "Rice cakes, organic, salted",
    ]


def test_a_variant_names_its_siblings_though_only_it_fits(shirts):
    page = search(Search("shirt L", in_stock_only=True, min_price=Decimal(3)))

    assert [product.sku for product in page.products] == ["L"]
    assert [variant.sku for variant in page.variants[page.products[0].identity_id]] == ["S", "M"]


def test_a_size_that_there_is_not_is_told_as_lacking(shirts, sell):
    sell("Cotton vest", description="Also in XXL.")

    page = search(Search("shirt XXL"))

    assert (page.partly, lacking(page)) == (True, {"Linen shirt": ("xxl",), "Cotton vest": ("shirt",)})


def test_a_word_that_one_of_the_products_has_is_not_said_to_fit_nothing(sell, grocer):
    sell("Superflaxmuesli")
    create_product(grocer, sku="x", name="Rye", price="3", category="Bread")

    page = search(Search("muesli xyzzy"))

    assert names(page.products) == ["Superflaxmuesli"]
    assert (page.dropped, lacking(page)) == (("xyzzy",), {"Superflaxmuesli": ("xyzzy",)})


def test_of_several_wishes_each_product_lacks_words_of_its_own_wish_alone(sell):
    sell("Brown rice", "Red lentils")

    page = search(Search("rice, okapi lentils"))

    assert lacking(page) == {"Brown rice": (), "Red lentils": ("okapi",)}
    assert page.dropped == ("okapi",)
