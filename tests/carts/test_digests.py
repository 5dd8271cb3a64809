"""Ids are secrets: what is kept of them, and how it lives through a change of the secret key."""

import json
import logging

import pytest
from django.apps import apps

from carts.conversation import OUTER, conversation_of
from carts.digests import digests_of, public_id_of
from carts.models import Session
from shopmcp.mcp.call import Call
from tests.carts.answers import cart, error, quantities
from tests.carts.chats import CART_TOOLS, kinds, person

SECRET = "conv-raw-id-8c1f"
PERSON = "person-raw-id-77"


def everything_stored():
    found = []
    for model in apps.get_models():
        found += [json.dumps(row, default=str) for row in model._base_manager.values()]
    return "\n".join(found)


def test_no_boundary_between_key_id_and_person_can_be_moved():
    digests = {
        digests_of("conversation", "ab", "c"),
        digests_of("conversation", "a", "bc"),
        digests_of("conversation", "abc"),
        digests_of("conversation", "a", "b", "c"),
        digests_of("conversation", "a\0" + "1:b", "c"),
        digests_of("subject", "abc"),
    }

    assert len(digests) == 6


def test_no_raw_id_is_stored_logged_or_answered(ask, honey, caplog):
    caplog.set_level(logging.DEBUG)
    meta = {"openai/session": SECRET, "openai/subject": PERSON, "threadId": f"{SECRET}-2", OUTER: {"sessionId": SECRET}}
    said = []
    for name, arguments in {**CART_TOOLS, "debug_session": {}, "search_products": {"query": "honey"}}.items():
        said.append(ask(name, meta, **arguments))
    said.append(ask("view_cart", {**meta, "openai/subject": "somebody else"}))
    said.append(ask("debug_session", {"openai/session": SECRET + "x" * 256}))
    call = Call("view_cart", meta)
    said.append(conversation_of(call))

    everything = "\n".join([everything_stored(), caplog.text, *map(repr, said)])

    assert "openai/session" in everything
    for secret in (SECRET, PERSON):
        assert secret not in everything


def test_the_database_holds_nothing_that_opens_a_cart(ask, honey, caplog):
    caplog.set_level(logging.DEBUG)
    handle = cart(ask("add_to_cart", {}, product_id="shop:honey"))["cart_id"]
    ask("view_cart", {}, cart_id=handle)
    ask("remove_from_cart", {}, product_id=handle, cart_id=handle)
    ask("add_to_cart", {"threadId": "other"}, product_id="shop:honey", cart_id=handle)

    stored = everything_stored() + caplog.text

    assert handle not in stored
    assert handle[21:] not in stored


# Changing the secret key


def test_carts_handles_and_people_live_on_through_a_change_of_the_secret_key(ask, honey, settings):
    old = settings.SECRET_KEY
    meta = person("one", "dana")
    ask("add_to_cart", meta, product_id="shop:honey")
    minted = cart(ask("add_to_cart", {}, product_id="shop:honey", quantity=3))["cart_id"]

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another key" * 5, [old]

    assert quantities(ask("view_cart", meta)) == {"shop:honey": 1}
    assert quantities(ask("view_cart", {}, cart_id=minted)) == {"shop:honey": 3}
    assert quantities(ask("view_cart", person("one", "noam"))) == {}
    renewed = cart(ask("add_to_cart", {}, product_id="shop:honey", cart_id=minted))["cart_id"]
    assert renewed != minted
    assert public_id_of(renewed) == public_id_of(minted)
    assert kinds() == {"subject_changed", "unkeyed"}


@pytest.mark.parametrize(
    "between", [[], ["add_to_cart"], ["view_cart"]], ids=["alone", "after a write", "after a look"]
)
def test_after_a_write_the_old_secret_key_can_go(ask, honey, settings, between):
    old = settings.SECRET_KEY
    ask("add_to_cart", person("one", "dana"), product_id="shop:honey")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another key" * 5, [old]
    for name in between:  # a call that does not name the person
        ask(name, person("one"), **({"product_id": "shop:honey"} if name == "add_to_cart" else {}))
    ask("update_cart_item", person("one", "dana"), product_id="shop:honey", quantity=4)

    settings.SECRET_KEY_FALLBACKS = []

    assert quantities(ask("view_cart", person("one", "dana"))) == {"shop:honey": 4}
    assert Session.objects.count() == 1
    assert kinds() == set()


def test_the_second_person_s_cart_lives_on_through_a_change_of_the_secret_key_too(ask, honey, tea, settings):
    old = settings.SECRET_KEY
    ask("add_to_cart", person("one", "dana"), product_id="shop:honey")
    ask("add_to_cart", person("one", "noam"), product_id="shop:tea")

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another key" * 5, [old]
    assert quantities(ask("view_cart", person("one", "noam"))) == {"shop:tea": 1}
    ask("add_to_cart", person("one", "noam"), product_id="shop:tea")
    ask("add_to_cart", person("one", "dana"), product_id="shop:honey")
    settings.SECRET_KEY_FALLBACKS = []

    assert quantities(ask("view_cart", person("one", "noam"))) == {"shop:tea": 2}
    assert quantities(ask("view_cart", person("one", "dana"))) == {"shop:honey": 2}
    assert Session.objects.count() == 2


def test_without_the_old_key_old_handles_open_nothing(ask, handle, settings):
    settings.SECRET_KEY = "another key" * 5

    assert error(ask("view_cart", {}, cart_id=handle))["code"] == "unknown_cart"
