"""Threads that own their database connections: where synchronous shop code runs while the event loop serves others.

Three lanes keep kinds of work out of each other's way: changes, reads of carts, and browsing, where a search may take
longer. A thread takes several waiting jobs as one batch and hands the results back in one wake-up of the loop. Callers
take turns (`shopmcp/db/turns.py`).

On SQLite, which has one writer at a time anyway, a batch of changes shares a transaction, so that one flush to disk
serves them all (group commit). Each change has its own savepoint, in its service. No call is answered before the
commit; if the commit fails, every call of the batch fails. PostgreSQL groups commits itself: there each change
has a transaction of its own, on one of several threads.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from threading import Thread
from time import monotonic
from typing import Any, Literal, TypeVar

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, connections

from shopmcp import metrics
from shopmcp.db.jobs import Dropped, Job, perform_in_turn, perform_together
from shopmcp.db.outcome import NotBegun, Unsettled
from shopmcp.db.prepared import keep_connection
from shopmcp.db.turns import OWN, Turns
from shopmcp.db.waiting import UNWATCHED, Wait

T = TypeVar("T")
LaneName = Literal["write", "read", "browse"]
_SQLITE_THREADS: Mapping[LaneName, int] = {"write": 1, "read": 1, "browse": 2}
_BATCH = 64
# A writer looks so often, in seconds, whether anybody still waits for what it cannot begin.
_LOCK_SECONDS = 0.05


class Lane:
    """A queue and the threads that serve it."""

    def __init__(self, name: LaneName, threads: int, *, batch: int, one_transaction: bool) -> None:
        self._name = name
        # Two changes of one conversation would wait for the same row, each on a thread.
        self._turns: Turns[Job[Any]] = Turns(one_at_a_time=name == "write" and threads > 1)
        self._batch = batch
        self._one_transaction = one_transaction
        self._waiting: dict[Job[Any], None] = {}
        self._databases: list[Any] = []
        self._loop = asyncio.get_running_loop()
        self._ended = [self._loop.create_future() for _ in range(threads)]
        self._threads = [
            Thread(target=self._serve, args=(ended,), name=f"{name}-{n}", daemon=True)
            for n, ended in enumerate(self._ended)
        ]
        for thread in self._threads:
            thread.start()

    async def run(self, work: Callable[[], T], wait: Wait | None = None, caller: str = OWN) -> T:
        """Run it on a thread of this lane when it is the turn of `caller`; raise what it raises.

        Raises:
            NotBegun: If the time of `wait` was up, or its client gone, before the work began.
            Unsettled: If the work began, and its outcome is not known in time. It may still go on.
            CutShort: If it was reading, and its time was up.
            Dropped: If the caller is cancelled before the work begins. Once begun, it is done even if the caller is
                cancelled.
        """
        done: asyncio.Future[T] = self._loop.create_future()
        job = Job(self._name, work, done, wait, caller)
        self._waiting[job] = None
        self._turns.put(job)
        try:
            return await done
        except asyncio.CancelledError:
            if job.taken.acquire(blocking=False):
                raise Dropped from None
            raise
        finally:
            del self._waiting[job]

    def look(self) -> None:
        """Drop what nobody waits for any more, and give up databases that are silent for too long."""
        now = monotonic()
        for job in list(self._waiting):
            if now - job.since < UNWATCHED:
                break  # the others came later
            job.wait.watch()
            if job.done.done():
                continue
            if job.wait.is_over and job.taken.acquire(blocking=False):
                metrics.missed_deadline(self._name)
                job.done.set_exception(NotBegun())
            elif now > job.wait.answer_by - UNWATCHED:
                # The work goes on: neither a disk that hangs nor a search in Python can be told to stop.
                job.done.set_exception(Unsettled("the work did not end in time"))
        for database in self._databases:
            if now > database.cut_by:
                database.cut()

    async def stop(self) -> None:
        """Finish what is queued, then end the threads. If this is cancelled, threads that still work are left."""
        self._turns.end(len(self._threads))
        await asyncio.gather(*self._ended)

    def cut(self) -> None:
        """Break the connections of threads that still work."""
        for database in self._databases:
            database.cut()

    def _serve(self, ended: asyncio.Future[None]) -> None:
        database = self._own_database()
        while (job := self._turns.take()) is not None:
            if self._one_transaction:
                jobs = perform_together(job, self._turns, self._batch)
            else:
                jobs = perform_in_turn(job, self._turns, self._batch, database)
            for each in jobs:
                self._turns.finish(each, each.seconds)
            self._tell(_deliver, jobs)
        connection.close()
        self._tell(_end, ended)

    def _own_database(self) -> Any:
        database: Any = connections[DEFAULT_DB_ALIAS]
        keep_connection(database)
        if database.vendor == "postgresql":
            database.is_lane = True
            self._databases.append(database)
        elif self._one_transaction:
            options = database.settings_dict["OPTIONS"] | {"timeout": _LOCK_SECONDS}
            database.settings_dict = database.settings_dict | {"OPTIONS": options}
        return database

    def _tell(self, callback: Callable[[T], None], subject: T) -> None:
        # The loop may have ended without waiting for this thread.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(callback, subject)


class Lanes:
    """The lanes of one process. Until they are started, work runs where Django's own synchronous code runs."""

    def __init__(self) -> None:
        self._lanes: dict[LaneName, Lane] = {}
        self._stopping: list[Lane] = []
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Start the threads; call it on the running event loop."""
        database: Any = connections[DEFAULT_DB_ALIAS]
        if database.vendor == "sqlite":
            for name, threads in _SQLITE_THREADS.items():
                # With several threads, a batch would give one of them the work of the others.
                batch = _BATCH if threads == 1 else 1
                self._lanes[name] = Lane(name, threads, batch=batch, one_transaction=name == "write")
        else:
            shares, type(database).pages = shares_of(settings.SHOPMCP_DATABASE_CONNECTIONS)
            for name, threads in shares.items():
                self._lanes[name] = Lane(name, threads, batch=1, one_transaction=False)
        self._look()

    async def stop(self) -> None:
        """Finish the work at hand; changes last, since reads may lead to them."""
        for name in ("browse", "read", "write"):
            if (lane := self._lanes.pop(name, None)) is not None:
                self._stopping.append(lane)
                await lane.stop()
        self.cut()

    def cut(self) -> None:
        """Break the connections of all work that still waits for PostgreSQL, so that the process can end."""
        if self._timer is not None:
            self._timer.cancel()
        for lane in (*self._lanes.values(), *self._stopping):
            lane.cut()
        self._stopping.clear()
        database: Any = connections[DEFAULT_DB_ALIAS]
        if database.vendor == "postgresql":
            database.cut_silent(everything=True)
            type(database).pages = None

    @property
    def started(self) -> bool:
        return bool(self._lanes)

    async def run(self, name: LaneName, work: Callable[[], T], wait: Wait | None = None, caller: str = OWN) -> T:
        """Run synchronous shop code on that lane; raise what it raises, or what `Lane.run` raises.

        Args:
            caller: Whose turn the work takes: a conversation, or else a network.
        """
        if (lane := self._lanes.get(name)) is not None:
            return await lane.run(work, wait, caller)
        return await sync_to_async(work)()

    def _look(self) -> None:
        for lane in (*self._lanes.values(), *self._stopping):
            lane.look()
        database: Any = connections[DEFAULT_DB_ALIAS]
        if database.vendor == "postgresql":
            database.cut_silent()
        self._timer = asyncio.get_running_loop().call_later(UNWATCHED, self._look)


def shares_of(most: int) -> tuple[dict[LaneName, int], int]:
    """Share connections to PostgreSQL out: to the threads of each lane, and to all pages together."""
    few = max(1, most // 5)
    return {"write": most - 3 * few, "read": few, "browse": few}, few


def _deliver(jobs: list[Job[Any]]) -> None:
    for job in jobs:
        if job.done.done():  # the caller was cancelled meanwhile, or told that it takes too long
            continue
        if job.error is not None:
            job.done.set_exception(job.error)
        else:
            job.done.set_result(job.result)


def _end(ended: asyncio.Future[None]) -> None:
    if not ended.done():
        ended.set_result(None)


lanes = Lanes()
