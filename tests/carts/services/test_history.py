"""What a cart keeps of its history is bounded in number and in bytes."""

import json

import pytest

from carts.models import KEPT_BYTES, Cart, Change, Session
from carts.timeline import cart_at
from tests.carts.answers import cart, error, quantities, text

NAME = "בורגול אורגני מלא " * 10


@pytest.fixture
def large(call_tool, make_product):
    """Fill and empty a cart of forty products with long names, so many times; return the last answer."""
    items = [{"product_id": make_product(NAME, sku=f"p{n}").public_id} for n in range(40)]

    def large(times):
        for _ in range(times):
            call_tool("add_to_cart", items=items)
            last = call_tool("clear_cart")
        return last

    return large


def kept():
    return sum(len(json.dumps(delta)) for delta in Change.objects.values_list("delta", flat=True))


@pytest.mark.slow
def test_large_changes_are_kept_within_their_bytes_and_the_newest_can_be_undone(call_tool, large):
    last = large(10)

    stored = Cart.objects.get()
    assert cart(last)["version"] == 20
    assert kept() <= KEPT_BYTES * 1.1
    assert kept() <= stored.history_bytes <= KEPT_BYTES
    assert Change.objects.order_by("version").values_list("version", flat=True)[0] == stored.history_from + 1 > 1
    assert len(quantities(call_tool("undo_cart_change"))) == 40
    assert len(cart_at(Cart.objects.get(), 19) or []) == 40


@pytest.mark.slow
def test_an_undo_beyond_what_is_kept_is_refused_in_words(call_tool, large):
    large(10)
    oldest = Cart.objects.get().history_from

    refused = call_tool("undo_cart_change", version=oldest - 1)

    assert error(refused)["code"] == "not_found"
    assert f"The shop keeps the last {20 - oldest} changes of a cart" in text(refused)
    assert f"Pass version {oldest} or a later one" in text(refused)
    assert cart(call_tool("view_cart"))["version"] == 20
    assert len(quantities(call_tool("undo_cart_change", version=oldest))) in (0, 40)
    assert cart_at(Cart.objects.get(), oldest - 1) is None


@pytest.mark.slow
def test_small_changes_are_counted_and_none_is_lost(call_tool, honey):
    for _ in range(30):
        call_tool("add_to_cart", product_id="shop:honey")

    stored = Cart.objects.get()
    assert (Change.objects.count(), stored.history_from) == (30, 0)
    assert stored.history_bytes == pytest.approx(kept(), rel=0.3)
    assert Session.objects.count() == 1
