"""Sales as searches see them: decided by the clock, whatever is cached."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from catalog.models import Entry
from catalog.search.categories import shelves
from catalog.search.query import Search
from catalog.search.rebuild import outdated
from catalog.search.searching import search
from catalog.services.products import create_product

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def at(monkeypatch):
    return lambda moment: monkeypatch.setattr(timezone, "now", lambda: moment)


@pytest.fixture
def kettles(grocer):
    """A kettle for 80, and one for 100 that costs 60 from noon until one o'clock."""
    create_product(grocer, sku="plain", name="Kettle", price="80", category="Kitchen")
    sale: dict[str, Any] = {"sale_price": Decimal(60), "sale_begins": NOON, "sale_ends": NOON + HOUR}
    create_product(grocer, sku="sale", name="Kettle", price="100", category="Kitchen", **sale)


def skus(query, **asked):
    return [product.sku for product in search(Search(query, **asked)).products]


@pytest.mark.parametrize("query", ["", "kettle"])
def test_limits_orders_and_facets_go_by_the_price_of_the_moment(kettles, at, query):
    for moment, cheap, low, high in [
        (NOON - HOUR, "plain", 80, 100),
        (NOON, "sale", 60, 80),
        (NOON + HOUR - timedelta(microseconds=1), "sale", 60, 80),
        (NOON + HOUR, "plain", 80, 100),
    ]:
        at(moment)
        page = search(Search(query))

        assert (page.total, page.facets.lowest, page.facets.highest) == (2, low, high)
        assert dict(page.facets.categories) == {"Kitchen": 2}
        assert skus(query, sort="price_asc")[0] == cheap
        assert skus(query, sort="price_desc")[1] == cheap
        assert skus(query, max_price=Decimal(low)) == [cheap]
        assert search(Search(query, min_price=Decimal(low), max_price=Decimal(low))).facets.highest == low


def test_a_product_with_a_sale_is_counted_once(kettles, at):
    for moment in (NOON - HOUR, NOON):
        at(moment)

        assert [(shelf.products, shelf.categories) for shelf in shelves()] == [(2, ["Kitchen"])]


def test_a_sale_without_an_end_or_a_beginning_counts_on_its_open_side(grocer, at):
    at(NOON)
    for sku, begins, ends in [("ever", None, None), ("on", NOON, None), ("over", None, NOON)]:
        sale: dict[str, Any] = {"sale_price": Decimal(5), "sale_begins": begins, "sale_ends": ends}
        create_product(grocer, sku=sku, name="Mug", price="9", **sale)

    assert skus("mug", max_price=Decimal(5)) == ["ever", "on"]
    assert skus("mug", min_price=Decimal(9)) == ["over"]


def test_a_sale_that_would_be_dearer_is_none(grocer, at):
    at(NOON)
    create_product(grocer, sku="x", name="Mug", price="5", sale_price=Decimal(9))

    assert skus("mug", max_price=Decimal(5)) == ["x"]
    assert Entry.objects.count() == 1


def test_entries_of_a_sale_are_as_they_should_be(kettles):
    assert Entry.objects.count() == 3
    assert list(outdated()) == []
