"""What clients are told while the network to PostgreSQL fails, with tools on running lanes."""

import asyncio
import os
from threading import Event, Semaphore
from time import monotonic
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import OperationalError, connection, connections, transaction

from carts.call_log import recorder
from carts.models import CallRecord, Line
from catalog.models import Store
from catalog.services.products import create_product
from shopmcp import asgi
from shopmcp.composition import toolbox
from shopmcp.db.outcome import Unsettled
from shopmcp.db.waiting import Wait, current_wait
from shopmcp.db.workers import lanes
from tests.lateness import Lateness
from tests.live import serving
from tests.proxy import Proxy
from tests.rpc import rpc

pytestmark = pytest.mark.skipif(connection.vendor != "postgresql", reason="needs TEST_DATABASE_URL")


@pytest.fixture(autouse=True)
def goods(transactional_db):
    create_product(Store.objects.create(slug="shop", name="Shop", currency="ILS"), sku="tea", name="Tea", price="1")


@pytest.fixture
def proxy(goods):
    """A proxy for all threads but the test's own, which is connected already."""
    address = connections.settings["default"]
    kept = address["HOST"], address["PORT"]
    with Proxy(os.environ["TEST_DATABASE_URL"]) as proxy:
        address["HOST"], address["PORT"] = "127.0.0.1", proxy.port
        yield proxy
    address["HOST"], address["PORT"] = kept


@async_to_sync
async def served(play):
    """Play on running lanes, whose writing threads are connected already."""
    lanes.start()
    try:
        barrier = [call("clear_cart", f"warm-{n}") for n in range(20)]
        await asyncio.gather(*barrier)
        await recorder.drain()
        return await play()
    finally:
        await lanes.stop()


async def call(name, session="chat", *, seconds=8.0, **arguments):
    current_wait.set(Wait(seconds=seconds))
    return await toolbox.answer(name, arguments, {"openai/session": session}, "test")


def add(**options):
    return call("add_to_cart", product_id="shop:tea", **options)


def quantities():
    return list(Line.objects.values_list("quantity", flat=True))


@pytest.mark.parametrize("loss", ["answer", "command", "silence"])
def test_a_change_whose_commit_was_lost_on_its_way_is_done_once_and_answered_as_done(proxy, loss):
    async def play():
        proxy.lose(loss)
        return await add(), await call("view_cart")

    added, seen = served(play)

    assert not added["isError"], added
    assert added["structuredContent"]["version"] == 1
    assert added["structuredContent"]["lines"] == seen["structuredContent"]["lines"]
    assert quantities() == [1]


@pytest.mark.parametrize(("loss", "kept"), [("answer", [1]), ("command", [])])
def test_where_the_database_cannot_be_asked_any_more_the_caller_is_told_to_look(proxy, loss, kept):
    async def play():
        proxy.refuse()
        proxy.lose(loss)
        return await add(seconds=1.5)

    told = served(play)

    assert told["structuredContent"]["error"]["code"] == "uncertain"
    assert "may have been done. Look at the cart with view_cart" in told["content"][0]["text"]
    assert "unchanged" not in told["content"][0]["text"]
    assert "Try again" not in told["content"][0]["text"]
    assert quantities() == kept


def test_a_change_that_was_not_done_for_certain_is_refused_as_such(proxy):
    async def play():
        proxy.down()
        return await add()

    told = served(play)

    assert told["structuredContent"]["error"]["code"] == "busy"
    assert told["structuredContent"]["error"]["retry_after"] == 2
    assert "The cart is unchanged." in told["content"][0]["text"]
    assert quantities() == []


def test_a_change_whose_connection_breaks_before_the_commit_is_done_on_a_new_one(proxy):
    entered, go_on = Event(), Event()

    def work():
        with transaction.atomic():
            Store.objects.create(slug=f"s{len(entered_times)}", name="x", currency="ILS")
            entered_times.append(1)
            if len(entered_times) == 1:
                entered.set()
                assert go_on.wait(60)
            return Store.objects.count()

    entered_times: list[int] = []

    async def play():
        waiting = asyncio.ensure_future(lanes.run("write", work))
        await asyncio.to_thread(entered.wait, 60)
        proxy.cut()
        go_on.set()
        return await waiting

    assert served(play) == 2
    assert sorted(Store.objects.values_list("slug", flat=True)) == ["s1", "shop"]


def test_nobody_meets_a_dead_connection_after_a_restart_of_the_database(proxy):
    async def play():
        await asyncio.gather(*(call(name, f"warm-{n}") for n in range(20) for name in ("view_cart", "list_stores")))
        proxy.cut()
        calls = [add(session=f"c{n}") for n in range(10)]
        calls += [call("view_cart", f"warm-{n}") for n in range(10)]
        calls += [call("list_stores") for _ in range(10)]
        return await asyncio.gather(*calls)

    assert not [result for result in served(play) if result["isError"]]
    assert quantities() == [1] * 10


def test_a_silent_database_is_given_up_within_the_deadline_and_nothing_is_done_later(proxy):
    async def play():
        proxy.freeze()
        began = monotonic()
        told = await asyncio.gather(
            *(add(session=f"c{n}", seconds=2) for n in range(30)), call("list_stores", seconds=2)
        )
        took = monotonic() - began
        proxy.thaw()
        after = await add(session="after")
        return told, took, after

    with Lateness() as late:
        told, took, after = served(play)

    assert took < 3 + late.seconds
    assert {result["structuredContent"]["error"]["code"] for result in told} == {"busy"}
    assert not after["isError"]
    assert quantities() == [1]


def test_work_that_no_call_waits_for_outlives_the_call_that_left_it(proxy):
    async def play():
        await call("list_stores")  # the first of its kind takes its time
        await call("list_stores", seconds=1.5)
        proxy.freeze()
        asyncio.get_running_loop().call_later(1.5, proxy.thaw)
        await recorder.drain()

    served(play)

    # A call of an earlier test, refused while its database was away, may be recorded only now.
    assert CallRecord.objects.filter(tool="list_stores", outcome="ok").count() == 2


def test_a_locked_row_refuses_its_own_calls_and_nobody_else_s():
    holds, free = Event(), Event()

    def hold():
        with transaction.atomic():
            Store.objects.select_for_update().get()
            holds.set()
            free.wait(20)

    def work():
        with transaction.atomic():
            Store.objects.select_for_update().get()

    async def play():
        holding = asyncio.ensure_future(lanes.run("write", hold))
        await asyncio.to_thread(holds.wait, 60)
        began = monotonic()
        with pytest.raises(OperationalError, match="lock timeout"):
            await lanes.run("write", work)
        took = monotonic() - began
        free.set()
        await holding
        return took

    with Lateness() as late:
        took = served(play)

    assert took < 6 + late.seconds


def test_after_a_crash_a_transaction_s_id_proves_nothing():
    wrapper: Any = connections["default"]
    with transaction.atomic():
        Store.objects.create(slug="new", name="New", currency="ILS")
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id()::text, now()::text")
            xid, began = cursor.fetchone()

    assert wrapper.outcome(xid, began) == "committed"
    assert wrapper.outcome(xid, "2000-01-01") == "unknown"


def test_an_error_that_the_server_tells_at_the_commit_says_that_nothing_was_done():
    with pytest.raises(Exception) as told, transaction.atomic():
        CallRecord.objects.create(session_id=999, tool="x", at="2026-01-01T00:00Z", milliseconds=1)
        Store.objects.create(slug="new", name="New", currency="ILS")

    assert not isinstance(told.value, Unsettled)
    assert not Store.objects.filter(slug="new").exists()


def shown(name):
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {name}")
        return cursor.fetchone()[0]


def test_the_server_ends_a_command_that_stands_still_in_a_transaction_and_lets_its_statements_take_long():
    assert shown("idle_in_transaction_session_timeout") == "4min"  # less than an import may give no sign of life
    assert (shown("statement_timeout"), shown("lock_timeout")) == ("0", "0")


def test_what_serves_has_limits_that_the_server_keeps():
    async def play():
        return await lanes.run("read", lambda: [shown(name) for name in ("statement_timeout", "lock_timeout")])

    assert served(play) == ["8s", "4s"]


@pytest.mark.parametrize("era", ["2025-06-18", "2026-07-28"])
@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("resources/list", {}),
        ("resources/read", {"uri": "shop://store/shop"}),
        (
            "completion/complete",
            {
                "ref": {"type": "ref/resource", "uri": "shop://store/{slug}"},
                "argument": {"name": "slug", "value": "s"},
            },
        ),
    ],
)
def test_resources_say_in_words_that_the_database_is_away_and_answer_once_it_is_back(proxy, era, method, params):
    with serving(asgi.application, lifespan="on") as url:
        assert rpc(url, era, method, params).error is None
        proxy.down()
        away = [rpc(url, era, method, params) for _ in range(2)]
        proxy.up()
        back = rpc(url, era, method, params)

    words = "The shop cannot reach its records right now. Try again in a moment."
    assert {reply.json["error"]["message"] for reply in away} == {words}
    assert {reply.json["error"]["data"]["retry_after"] for reply in away} == {2}
    assert back.error is None


def test_pages_are_refused_while_all_of_their_few_connections_are_taken():
    held, free = Semaphore(0), Event()

    def page(wait):
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            held.release()
            assert free.wait(wait)
        finally:
            connection.close()

    async def play():
        pages: Any = type(connections["default"])
        holding = [asyncio.ensure_future(asyncio.to_thread(page, 20)) for _ in range(pages.pages)]
        for _ in holding:
            await asyncio.to_thread(held.acquire, timeout=60)
        with pytest.raises(OperationalError, match="connections that pages may use are taken"):
            await asyncio.to_thread(page, 0)
        assert not (await add())["isError"]  # chats have connections of their own
        free.set()
        await asyncio.gather(*holding)
        await asyncio.to_thread(page, 0)

    served(play)
