"""What a chat sees whose requests carry a token of its shopper."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from oauth2_provider.models import AccessToken

from carts.conversation import conversation_of
from carts.models import Session, SessionWarning
from carts.services import linking
from carts.services.sessions import session_to_record
from shopmcp.mcp.access import Holder, current_holder
from shopmcp.mcp.call import Call
from tests.carts.answers import error, quantities
from tests.my.linking import links

EVERYTHING = frozenset(("cart", "orders"))


@pytest.fixture
def ask_for(call_tool):
    """Call a tool with a token of this person."""

    def ask_for(person, name, *, scopes=EVERYTHING, **arguments):
        given, _ = AccessToken.objects.get_or_create(
            user=person.user, token=f"of {person.pk}", defaults={"expires": timezone.now() + timedelta(hours=1)}
        )
        token = current_holder.set(Holder(person.pk, scopes, given.token_checksum))
        try:
            return call_tool(name, **arguments)
        finally:
            current_holder.reset(token)

    return ask_for


def test_a_conversation_is_linked_by_a_token_once(ask_for, dana, honey):
    first, again = ask_for(dana, "link_account"), ask_for(dana, "link_account")

    assert first.structured_content == again.structured_content == {"linked": True}
    assert "belongs to the shopper's account now" in first.content[0].text
    assert links() == [(dana.pk, True)]


def test_a_linked_conversation_needs_no_token_afterwards(ask_for, call_tool, order, fill, dana, honey):
    order(fill("chat-1"))
    Session.objects.update(person=dana)
    ask_for(dana, "link_account", session="chat-2")

    assert call_tool("list_orders", session="chat-2").structured_content["orders"]


def test_a_token_shows_the_persons_orders_in_any_chat_and_links_none(
    ask_for, call_tool, order, fill, dana, ruth, honey
):
    order(fill("chat-1"))
    Session.objects.update(person=dana)

    for session in ("chat-2", None):
        assert len(ask_for(dana, "list_orders", session=session).structured_content["orders"]) == 1
        assert ask_for(ruth, "list_orders", session=session).structured_content["orders"] == []
    assert call_tool("list_orders", session="chat-2").structured_content["orders"] == []
    assert not Session.objects.filter(sees_person=True).exists()


def test_a_new_chat_with_a_token_brings_the_other_cart(ask_for, call_tool, dana, honey, tea):
    call_tool("add_to_cart", product_id="shop:honey", quantity=3)
    Session.objects.update(person=dana)

    told = ask_for(dana, "link_account", session=None).content[0].text
    code = told.split("the code ")[1].split()[0]
    brought = ask_for(dana, "resume_cart", session=None, code=code)

    assert quantities(brought) == {"shop:honey": 3}
    assert brought.structured_content["cart_id"]


def test_a_new_chat_that_looks_first_is_offered_the_other_cart_once(ask_for, call_tool, dana, honey, tea):
    call_tool("add_to_cart", product_id="shop:honey", quantity=3)
    Session.objects.update(person=dana)
    first, again = (ask_for(dana, "view_cart", session="chat-2").content[0].text for _ in range(2))
    added = ask_for(dana, "add_to_cart", session="chat-2", product_id="shop:tea").content[0].text

    assert ["a cart with 3 items" in answer for answer in (first, again, added)] == [True, False, False]


def test_a_chat_that_searched_before_is_offered_the_other_cart_by_its_first_change(ask_for, call_tool, dana, honey):
    call_tool("add_to_cart", product_id="shop:honey", quantity=3)
    Session.objects.update(person=dana)
    session_to_record(conversation_of(Call("search_products", {"openai/session": "chat-2"})), "", "net")
    offers = [
        ask_for(dana, name, session="chat-2", **given).content[0].text
        for name, given in (("add_to_cart", {"product_id": "shop:honey"}), ("view_cart", {}))
    ]

    assert ["a cart with 3 items" in answer for answer in offers] == [True, False]


@pytest.mark.parametrize("name", ["view_cart", "add_to_cart"])
def test_a_cart_that_several_chats_share_is_offered_nothing(ask_for, call_tool, dana, honey, settings, name):
    call_tool("add_to_cart", product_id="shop:honey", quantity=3)
    Session.objects.update(person=dana)
    settings.SHOPMCP_UNKEYED_CALLS = "shared"
    given = {"product_id": "shop:honey"} if name == "add_to_cart" else {}

    assert "a cart with 3 items" not in ask_for(dana, name, session=None, **given).content[0].text
    assert not Session.objects.filter(other_cart_offered=True).exists()


def test_a_look_without_an_id_is_refused_with_the_offer_of_the_other_cart(ask_for, call_tool, dana, ruth, honey):
    call_tool("add_to_cart", product_id="shop:honey", quantity=3)
    Session.objects.update(person=dana)
    refused = ask_for(dana, "view_cart", session=None)
    code = refused.content[0].text.split("the code ")[1].split()[0]

    assert (refused.is_error, Session.objects.count()) == (True, 1)
    assert quantities(ask_for(dana, "resume_cart", session=None, code=code)) == {"shop:honey": 3}
    assert "a cart with" not in ask_for(ruth, "view_cart", session=None).content[0].text
    assert "a cart with" not in call_tool("view_cart", session=None).content[0].text


def test_a_code_of_somebody_elses_cart_opens_nothing(ask_for, call_tool, dana, ruth, honey):
    call_tool("add_to_cart", product_id="shop:honey", quantity=3)
    Session.objects.update(person=dana)
    code = ask_for(dana, "link_account", session=None).content[0].text.split("the code ")[1].split()[0]
    sessions = Session.objects.count()

    assert ask_for(ruth, "resume_cart", session=None, code=code).is_error
    assert Session.objects.count() == sessions


def test_a_chat_without_an_id_is_told_that_nothing_was_linked(ask_for, dana, honey):
    answer = ask_for(dana, "link_account", session=None)

    assert answer.structured_content == {"linked": False}
    assert not Session.objects.exists()


def test_a_cart_id_is_linked_too(ask_for, call_tool, dana, honey):
    handle = call_tool("add_to_cart", session=None, product_id="shop:honey").structured_content["cart_id"]

    assert ask_for(dana, "link_account", session=None, cart_id=handle).structured_content == {"linked": True}
    assert links() == [(dana.pk, True)]


@pytest.mark.parametrize("name", ["view_cart", "list_orders", "link_account", "add_to_cart", "debug_session"])
def test_a_conversation_of_another_person_stays_closed(ask_for, call_tool, dana, ruth, honey, name):
    call_tool("add_to_cart", product_id="shop:honey", quantity=2)
    ask_for(dana, "link_account")
    more = {"product_id": "shop:honey"} if name == "add_to_cart" else {}

    answer = ask_for(ruth, name, **more)

    assert answer.is_error
    assert error(answer)["code"] == "linked_elsewhere"
    assert links() == [(dana.pk, True)]
    assert quantities(call_tool("view_cart")) == {"shop:honey": 2}
    assert SessionWarning.objects.filter(kind="subject_changed").exists()


@pytest.mark.parametrize("name", ["view_cart", "list_orders", "add_to_cart", "debug_session", "link_account"])
def test_a_chat_that_another_account_only_keeps_leaves_it_when_a_token_comes(
    ask_for, call_tool, dana, ruth, honey, name
):
    call_tool("add_to_cart", product_id="shop:honey", quantity=2)
    linking.keep(Session.objects.get().public_id, ruth)
    more = {"product_id": "shop:honey"} if name == "add_to_cart" else {}

    assert not ask_for(dana, name, **more).is_error

    assert links() == [(dana.pk, True) if name == "link_account" else (None, False)]
    assert SessionWarning.objects.filter(kind="subject_changed").exists()
    assert quantities(call_tool("view_cart")) == {"shop:honey": 3 if more else 2}


def test_a_refused_cart_id_lets_no_chat_go(ask_for, call_tool, dana, ruth, honey):
    call_tool("add_to_cart", product_id="shop:honey")
    linking.keep(Session.objects.get().public_id, ruth)
    other = call_tool("add_to_cart", session=None, product_id="shop:honey").structured_content["cart_id"]

    for name in ("view_cart", "clear_cart"):
        assert ask_for(dana, name, cart_id=other).is_error

    assert links()[0] == (ruth.pk, False)


def test_the_shared_session_is_nobodys(ask_for, dana, honey, settings):
    settings.SHOPMCP_UNKEYED_CALLS = "shared"

    assert error(ask_for(dana, "link_account", session=None))["code"] == "invalid_arguments"
    assert not Session.objects.filter(person=dana).exists()


def test_a_subject_is_no_token(ask_for, call_tool, order, fill, dana, honey):
    order(fill("chat-1"))
    Session.objects.update(person=dana)
    ask_for(dana, "link_account", session="chat-2", meta={"openai/subject": "u1"})

    direct = call_tool("list_orders", session="chat-3", meta={"openai/subject": "u1"})

    assert direct.structured_content["orders"] == []
    assert "account" not in call_tool("view_cart", session="chat-3", meta={"openai/subject": "u1"}).content[0].text


def test_a_call_without_a_token_asks_nothing_about_tokens(call_tool, honey):
    call_tool("add_to_cart", product_id="shop:honey")

    with CaptureQueriesContext(connection) as asked:
        call_tool("view_cart")
        call_tool("list_orders")

    assert not [query["sql"] for query in asked if "oauth2" in query["sql"] or "accounts_" in query["sql"]]
