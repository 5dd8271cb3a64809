"""The one cart stays its person's where chats share an id."""

import re

import pytest

from carts.caller import Caller
from carts.models import AnsweredRequest, Session
from carts.services.saving import locked_cart
from carts.tools import add_to_cart, view_cart
from orders.handoff import switching
from orders.tools import resume_cart
from shopmcp.errors import ShopError
from shopmcp.mcp.call import Call

HONEY = "shop:honey"
# Every chat of a client that has no id at hand sends it.
PLACEHOLDER = {"openai/session": "null"}


def ask(tool, meta, person=None, **arguments):
    return tool.function(Call(tool.name, meta, person=person, given=arguments), **arguments)


def test_a_placeholder_that_was_proved_shows_nobody_the_account(dana, honey):
    ask(add_to_cart, PLACEHOLDER, product_id=HONEY)
    Session.objects.update(person=dana, sees_person=True)
    switching.switch_on(dana)
    ask(add_to_cart, {}, dana.pk, product_id=HONEY, quantity=7)

    seen = ask(view_cart, PLACEHOLDER)
    assert seen.data["item_count"] == 1
    with locked_cart(Caller(Call("add_to_cart", PLACEHOLDER))) as state:
        assert (state.person, state.holder) == (None, None)


def test_a_code_of_an_account_does_not_link_a_placeholder(dana, honey, client):
    ask(add_to_cart, PLACEHOLDER, product_id=HONEY)
    code = re.search(r'class="letters" dir="ltr">([A-Z0-9-]+)<', client.post("/my/", {"do": "code"}).text)[1]

    with pytest.raises(ShopError, match="placeholder"):
        ask(resume_cart, PLACEHOLDER, code=code)

    assert not Session.objects.filter(sees_person=True).exists()
    ask(resume_cart, {"openai/session": "a chat"}, code=code)
    assert Session.objects.get(sees_person=True).person == dana


def test_people_with_one_placeholder_share_no_requests(dana, ruth, honey):
    switching.switch_on(dana)
    switching.switch_on(ruth)

    for person in (dana.pk, ruth.pk, None):
        told = ask(add_to_cart, PLACEHOLDER, person, product_id=HONEY, request_id="1")
        assert told.data["item_count"] == 1
        assert "came before" not in told.text and "repeats" not in told.text

    assert AnsweredRequest.objects.values("session").distinct().count() == 3
    switching.switch_off(dana)
    assert "notices" not in ask(view_cart, PLACEHOLDER).data
