"""Answers without a cart tell what was done outside of the chat; `services/test_unanswered.py` has the lost answers."""

import pytest

from carts.models import Session
from carts.services import carts
from carts.services.saving import locked_elsewhere
from tests.carts.answers import text


def changed(quantity, session=None):
    session = session or Session.objects.get()
    with locked_elsewhere(session.public_id) as state:
        carts.set_quantity(state, "shop:honey", quantity)


@pytest.fixture
def chat(call_tool, honey):
    call_tool("add_to_cart", product_id="shop:honey")
    call_tool("list_stores")


def test_a_search_tells_once_what_the_shopper_changed_in_the_browser(chat, call_tool):
    changed(3)

    assert "Honey: 1 → 3." in text(call_tool("search_products", query="honey"))
    assert "Honey: 1 → 3." not in text(call_tool("search_products", query="honey"))
    assert "Honey: 1 → 3." in text(call_tool("view_cart"))

    changed(5)
    assert "Honey: 1 → 5." in text(call_tool("get_product", product_id="shop:honey"))


def test_what_a_write_has_told_no_search_tells_again(chat, call_tool):
    changed(3)
    call_tool("add_to_cart", product_id="shop:honey")

    assert "→ 3" not in text(call_tool("list_stores"))


def test_a_chat_known_by_its_cart_id_hears_of_it_too(call_tool, handle):
    known = {"session": None, "cart_id": handle}
    call_tool("search_products", query="honey", **known)
    changed(3)

    assert "Honey: 1 → 3." in text(call_tool("search_products", query="honey", **known))
