"""The threads that tools run on, with a real database and real commits."""

import asyncio
from functools import partial
from threading import Event, current_thread
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from carts.models import CallRecord, Cart, Line, Session
from catalog.models import Store
from catalog.services import create_product
from shopmcp.composition import toolbox
from shopmcp.db.workers import Dropped, Lane, Lanes
from shopmcp.errors import NotFound, ShopError
from shopmcp.mcp.call import Answer, Call, WriteNeeded
from tests.shopmcp.db.playing import served

pytestmark = pytest.mark.usefixtures("database")


def add_store(slug):
    with transaction.atomic():
        Store.objects.create(slug=slug, name=slug, currency="ILS")
    return slug


def slugs():
    return sorted(Store.objects.values_list("slug", flat=True))


def run(play, *, batch=64, threads=1, one_transaction=True):
    """Play on a lane whose thread is held until everything that `play` queues at first is queued."""

    @async_to_sync
    async def go():
        lane = Lane("write", threads, batch=batch, one_transaction=one_transaction)
        entered, go_on = Event(), Event()

        def hold():
            entered.set()
            return go_on.wait(10)

        held = asyncio.ensure_future(lane.run(hold))
        await asyncio.to_thread(entered.wait, 10)
        try:
            return await play(lane, go_on.set)
        finally:
            go_on.set()
            await held
            await lane.stop()

    return go()


def test_what_waits_together_shares_a_transaction_and_each_gets_its_own_result():
    async def play(lane, go_on):
        waiting = [lane.run(lambda n=n: (add_store(f"s{n}"), connection.in_atomic_block)) for n in range(5)]
        answers = asyncio.gather(*waiting)
        await asyncio.sleep(0)
        go_on()
        return await answers

    assert run(play) == [(f"s{n}", True) for n in range(5)]
    assert slugs() == [f"s{n}" for n in range(5)]


@pytest.mark.parametrize("error", [NotFound("no"), ZeroDivisionError("a bug")], ids=["refusal", "bug"])
def test_a_refused_change_leaves_its_neighbours_changes_alone(error):
    def refuse():
        with transaction.atomic():
            add_store("refused")
            raise error

    async def play(lane, go_on):
        answers = asyncio.gather(
            lane.run(lambda: add_store("before")),
            lane.run(refuse),
            lane.run(lambda: add_store("after")),
            return_exceptions=True,
        )
        await asyncio.sleep(0)
        go_on()
        return await answers

    assert run(play) == ["before", error, "after"]
    assert slugs() == ["after", "before"]


def test_a_duplicate_that_the_database_refuses_leaves_its_neighbours_changes_alone():
    async def play(lane, go_on):
        answers = asyncio.gather(*(lane.run(lambda: add_store("same")) for _ in range(2)), return_exceptions=True)
        await asyncio.sleep(0)
        go_on()
        first = await answers
        return [*first, await lane.run(lambda: add_store("later"))]

    first, second, later = run(play)
    assert (first, later) == ("same", "later")
    assert isinstance(second, DatabaseError)
    assert slugs() == ["later", "same"]


def test_where_the_commit_fails_everybody_is_told_and_nothing_is_kept():
    def break_commit():
        # Databases look for the session when the transaction ends.
        CallRecord.objects.create(session_id=1, tool="view_cart", at=timezone.now(), milliseconds=1)

    async def play(lane, go_on):
        answers = asyncio.gather(lane.run(lambda: add_store("before")), lane.run(break_commit), return_exceptions=True)
        await asyncio.sleep(0)
        go_on()
        return await answers

    first, second = run(play)
    assert isinstance(first, IntegrityError)
    assert first is second
    assert slugs() == []


def test_nobody_is_answered_before_the_commit():
    seen = []

    def change():
        add_store("kept")
        transaction.on_commit(lambda: seen.append("committed"))

    async def play(lane, go_on):
        answers = asyncio.gather(lane.run(change), lane.run(lambda: add_store("other")))
        answers.add_done_callback(lambda _: seen.append("answered"))
        await asyncio.sleep(0)
        go_on()
        await answers
        await asyncio.sleep(0)

    run(play)
    assert seen == ["committed", "answered"]


def test_work_whose_caller_is_cancelled_before_it_begins_is_never_done():
    async def play(lane, go_on):
        gone, stays = (asyncio.ensure_future(lane.run(lambda slug=slug: add_store(slug))) for slug in ("gone", "stays"))
        await asyncio.sleep(0)
        gone.cancel()
        with pytest.raises(Dropped):
            await gone
        go_on()
        return await stays, await lane.run(lambda: "still there")

    assert run(play) == ("stays", "still there")
    assert slugs() == ["stays"]


def test_work_that_has_begun_is_done_even_if_its_caller_is_cancelled():
    entered, go_on = Event(), Event()

    def work():
        entered.set()
        assert go_on.wait(10)
        return add_store("begun")

    @async_to_sync
    async def go():
        lane = Lane("write", 1, batch=64, one_transaction=True)
        begun = asyncio.ensure_future(lane.run(work))
        await asyncio.to_thread(entered.wait, 10)
        begun.cancel()
        with pytest.raises(asyncio.CancelledError) as cancelled:
            await begun
        go_on.set()
        await lane.stop()
        return cancelled.type

    assert go() is asyncio.CancelledError
    assert slugs() == ["begun"]


@pytest.mark.parametrize("threads", [1, 3])
def test_stopping_finishes_what_is_queued(threads):
    @async_to_sync
    async def go():
        lane = Lane("write", threads, batch=4, one_transaction=threads == 1)
        waiting = [asyncio.ensure_future(lane.run(partial(int, n))) for n in range(50)]
        await asyncio.sleep(0)
        await lane.stop()
        return await asyncio.gather(*waiting)

    assert go() == list(range(50))


def test_work_runs_on_the_lane_s_own_threads_and_elsewhere_without_lanes():
    @async_to_sync
    async def go():
        lanes = Lanes()
        before = await lanes.run("write", lambda: current_thread().name)
        lanes.start()
        try:
            names = [await lanes.run(name, lambda: current_thread().name) for name in ("write", "read", "browse")]
        finally:
            await lanes.stop()
        assert not lanes.started
        return before, [name.split("-")[0] for name in names]

    before, names = go()
    assert not before.startswith("write")
    assert names == ["write", "read", "browse"]


def call(name, session="chat", **arguments):
    return toolbox.answer(name, arguments, {"openai/session": session}, "test")


def test_parallel_additions_of_one_conversation_add_up():
    create_product(Store.objects.create(slug="shop", name="Shop", currency="ILS"), sku="tea", name="Tea", price="1")

    async def play():
        return await asyncio.gather(*(call("add_to_cart", product_id="shop:tea") for _ in range(60)))

    results = served(play)

    assert not [result for result in results if result["isError"]]
    assert sorted(result["structuredContent"]["version"] for result in results) == list(range(1, 61))
    for result in results:  # each answer is that of one moment
        assert result["structuredContent"]["item_count"] == result["structuredContent"]["version"]
    assert Line.objects.get().quantity == 60
    assert (Session.objects.count(), Cart.objects.count()) == (1, 1)


def test_a_conversation_sees_its_own_changes_at_once():
    create_product(Store.objects.create(slug="shop", name="Shop", currency="ILS"), sku="tea", name="Tea", price="1")

    async def one(name):
        for number in range(1, 6):
            await call("add_to_cart", name, product_id="shop:tea")
            seen = await call("view_cart", name)
            assert seen["structuredContent"]["item_count"] == number

    async def play():
        await asyncio.gather(*(one(f"chat-{n}") for n in range(6)))

    served(play)
    assert Session.objects.count() == 6


def test_refusals_among_parallel_changes_leave_the_others_alone():
    create_product(Store.objects.create(slug="shop", name="Shop", currency="ILS"), sku="tea", name="Tea", price="1")

    async def play():
        ids = ["shop:tea" if n % 3 else "shop:ghost" for n in range(30)]
        return await asyncio.gather(*(call("add_to_cart", f"c{n % 5}", product_id=i) for n, i in enumerate(ids)))

    results = served(play)

    assert sum(result["isError"] for result in results) == 10
    assert sum(Line.objects.values_list("quantity", flat=True)) == 20


def test_a_look_that_has_to_write_first_is_moved_to_where_changes_run(monkeypatch):
    places = []

    def look(call: Call) -> Answer[Any]:
        places.append((current_thread().name.split("-")[0], call.may_write))
        if not call.may_write:
            raise WriteNeeded
        raise ShopError("seen enough")

    entry = toolbox.tools["view_cart"]
    monkeypatch.setitem(toolbox.tools, "view_cart", entry.__class__(**{**_fields(entry), "function": _plain(look)}))

    async def play():
        return await call("view_cart")

    assert served(play)["structuredContent"]["error"]["message"] == "seen enough"
    assert places == [("read", False), ("write", True)]


def test_the_first_looks_of_a_conversation_leave_one_session_behind():
    async def play():
        return await asyncio.gather(*(call("view_cart") for _ in range(10)))

    results = served(play)

    assert [result["structuredContent"]["version"] for result in results] == [0] * 10
    assert Session.objects.count() == 1


def _fields(entry):
    return {name: getattr(entry, name) for name in entry.__dataclass_fields__}


def _plain(look):
    return lambda call, **arguments: look(call)
