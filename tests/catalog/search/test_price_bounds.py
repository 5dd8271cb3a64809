"""Words of a query that bound the price."""

from decimal import Decimal

import pytest

from catalog.models import Store
from catalog.search.query import PriceBounds, Search
from catalog.search.searching import search
from catalog.services.products import create_product


def skus(query, **asked):
    return [product.sku for product in search(Search(query, **asked)).products]


def test_words_bound_the_price_and_match_nothing(shelf):
    page = search(Search("up to 21.90 shekels"))

    assert {product.sku for product in page.products} == {"A1", "A2", "A4"}
    assert page.price_bounds == PriceBounds("up to 21.90 shekels", None, Decimal("21.90"))


def test_pages_go_on_within_the_bound(shelf):
    first = search(Search("עד 25 שקל"), limit=2)
    rest = search(Search("עד 25 שקל"), limit=2, cursor=first.next_cursor)

    assert [product.sku for product in (*first.products, *rest.products)] == ["A1", "A2", "A4"]


def test_a_product_that_has_the_words_in_its_name_is_meant(grocer):
    create_product(grocer, sku="airmax", name="Air Max 90", price="500")
    create_product(grocer, sku="air", name="Air freshener", price="20")

    assert skus("air max 90") == ["airmax"]
    assert search(Search("air max 90")).price_bounds is None
    assert skus("air max 50") == ["air"]


def test_a_number_that_need_not_be_a_price_hides_nothing(shelf):
    page = search(Search("bagels under 3"))

    assert [product.sku for product in page.products] == ["A3"]
    assert page.price_bounds == PriceBounds("under 3")


def test_a_price_that_can_be_nothing_else_is_a_bound_though_nothing_costs_so(shelf):
    assert search(Search("bagels under 3 ₪")).total == 0


def test_a_bound_that_came_as_an_argument_counts(shelf):
    page = search(Search("up to 10 shekels", max_price=Decimal(20)))

    assert {product.sku for product in page.products} == {"A1", "A4"}
    assert page.price_bounds == PriceBounds("up to 10 shekels")


@pytest.mark.parametrize("query", ["cola under 3 dollars", "cola for 3 ₪"])
def test_another_currency_and_a_mere_price_bound_nothing(shelf, query):
    page = search(Search(query))

    assert [product.sku for product in page.products] == ["A4"]
    assert page.price_bounds is not None
    assert page.price_bounds.highest is None


def test_stores_of_two_currencies_are_not_bounded_by_one(shelf):
    Store.objects.create(slug="abroad", name="Abroad", currency="EUR")

    assert "A3" in skus("bagels under 3 ₪")
