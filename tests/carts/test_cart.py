"""What changed behind the shopper's back is told by reads until the answer of a write has carried it."""

from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from catalog.models import Product
from tests.carts.answers import cart, codes, error, quantities, text


def change_product(sku, **fields):
    Product.objects.filter(sku=sku).update(**fields)


@pytest.fixture
def held(call_tool, honey, tea):
    """A cart with four of honey and one of tea."""
    items = [{"product_id": "shop:honey", "quantity": 4}, {"product_id": "shop:tea"}]
    call_tool("add_to_cart", items=items)


CHANGES: dict[str, tuple[dict[str, Any], str]] = {
    "price_changed": ({"price": "25.5"}, "The price of Honey changed from ₪20.00 to ₪25.50."),
    "stock": ({"counted": 3}, "Only 3 left of Honey; the cart holds 4 now."),
    "withdrawn": ({"withdrawn_at": timezone.now()}, "Honey can no longer be bought; remove it from the cart."),
}
WRITES: dict[str, dict[str, Any]] = {
    "add_to_cart": {"product_id": "shop:tea"},
    "update_cart_item": {"product_id": "shop:tea", "quantity": 1},  # changes nothing, and is a write
    "remove_from_cart": {"product_id": "shop:tea"},
    "undo_cart_change": {"version": 1},
}


@pytest.mark.parametrize("code", CHANGES)
@pytest.mark.parametrize("write", WRITES)
def test_reads_repeat_a_notice_until_the_answer_of_a_write_carried_it(call_tool, held, code, write):
    fields, said = CHANGES[code]
    change_product("honey", **fields)

    for _ in range(2):
        looked = call_tool("view_cart")
        assert codes(looked) == [code]
        assert said in text(looked)
    carried = call_tool(write, **WRITES[write])
    assert codes(carried) == [code]
    assert said in text(carried)
    assert codes(call_tool("view_cart")) == []
    assert codes(call_tool("add_to_cart", product_id="shop:tea")) == []


# Why not all four can be bought; what the text says then, how many can be, and the two sums.
REMARKS: dict[str, tuple[dict[str, Any], str, int, str, str]] = {
    "only 3 left": ({"counted": 3}, ": ₪60.00", 3, "60.00", "₪69.90, without 1 item"),
    "sold out": ({"counted": 0}, "", 0, "0.00", "₪9.90, without 4 items"),
    "can no longer be bought": ({"withdrawn_at": timezone.now()}, "", 0, "0.00", "₪9.90, without 4 items"),
}


@pytest.mark.parametrize("remark", REMARKS)
def test_a_line_that_cannot_be_bought_as_it_is_says_so_in_every_answer(call_tool, held, remark):
    fields, said, available, line_total, total = REMARKS[remark]
    change_product("honey", **fields)
    call_tool("update_cart_item", product_id="shop:tea", quantity=1)  # carries the notice

    looked = call_tool("view_cart")

    assert codes(looked) == []
    assert f"- 4 × Honey (shop:honey), ₪20.00{said} – {remark}\n" in text(looked)
    assert f"Total: {total} that cannot be bought now." in text(looked)
    first, second = cart(looked)["lines"]
    assert (first["quantity"], first["available"], first["line_total"]["amount"]) == (4, available, line_total)
    assert "available" not in second
    assert cart(looked)["total"]["amount"] == f"{Decimal(line_total) + Decimal('9.90')}"
    assert cart(looked)["item_count"] == 5


def test_a_refused_write_has_not_carried_a_notice(call_tool, held):
    change_product("honey", price="25.5")

    assert error(call_tool("add_to_cart", product_id="shop:ghost"))
    assert codes(call_tool("view_cart")) == ["price_changed"]


def test_each_new_change_is_told_anew(call_tool, held):
    for price, said in (("25", "from ₪20.00 to ₪25.00"), ("19", "from ₪25.00 to ₪19.00")):
        change_product("honey", price=price)
        assert said in text(call_tool("view_cart"))
        call_tool("update_cart_item", product_id="shop:tea", quantity=1)
    for stock in (3, 2):
        change_product("honey", counted=stock)
        assert f"Only {stock} left" in text(call_tool("update_cart_item", product_id="shop:tea", quantity=1))


def test_what_changed_back_meanwhile_is_not_told(call_tool, held):
    change_product("honey", price="25", counted=1, withdrawn_at=timezone.now())
    change_product("honey", price="20", counted=None, withdrawn_at=None)

    assert codes(call_tool("view_cart")) == []


def test_a_withdrawal_is_told_again_when_the_product_had_come_back(call_tool, held):
    for _ in range(2):
        change_product("honey", withdrawn_at=timezone.now())
        assert codes(call_tool("update_cart_item", product_id="shop:tea", quantity=1)) == ["withdrawn"]
        change_product("honey", withdrawn_at=None)
        assert codes(call_tool("update_cart_item", product_id="shop:tea", quantity=1)) == []


def test_the_current_price_counts(call_tool, held):
    change_product("honey", price="0.10")

    answer = cart(call_tool("view_cart"))
    assert answer["lines"][0]["unit_price"]["amount"] == "0.10"
    assert answer["total"]["amount"] == "10.30"


def test_a_line_whose_product_lost_its_price_counts_nothing_and_can_be_removed(call_tool, held):
    change_product("honey", price=None)

    looked = call_tool("view_cart")
    assert codes(looked) == ["withdrawn"]
    assert "unit_price" not in cart(looked)["lines"][0]
    assert cart(looked)["lines"][0]["line_total"]["amount"] == "0.00"
    assert cart(looked)["total"]["amount"] == "9.90"
    assert error(call_tool("update_cart_item", product_id="shop:honey", quantity=5))["code"] == "not_for_sale"
    assert quantities(call_tool("update_cart_item", product_id="shop:honey", quantity=2))["shop:honey"] == 2
    assert quantities(call_tool("remove_from_cart", product_id="shop:honey")) == {"shop:tea": 1}


def test_a_line_whose_product_changed_its_currency_counts_nothing(call_tool, held):
    change_product("honey", currency="USD")

    assert cart(call_tool("view_cart"))["total"]["amount"] == "9.90"
    call_tool("remove_from_cart", product_id="shop:honey")
    undone = cart(call_tool("undo_cart_change"))
    assert undone["total"]["amount"] == "9.90"
    assert undone["currency"] == "ILS"


def test_a_sold_out_line_is_told_and_kept(call_tool, held):
    change_product("honey", counted=0)

    assert "Honey is sold out; the cart holds 4." in text(call_tool("view_cart"))
    assert quantities(call_tool("update_cart_item", product_id="shop:honey", quantity=3))["shop:honey"] == 3
    assert quantities(call_tool("add_to_cart", product_id="shop:honey"))["shop:honey"] == 3
