"""What comes in `_meta`: ids that are none, and the names that are shown."""

import pytest

from carts.models import SessionWarning
from tests.carts.answers import quantities, text
from tests.carts.chats import conversation, kinds

UNFIT = [
    "",
    "x" * 257,
    7,
    1.5,
    True,
    None,
    ["a"],
    {"a": "b"},
    "a\x00b",
    "a\nb",
    "\x7f",
    "a\x85b",
    "a\u2028b",
    "\ud800",
]


@pytest.mark.parametrize("value", UNFIT, ids=lambda value: ascii(value)[:12])
def test_a_malformed_id_counts_as_absent_and_is_noted(value):
    found = conversation({"openai/session": value})

    assert not found.keyed
    assert found.source == "default"
    assert found.malformed == ("openai/session",)


@pytest.mark.parametrize("value", ["x", "x" * 256, "שיחה 7", "a b", "🛒", "v1/abc+=="], ids=ascii)
def test_any_other_text_is_an_id(value):
    assert conversation({"openai/session": value}).keyed


def test_after_a_malformed_id_the_next_key_counts(ask, honey):
    result = ask("add_to_cart", {"openai/session": 12, "threadId": "good"}, product_id="shop:honey")

    assert "cart_id cart_" not in text(result)
    assert quantities(ask("view_cart", {"threadId": "good"})) == {"shop:honey": 1}
    assert kinds() == {"malformed_id"}
    assert SessionWarning.objects.get().calls == 1


def test_a_malformed_id_alone_is_an_unkeyed_call_and_debug_session_says_why(ask):
    report = ask("debug_session", {"openai/session": "x" * 300})

    assert report.structured_content["source"] == "default"
    assert report.structured_content["received"] == ["openai/session"]
    assert "openai/session came, but not as text of 1 to 256 plain characters" in text(report)
    assert kinds() == {"malformed_id", "unkeyed"}
