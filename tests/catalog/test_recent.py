from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from catalog.models import Product, Store
from catalog.recent import KEPT, recent

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.fixture
def mug():
    mug = Product(name="Mug", price=Decimal(9), sale_price=Decimal(5), sale_begins=NOON, counted=3)
    mug.store = Store(slug="shop", language="en")
    mug.stock = 3
    mug.__dict__[KEPT] = {}
    return mug


def made(product, now=NOON, what="line"):
    """Whether it was made, and not remembered."""
    calls = []

    def make():
        calls.append(what)
        return product.name

    recent(product, now, what, make)
    return bool(calls)


def test_the_same_is_made_once(mug):
    assert [made(mug), made(mug), made(mug, what="other"), made(mug, what="other")] == [True, False, True, False]


def test_what_changes_without_the_columns_makes_it_anew(mug):
    assert made(mug)
    mug.stock = 2
    assert made(mug)
    assert made(mug, NOON - timedelta(seconds=1))
    mug.store = Store(slug="shop", language="he")
    assert made(mug)


def test_a_product_whose_columns_may_change_is_made_each_time(mug):
    del mug.__dict__[KEPT]

    assert made(mug)
    assert made(mug)


def test_what_is_remembered_of_many_stocks_is_bounded(mug):
    for stock in range(100):
        mug.stock = stock
        made(mug)

    assert len(mug.__dict__[KEPT]) <= 12
