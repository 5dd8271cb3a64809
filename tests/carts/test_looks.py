"""Looks into carts.

Those into the cart of a conversation that has none yet write nothing, so a full disk does not refuse them. Those into a
cart that was shown before are answered by one row; `test_memory` compares these answers with others on random input.
"""

from decimal import Decimal
from typing import Any

import pytest
from django.test import TestCase

from carts import looks
from carts.caller import Caller
from carts.digests import cart_id_of
from carts.models import CallRecord, Cart, Session, Tombstone
from carts.news import with_news
from carts.services.saving import shown_cart
from carts.tools import debug_session, view_cart
from catalog.models import Store
from catalog.services.products import save_product
from shopmcp.errors import CartExpired, UnknownCart
from shopmcp.mcp.call import Call
from tests.carts.answers import codes, quantities, text

pytestmark = pytest.mark.django_db
NEW = {"openai/session": "new"}


def look(meta, **arguments) -> Any:
    return view_cart.function(Call("view_cart", meta, may_write=False), **arguments).data


def test_the_cart_of_a_new_conversation_is_empty_and_looking_makes_no_session():
    seen = look(NEW)

    assert (seen["item_count"], seen["version"], "cart_id" in seen) == (0, 0, False)
    assert not Session.objects.exists()


def test_debug_session_of_a_new_conversation_tells_that_it_has_no_session_and_makes_none():
    call = Call("debug_session", NEW, may_write=False)

    report: Any = debug_session.function(call).data

    assert (report.session, report.source, report.item_count) == (None, "openai/session", 0)
    assert not Session.objects.exists()


def test_a_new_conversation_with_another_s_cart_id_is_refused_without_a_session():
    other = Session.objects.create(public_id="s_aaaaaaaaaaaaaaaa", source="cart_id")

    for cart_id, refusal in ((cart_id_of(other.public_id), UnknownCart), (cart_id_of("s_" + "b" * 16), CartExpired)):
        with pytest.raises(refusal):
            look(NEW, cart_id=cart_id)
    assert Session.objects.count() == 1


def test_the_shared_cart_is_empty_before_its_first_change(settings):
    settings.SHOPMCP_UNKEYED_CALLS = "shared"

    assert look({})["item_count"] == 0
    assert not Session.objects.exists()


def test_it_is_told_that_an_earlier_cart_expired_and_stays_to_be_told():
    Tombstone.objects.create(public_id="s_old", digest=Caller(Call("view_cart", NEW)).conversation.digests[0])

    assert [notice["code"] for notice in look(NEW)["notices"]] == ["cart_expired"]
    assert [notice["code"] for notice in look(NEW)["notices"]] == ["cart_expired"]


@pytest.fixture
def shown(call_tool, honey, monkeypatch):
    """Look at a cart that was shown before; return the answer, and whether it was found without making it."""
    ways = []

    def usual(*given, **named):
        ways.append(given)
        return shown_cart(*given, **named)

    monkeypatch.setattr("carts.tools.shown_cart", usual)

    def look(**arguments):
        ways.clear()
        with TestCase.captureOnCommitCallbacks(execute=True):
            return call_tool("view_cart", **arguments), not ways

    with TestCase.captureOnCommitCallbacks(execute=True):
        call_tool("add_to_cart", product_id="shop:honey")
    # The first look reads the lines, and the second one remembers what it shows.
    assert [look()[1] for _ in range(3)] == [False, False, True]
    return look


def test_a_cart_that_was_shown_is_shown_again_without_making_the_answer(shown, settings):
    again, was_found = shown()
    settings.SHOPMCP_CACHE = False
    made, is_found = shown()

    assert (was_found, is_found) == (True, False)
    assert again == made
    assert set(CallRecord.objects.values_list("session", flat=True)) == {Session.objects.get().pk}


@pytest.mark.parametrize(
    "look",
    [
        {"meta": {"openai/locale": "he"}},
        {"meta": {"openai/subject": "somebody"}},
        {"given": {"colour": "red"}},
        {"given": {"colour": ""}},
        {"given": {"cart_id": "cart_none"}},
        {"session": "chat-2"},
        {"session": None},
    ],
    ids=str,
)
def test_another_look_is_not_answered_by_it(shown, look):
    seen, was_found = shown(**look)

    assert seen.is_error or not was_found


def test_what_is_remembered_is_of_the_language_it_was_made_in(shown):
    english, _ = shown()
    hebrew = [shown(meta={"openai/locale": "he"}) for _ in range(2)]
    again, was_found = shown()

    assert [was_found for _, was_found in hebrew] == [False, True]
    assert text(hebrew[1][0]) == text(hebrew[0][0]) != text(english)
    assert (text(again), was_found) == (text(english), False)


def test_whatever_changes_is_seen_at_once(shown, call_tool, honey):
    honey.price = Decimal(30)
    save_product(honey, ["price"])
    assert codes(shown()[0]) == ["price_changed"]

    with TestCase.captureOnCommitCallbacks(execute=True):
        call_tool("update_cart_item", product_id="shop:honey", quantity=7)
    assert quantities(shown()[0]) == {"shop:honey": 7}

    shown(), shown()
    Session.objects.update(news=with_news("", "page", "Something happened."))
    assert codes(shown()[0]) == ["page"]

    Session.objects.update(news="")
    Store.objects.update(paused="We are away.")
    assert "We are away." in text(shown()[0])

    Cart.objects.all().delete()
    assert quantities(shown()[0]) == {}

    Session.objects.all().delete()
    assert quantities(shown()[0]) == {}


def test_what_is_remembered_is_bounded(shown, call_tool, monkeypatch):
    monkeypatch.setattr(looks, "MOST", 2)
    for number in range(4):
        with TestCase.captureOnCommitCallbacks(execute=True):
            call_tool("add_to_cart", session=f"other-{number}", product_id="shop:honey")
        [shown(session=f"other-{number}") for _ in range(2)]

    assert looks.size() == 2
