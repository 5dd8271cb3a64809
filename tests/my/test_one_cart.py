"""One cart everywhere: a switch by which all chats of a shopper use one cart."""

import re

import pytest

from carts.caller import Caller
from carts.models import CallRecord, Cart, Change, OneCartUse, Session
from carts.services import carts, linking
from carts.services.cleanup import clean_up
from carts.services.saving import locked_cart
from carts.tools import add_to_cart, debug_session, view_cart
from orders.handoff import switching
from orders.handoff.access import end_access
from shopmcp.errors import ShopError
from shopmcp.mcp.call import Call
from tests.carts.answers import quantities, text

HONEY = "shop:honey"


@pytest.fixture
def chat(call_tool, dana, honey, make_product):
    """Call a tool as one of Dana's chats, which say a code of her account when they begin."""
    make_product("Tea")

    def chat(name, tool="view_cart", **arguments):
        return call_tool(tool, session=name, **arguments)

    return chat


@pytest.fixture
def link(chat, client, dana):
    """Link these chats to Dana's account; each begins with so much honey."""

    def link(*names, honey=1):
        for name in names:
            chat(name, "add_to_cart", product_id=HONEY, quantity=honey)
        Session.objects.filter(person=None).update(person=dana, sees_person=True)

    return link


def notices(answer):
    return [notice["code"] for notice in answer.structured_content.get("notices", ())]


def test_all_chats_of_the_account_use_one_cart_and_hear_of_each_other(chat, link, dana):
    link("a", "b")
    switching.switch_on(dana)

    chat("a", "add_to_cart", product_id=HONEY, quantity=5)
    seen = chat("b")
    assert quantities(seen) == {HONEY: 5}
    assert notices(seen)[0] == "one_cart"
    told = chat("b", "add_to_cart", product_id="shop:tea")
    assert quantities(told) == {HONEY: 5, "shop:tea": 1}
    heard = chat("a")
    assert "Changed in another chat of the shopper (ChatGPT): Tea: 0 → 1." in text(heard)
    assert notices(chat("a")) == notices(heard) == ["changed_in_other_chat"]
    chat("a", "update_cart_item", product_id=HONEY, quantity=4)
    assert notices(chat("a")) == []
    made_by = set(Change.objects.exclude(chat=None).values_list("chat", flat=True))
    assert made_by == set(Session.objects.chats().values_list("pk", flat=True))


def test_undo_works_across_chats(chat, link, dana):
    link("a", "b")
    switching.switch_on(dana)
    chat("a", "add_to_cart", product_id=HONEY, quantity=2)
    chat("b", "add_to_cart", product_id="shop:tea")

    assert quantities(chat("a", "undo_cart_change")) == {HONEY: 2}
    assert quantities(chat("b", "undo_cart_change")) == {}
    assert quantities(chat("a", "undo_cart_change", version=2)) == {HONEY: 2, "shop:tea": 1}


def test_nothing_comes_in_that_was_not_chosen(chat, link, dana):
    link("a", "b", honey=3)

    assert switching.switch_on(dana) == []

    seen = chat("a")
    assert quantities(seen) == {}
    code = re.search(r"c_[a-z2-7]{16}", text(seen))[0]
    assert quantities(chat("a", "resume_cart", code=code)) == {HONEY: 3}
    assert quantities(chat("b")) == {HONEY: 3}
    assert Cart.objects.filled().count() == 3


def test_carts_that_were_chosen_come_in_with_history_and_links(chat, link, dana, client):
    link("a", honey=3)
    chat("a", "update_cart_item", product_id=HONEY, quantity=4)
    url = chat("a", "get_checkout_link").structured_content["url"]
    link("b", honey=2)
    chosen = [cart.public_id for cart in Cart.objects.order_by("id")]
    Cart.objects.filter(public_id=chosen[0]).update(updated_at="2030-01-01T00:00Z")

    assert switching.switch_on(dana, chosen) == []

    assert quantities(chat("b")) == {HONEY: 6}
    assert "Honey" in client.get(url.partition("8000")[2]).text
    assert quantities(chat("a", "undo_cart_change")) == {HONEY: 4}
    assert quantities(chat("a", "undo_cart_change")) == {HONEY: 3}


def test_switched_off_each_chat_has_its_own_cart_and_hears_of_it(chat, link, dana, client):
    link("a", honey=1)
    switching.switch_on(dana)
    chat("a", "add_to_cart", product_id="shop:tea")

    switching.switch_off(dana)

    seen = chat("a")
    assert quantities(seen) == {HONEY: 1}
    assert "one_cart_left" in notices(seen)
    assert "All your chats" in client.get("/my/").text
    assert not OneCartUse.objects.exists()
    switching.switch_on(dana)
    assert quantities(chat("a")) == {"shop:tea": 1}


def unlinked(dana, client):
    linking.unlink(Session.objects.chats().get().public_id, dana)


def signed_out(dana, client):
    end_access(dana)


def deleted(dana, client):
    client.post("/my/data/", {"email": dana.email})


@pytest.mark.parametrize("end", [unlinked, signed_out, deleted])
def test_what_ends_access_ends_the_one_cart_for_the_chat_at_once(end, chat, link, dana, client):
    link("a")
    chat("a", "clear_cart")
    switching.switch_on(dana)
    chat("a", "add_to_cart", product_id=HONEY, quantity=7)

    end(dana, client)

    seen = chat("a")
    assert quantities(seen) == {}
    assert "has a cart of its own again" in text(seen)
    chat("a", "add_to_cart", product_id="shop:tea")
    assert not Cart.objects.filter(item_count=7).exclude(session__source="account").exists()


def test_a_chat_that_is_only_kept_does_not_use_it(chat, link, dana):
    link("a", honey=3)
    Session.objects.update(sees_person=False)
    switching.switch_on(dana)

    assert quantities(chat("a", "add_to_cart", product_id=HONEY)) == {HONEY: 4}
    assert not Cart.objects.filter(session__source="account").exists()


def test_a_token_without_an_id_uses_it_without_a_warning_and_gets_no_handle(chat, link, dana):
    link("a")
    switching.switch_on(dana)

    call = Call("add_to_cart", {}, person=dana.pk)
    answer = add_to_cart.function(call, product_id=HONEY, quantity=2)
    assert "cart_id" not in answer.data
    assert (call.notes.warnings, call.notes.source) == ([], "account")
    assert quantities(chat("a")) == {HONEY: 2}
    assert view_cart.function(Call("view_cart", {}, person=dana.pk)).data["item_count"] == 2
    told = debug_session.function(Call("debug_session", {}, person=dana.pk)).data
    assert (told.isolated, told.item_count) == (True, 2)
    switching.switch_off(dana)
    call = Call("add_to_cart", {}, person=dana.pk)
    assert "cart_id" in add_to_cart.function(call, product_id=HONEY).data
    assert call.notes.warnings == ["unkeyed"]


@pytest.mark.parametrize("policy", ["isolate", "shared", "refuse"])
def test_under_each_policy_it_is_the_persons_alone(policy, chat, link, dana, ruth, settings):
    settings.SHOPMCP_UNKEYED_CALLS = policy
    link("a")
    switching.switch_on(dana)
    call = Call("add_to_cart", {}, person=dana.pk)

    answer = add_to_cart.function(call, product_id=HONEY, quantity=2)

    assert "shared_cart" not in str(answer.data) and call.remark == ""
    assert quantities(chat("a")) == {HONEY: 2}
    for other in (Call("view_cart", {}, person=ruth.pk), Call("view_cart", {})):
        try:
            told = view_cart.function(other).text
        except ShopError as refusal:
            told = refusal.message
        assert "Honey" not in told


def test_a_chat_that_is_linked_by_a_code_uses_it_and_is_offered_its_own(chat, link, dana, client):
    link("a")
    switching.switch_on(dana)
    chat("a", "add_to_cart", product_id="shop:tea")
    chat("b", "add_to_cart", product_id=HONEY, quantity=9)
    code = re.search(r'class="letters" dir="ltr">([A-Z0-9-]+)<', client.post("/my/", {"do": "code"}).text)[1]

    answer = chat("b", "resume_cart", code=code)

    assert quantities(answer) == {"shop:tea": 1}
    assert {"linked", "one_cart", "other_cart"} <= set(notices(answer))
    assert quantities(chat("b")) == {"shop:tea": 1}


def test_the_one_cart_outlives_its_chats(chat, link, dana):
    link("a")
    switching.switch_on(dana)
    chat("a", "add_to_cart", product_id=HONEY, quantity=2)
    long_ago = "2020-01-01T00:00Z"
    Session.objects.update(last_seen_at=long_ago)
    Cart.objects.update(updated_at=long_ago)

    clean_up()

    assert not Session.objects.chats().exists()
    link("b")
    assert quantities(chat("b")) == {HONEY: 2}


def test_an_order_of_it_is_listed_in_each_chat(chat, link, dana, order):
    link("a", "b")
    switching.switch_on(dana)
    chat("a", "add_to_cart", product_id=HONEY, quantity=2)

    mine = order(Cart.objects.get(session__source="account"))

    for name in "ab":
        assert mine.shown_number in text(chat(name, "list_orders"))
        assert quantities(chat(name)) == {}
    assert quantities(chat("b", "resume_cart", code=mine.shown_number)) == {HONEY: 2}


def test_what_is_done_on_its_page_is_heard_by_each_chat(chat, link, dana, client, send):
    link("a", "b")
    switching.switch_on(dana)
    for name in "ab":
        chat(name, "add_to_cart", product_id=HONEY, quantity=1)
    url = chat("a", "get_checkout_link").structured_content["url"].partition("8000")[2]

    send(url, f"set:{HONEY}:5")

    for name in "ab":
        assert "Honey: 2 → 5" in text(chat(name))


def test_a_request_that_comes_again_is_told_apart_by_chat(chat, link, dana):
    link("a", "b")
    switching.switch_on(dana)

    for name in "abab":
        chat(name, "add_to_cart", product_id=HONEY, request_id="1")

    assert quantities(chat("a")) == {HONEY: 2}


def test_the_shopper_switches_it_on_their_page(chat, link, dana, client):
    link("a", honey=2)
    page = client.get("/my/one-cart/").text
    assert 'name="bring"' in page and "Use one cart in all my chats" in page

    client.post("/my/one-cart/", {"do": "on", "bring": [Cart.objects.get().public_id, "c_other", "a\0b"]})

    assert "All your chats use one cart now." in client.get("/my/").text
    assert quantities(chat("a")) == {HONEY: 2}
    assert "Switch it off" in client.get("/my/one-cart/").text
    client.post("/my/one-cart/", {"do": "off"})
    assert not Session.objects.filter(one_cart_of=dana).exists()


def test_nobody_brings_a_cart_of_another(chat, link, dana, ruth):
    link("a", honey=2)
    theirs = Cart.objects.get().public_id

    ruth.browser.post("/my/one-cart/", {"do": "on", "bring": [theirs]})

    assert Cart.objects.get().session.person == dana
    assert quantities(chat("a")) == {HONEY: 2}


def test_a_call_of_nobody_asks_for_no_one_cart(call_tool, honey, django_assert_num_queries, store):
    with locked_cart(Caller(Call("add_to_cart", {"openai/session": "x"}))) as cart:
        carts.add_items(cart, [(HONEY, 1)])

    assert not OneCartUse.objects.exists()
    assert Change.objects.get().chat is None
    assert CallRecord.objects.count() == 0
