"""Looks into the cart of a conversation that has none yet. They write nothing, so a full disk does not refuse them."""

from typing import Any

import pytest

from carts.caller import Caller
from carts.digests import cart_id_of
from carts.models import Session, Tombstone
from carts.tools import debug_session, view_cart
from shopmcp.errors import CartExpired, UnknownCart
from shopmcp.mcp.call import Call

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
