"""Chats of one shopper that change their one cart at the same time, while it is switched and access ends."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

import pytest
from django.contrib.auth.models import User
from django.db import connections

from accounts.models import Person
from carts.models import Cart, Change, Session
from carts.services import linking
from carts.services.cleanup import delete_sessions
from carts.sources import ACCOUNT
from carts.tools import add_to_cart, clear_cart, undo_cart_change, view_cart
from catalog.models import Store
from catalog.services.products import create_product
from orders.handoff import switching
from orders.handoff.access import end_access
from orders.tools import resume_cart
from shopmcp.errors import ShopError
from shopmcp.mcp.call import Call

pytestmark = pytest.mark.usefixtures("shared_database")
CHATS = [f"chat-{n}" for n in range(4)]
TIMES = 10


@pytest.fixture
def dana(shared_database):
    """A shopper with four chats, each with a cart of its own."""
    store = Store.objects.create(slug="shop", name="The Shop", currency="ILS")
    create_product(store, sku="honey", name="Honey", price="20")
    person = Person.objects.create(user=User.objects.create_user("dana", "dana@example.com"))
    for chat in CHATS:
        add(chat)
    Session.objects.update(person=person, sees_person=True)
    return person


def ask(tool, chat, **arguments):
    call = Call(tool.name, {"openai/session": chat}, client=chat)
    return tool.function(call, **arguments)


def add(chat):
    return ask(add_to_cart, chat, product_id="shop:honey")


def all_at_once(*works):
    """Do each in a thread of its own, all beginning together; a refusal is an answer too, and anything else a fault."""
    barrier = Barrier(len(works))

    def begin(work):
        try:
            barrier.wait(60)
            for _ in range(TIMES):
                try:
                    work()
                except ShopError as refusal:
                    assert refusal.message
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        list(pool.map(begin, works))


def test_changes_of_all_chats_at_once_lose_nothing(dana):
    switching.switch_on(dana)

    all_at_once(*(lambda chat=chat: add(chat) for chat in CHATS))

    mine = Cart.objects.get(session__one_cart_of=dana)
    assert mine.item_count == mine.version == TIMES * len(CHATS)
    made = list(Change.objects.filter(cart=mine).values_list("chat", flat=True))
    assert {made.count(chat) for chat in made} == {TIMES}
    assert "40 items" in ask(view_cart, CHATS[0]).text


def test_nothing_waits_for_itself_while_all_kinds_of_things_happen(dana):
    """Two that lock several sessions in another order each would be found here on PostgreSQL, as a fault."""
    own = list(Cart.objects.values_list("public_id", flat=True))

    def toggle():
        switching.switch_on(dana, own[:1])
        switching.switch_off(dana)

    def relink():
        end_access(dana)
        for session in Session.objects.filter(person=dana).chats():
            Session.objects.filter(pk=session.pk).update(sees_person=True)

    def unlink():
        for session in Session.objects.filter(person=dana).chats()[:1]:
            linking.unlink(session.public_id, dana)
            Session.objects.filter(pk=session.pk).update(person=dana, sees_person=True)

    all_at_once(
        lambda: add(CHATS[0]),
        lambda: ask(resume_cart, CHATS[1], code=own[2]),
        lambda: ask(resume_cart, CHATS[2], code=own[1]),
        lambda: ask(undo_cart_change, CHATS[3]),
        lambda: ask(clear_cart, CHATS[0]),
        toggle,
        relink,
        unlink,
    )

    assert Session.objects.filter(source=ACCOUNT).count() == 1
    for cart in Cart.objects.open():
        assert cart.item_count == sum(line.quantity for line in cart.lines.all())


def test_a_token_without_an_id_that_brings_carts_waits_for_no_chat_that_waits_for_it(dana):
    """Two that lock the one cart before and after a chat would be found here on PostgreSQL, as a fault."""
    switching.switch_on(dana)
    own = Cart.objects.order_by("id").first().public_id
    call = partial(Call, "resume_cart", {}, person=dana.pk)

    all_at_once(
        *[lambda: resume_cart.function(call(), code=own)] * 3,
        *[lambda: add(CHATS[0])] * 3,
    )

    mine = Cart.objects.get(session__one_cart_of=dana)
    assert mine.item_count == 6 * TIMES


def test_a_cleanup_of_chosen_sessions_waits_for_no_chat_that_waits_for_it(dana):
    """Also of chats that are younger than what holds the one cart."""
    switching.switch_on(dana)
    late = [partial(Call, "add_to_cart", {"openai/session": f"late-{n}"}, person=dana.pk) for n in range(4)]

    all_at_once(
        *[lambda: delete_sessions(Session.objects.all())] * 2,
        *[lambda call=call: add_to_cart.function(call(), product_id="shop:honey") for call in late],
    )

    assert Cart.objects.get(session__one_cart_of=dana).item_count == 4 * TIMES
