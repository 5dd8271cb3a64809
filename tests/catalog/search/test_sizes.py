"""Sizes of clothes as words, letters and numbers, in both languages; and units as the shopper wrote them."""

import pytest

from catalog.search.query import Search
from catalog.search.searching import search
from catalog.services.products import create_product


@pytest.fixture
def clothes(grocer):
    for size in ("XS", "S", "M", "L", "XL", "XXL"):
        create_product(
            grocer, sku=size, name="Linen shirt", price="5", group_id="shirt", options={"Size": size}, stock=3
        )
    for size in ("41", "42"):
        create_product(grocer, sku=size, name="סנדל עור", price="9", group_id="sandal", options={"מידה": size}, stock=3)


@pytest.mark.parametrize(
    ("query", "sku"),
    [
        ("shirt small", "S"),
        ("shirt S", "S"),
        ("small size shirt", "S"),
        ("חולצה קטנה", "S"),
        ("shirt medium", "M"),
        ("shirt M", "M"),
        ("חולצה מידה בינונית", "M"),
        ("shirt large", "L"),
        ("L shirt", "L"),
        ("חולצה גדולה", "L"),
        ("shirt extra large", "XL"),
        ("shirt xl", "XL"),
        ("shirt 2XL", "XXL"),
        ("shirt extra small", "XS"),
        ("sandal size 42", "42"),
        ("סנדל מידה 42", "42"),
    ],
)
def test_a_size_is_found_however_it_is_said_and_names_its_siblings(clothes, query, sku):
    page = search(Search(query))

    (found,) = page.products
    assert (found.sku, page.dropped, page.partly) == (sku, (), False)
    assert len(page.variants[found.identity_id]) == (5 if found.group_id == "shirt" else 1)


def test_a_large_thing_is_no_litre_of_it(grocer):
    create_product(grocer, sku="bottle", name="Juice 1 l", price="5")
    create_product(grocer, sku="cable", name="Cable 2 m", price="5")

    assert search(Search("large juice")).dropped == ("large",)
    assert search(Search("medium cable")).dropped == ("medium",)


@pytest.mark.parametrize(
    ("query", "lacking"),
    [("oil 5 l", "5 l"), ("oil 5L", "5L"), ('oil 2 ק"ג', '2 ק"ג'), ("oil half a kilo", "half a kilo")],
)
def test_an_amount_that_products_lack_is_told_as_the_shopper_wrote_it(grocer, query, lacking):
    oil = create_product(grocer, sku="oil", name="Oil 750 ml", price="5")

    page = search(Search(query))

    assert page.lacking == {oil.identity_id: (lacking,)}
    assert page.dropped == (lacking,)
