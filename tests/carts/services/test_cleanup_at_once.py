"""Sessions that are deleted while other threads use them."""

import threading
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from carts.caller import Caller
from carts.models import Cart, Session
from carts.services import carts, cleanup
from catalog.models import Store
from catalog.services.products import create_product
from shopmcp.mcp.call import Call
from tests.carts.chats import change
from tests.carts.services.expiry import HOUR, no_orphans


def test_a_session_that_is_deleted_beside_its_own_change_is_whole_or_gone(shared_database):
    store = Store.objects.create(slug="shop", name="The Shop", currency="ILS")
    create_product(store, sku="honey", name="Honey", price="20")
    caller = lambda: Caller(Call("add_to_cart", {"threadId": "chat"}))  # noqa: E731
    both = threading.Barrier(2)
    told: list[int] = []

    def add():
        try:
            both.wait(60)
            outcome = change(carts.add_items, caller(), [("shop:honey", 1)])
            told.append(outcome.state.item_count)
        finally:
            connection.close()

    for _ in range(20):
        change(carts.add_items, caller(), [("shop:honey", 1)])
        before = Cart.objects.get().item_count
        writer = threading.Thread(target=add)
        writer.start()
        both.wait(60)
        cleanup.delete_sessions(Session.objects.all())
        writer.join()

        # Whichever came first, the change was made: in the cart that was deleted, or in a new one.
        assert told.pop() in (before + 1, 1)
        assert [found.item_count for found in Cart.objects.all()] in ([], [1])
        no_orphans()


def test_nothing_acknowledged_is_lost_while_others_write_around_the_limit(shared_database):
    store = Store.objects.create(slug="shop", name="The Shop", currency="ILS")
    create_product(store, sku="honey", name="Honey", price="20")
    done, begins = threading.Event(), threading.Event()
    problems: list[object] = []
    deleted: list[int] = []

    def write(name):
        try:
            for n in range(30):
                # Every third time right at the limit: a moment before it, on it, or just past it.
                quiet_for = HOUR + timedelta(minutes=1, milliseconds=(n % 3 - 1) * 30)
                then = timezone.now() - quiet_for
                Cart.objects.filter(session__source="threadId", session__client=name).update(updated_at=then)
                Session.objects.filter(client=name).update(last_seen_at=then)
                begins.clear()
                assert begins.wait(60)
                outcome = change(
                    carts.add_items, Caller(Call("add_to_cart", {"threadId": name}, client=name)), [("shop:honey", 1)]
                )
                found = Cart.objects.filter(session__client=name).values_list("version", "item_count").first()
                if found != (outcome.state.version, outcome.state.item_count):
                    problems.append((name, n, found, outcome.state.version))
        except Exception as error:
            problems.append(error)
            raise
        finally:
            connection.close()

    def clean():
        try:
            while not done.is_set():
                begins.set()
                deleted.append(cleanup.clean_up(older_than=HOUR).sessions)
        except Exception as error:
            problems.append(error)
            raise
        finally:
            connection.close()

    cleaners = [threading.Thread(target=clean) for _ in range(2)]
    writers = [threading.Thread(target=write, args=(f"chat-{n}",)) for n in range(6)]
    for thread in (*cleaners, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in cleaners:
        thread.join()

    assert problems == []
    assert sum(deleted), "no cleanup met a session past its limit"
    assert Session.objects.count() == 6
    no_orphans()
