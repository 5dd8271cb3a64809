"""The threads that tools run on, with a real database and real commits."""

import asyncio
from functools import partial
from threading import Event, current_thread

import pytest
from asgiref.sync import async_to_sync
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from carts.models import CallRecord
from catalog.models import Store
from shopmcp.db.jobs import Dropped
from shopmcp.db.outcome import TakenBack
from shopmcp.db.waiting import Wait
from shopmcp.db.workers import Lane, Lanes
from shopmcp.errors import NotFound

pytestmark = pytest.mark.usefixtures("shared_database", "batches_end_with_the_queue")


@pytest.fixture
def batches_end_with_the_queue(monkeypatch):
    """Let a batch take what waits, however slow the machine is."""
    monkeypatch.setattr("shopmcp.db.jobs.BATCH_SECONDS", 60.0)


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
            return go_on.wait(60)

        held = asyncio.ensure_future(lane.run(hold))
        await asyncio.to_thread(entered.wait, 60)
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


class HangsUp(Wait):
    """The wait of a client that hangs up when `gone` is set, with its call or without."""

    def __init__(self, *, takes_back):
        self.gone = Event()
        super().__init__(hung_up=self.gone.is_set)
        self.may_take_back = takes_back


@pytest.mark.parametrize("takes_back", [True, False])
@pytest.mark.parametrize("one_transaction", [True, False])
def test_a_client_that_hangs_up_before_the_shared_commit_takes_only_its_own_change_back(takes_back, one_transaction):
    wait, done = HangsUp(takes_back=takes_back), []

    def add_and_lose_the_client():
        done.append(add_store("last"))
        wait.gone.set()

    async def play(lane, go_on):
        waiting = asyncio.gather(
            lane.run(lambda: add_store("gone"), wait),
            lane.run(lambda: add_store("first")),
            lane.run(add_and_lose_the_client),
            return_exceptions=True,
        )
        await asyncio.sleep(0)
        go_on()
        return await waiting

    gone, first, _ = run(play, one_transaction=one_transaction)

    # Without a shared transaction the change was committed by then.
    is_taken_back = takes_back and one_transaction
    assert isinstance(gone, TakenBack) if is_taken_back else gone == "gone"
    assert first == "first"
    assert slugs() == ["first", *([] if is_taken_back else ["gone"]), "last"]
    assert done == ["last"] * (2 if is_taken_back else 1)


def test_clients_that_hang_up_one_after_the_other_let_the_others_begin_anew_once():
    waits = [HangsUp(takes_back=True) for _ in range(3)]

    def add(number):
        # The client before this one hangs up.
        waits[number - 1].gone.set()
        return add_store(f"s{number}")

    async def play(lane, go_on):
        waiting = asyncio.gather(*(lane.run(partial(add, n), waits[n]) for n in (1, 2)), return_exceptions=True)
        await asyncio.sleep(0)
        go_on()
        return await waiting

    first, second = run(play)

    assert isinstance(first, TakenBack)
    assert second == "s2"
    assert slugs() == ["s2"]


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
        assert go_on.wait(60)
        return add_store("begun")

    @async_to_sync
    async def go():
        lane = Lane("write", 1, batch=64, one_transaction=True)
        begun = asyncio.ensure_future(lane.run(work))
        await asyncio.to_thread(entered.wait, 60)
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
