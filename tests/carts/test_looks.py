"""Looks into the cart of a conversation that has none yet. They write nothing, so a full disk does not refuse them."""

from typing import Any

import pytest

from carts.caller import Caller
from carts.models import Session, Tombstone
from carts.tools import view_cart
from shopmcp.mcp.call import Call

pytestmark = pytest.mark.django_db
NEW = {"openai/session": "new"}


def look(meta, **arguments) -> Any:
    return view_cart.function(Call("view_cart", meta, may_write=False), **arguments).data


def test_the_cart_of_a_new_conversation_is_empty_and_looking_makes_no_session():
    seen = look(NEW)

    assert (seen.item_count, seen.version, seen.cart_id) == (0, 0, None)
    assert not Session.objects.exists()


def test_the_shared_cart_is_empty_before_its_first_change(settings):
    settings.SHOPMCP_UNKEYED_CALLS = "shared"

    assert look({}).item_count == 0
    assert not Session.objects.exists()


def test_it_is_told_that_an_earlier_cart_expired_and_stays_to_be_told():
    Tombstone.objects.create(public_id="s_old", digest=Caller(Call("view_cart", NEW)).identity.digests[0])

    assert [notice.code for notice in look(NEW).notices] == ["cart_expired"]
    assert [notice.code for notice in look(NEW).notices] == ["cart_expired"]
