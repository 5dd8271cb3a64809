"""The cart's tools as a chat uses them."""

import pytest

from carts.models import Cart, Change, Line, Session


def text(result):
    return result.content[0].text


def cart(result):
    assert not result.is_error, text(result)
    return result.structured_content


def error(result):
    assert result.is_error
    return result.structured_content["error"]


def quantities(result):
    return {line["product_id"]: line["quantity"] for line in cart(result)["lines"]}


def test_a_product_is_added_and_the_answer_shows_the_whole_cart(call_tool, honey):
    result = call_tool("add_to_cart", product_id="shop:honey", quantity=2)

    answer = cart(result)
    assert answer.pop("cart_id").startswith("cart_")
    assert answer == {
        "version": 1,
        "currency": "ILS",
        "lines": [
            {
                "product_id": "shop:honey",
                "name": "Honey",
                "quantity": 2,
                "unit_price": {"amount": "20.00", "formatted": "₪20.00"},
                "line_total": {"amount": "40.00", "formatted": "₪40.00"},
                "image": "",
                "url": "",
            }
        ],
        "item_count": 2,
        "total": {"amount": "40.00", "formatted": "₪40.00"},
        "changes": ["Honey: 0 → 2"],
        "notices": [],
    }
    assert text(result) == (
        "Honey: 0 → 2.\nThe cart holds 2 items (version 1):\n"
        "- 2 × Honey (shop:honey), ₪20.00: ₪40.00\nTotal: ₪40.00."
    )
