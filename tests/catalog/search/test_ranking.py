"""Which of the products that fit comes first."""

import pytest

from catalog.search.query import Search
from catalog.search.searching import search
from catalog.services.products import create_product


def names(grocer, query, *rows):
    for n, name in enumerate(rows):
        create_product(grocer, sku=str(n), name=name, price=str(n + 1))
    return [product.name for product in search(Search(query)).products]


@pytest.mark.parametrize("query", ["שמן זית", "olive oil"])
def test_an_oil_comes_before_the_soap_that_is_made_of_it(grocer, query):
    found = names(grocer, query, "סבון שמן זית", "Olive oil soap", "שמן זית כתית", "Olive oil, extra virgin")

    assert set(found[:2]) == {"שמן זית כתית", "Olive oil, extra virgin"}
    assert set(found[2:]) == {"סבון שמן זית", "Olive oil soap"}


def test_the_soap_is_first_where_it_is_asked_for(grocer):
    assert names(grocer, "olive oil soap", "Olive oil", "Soap", "Olive oil soap")[0] == "Olive oil soap"


def test_a_colour_beside_the_word_makes_it_no_other_thing(grocer):
    assert names(grocer, "shirt", "Shirt white", "Shirt box") == ["Shirt white", "Shirt box"]
