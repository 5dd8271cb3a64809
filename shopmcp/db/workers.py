"""Threads that own their database connections: where synchronous shop code runs while the event loop serves others.

Three lanes keep kinds of work out of each other's way: changes, reads of carts, and browsing, where a search may take
longer. A thread takes all waiting jobs as one batch and hands the results back in one wake-up of the loop.

On SQLite, which has one writer at a time anyway, a batch of changes shares a transaction, so that one flush to disk
serves them all (group commit). Each change has its own savepoint, in its service. No call is answered before the
commit; if the commit fails, every call of the batch fails. PostgreSQL groups commits itself: there each change
has a transaction of its own, on one of several threads.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Any, Generic, Literal, TypeVar

from asgiref.sync import sync_to_async
from django.db import DatabaseError, InterfaceError, connection, transaction

T = TypeVar("T")
LaneName = Literal["write", "read", "browse"]
_SQLITE_THREADS: dict[LaneName, int] = {"write": 1, "read": 1, "browse": 2}
_SERVER_THREADS: dict[LaneName, int] = {"write": 8, "read": 4, "browse": 4}
_BATCH = 64

logger = logging.getLogger(__name__)


class Dropped(asyncio.CancelledError):
    """The caller was cancelled before its work began; the work is never done."""


@dataclass(slots=True, eq=False)
class _Job(Generic[T]):
    work: Callable[[], T]
    done: asyncio.Future[T]
    # Taken once, by the thread that does the work or by the caller that drops it.
    taken: Lock = field(default_factory=Lock)
    result: T | None = None
    error: BaseException | None = None


class Lane:
    """A queue and the threads that serve it."""

    def __init__(self, name: LaneName, threads: int, *, batch: int, one_transaction: bool) -> None:
        self._queue: SimpleQueue[_Job[Any] | None] = SimpleQueue()
        self._batch = batch
        self._one_transaction = one_transaction
        self._loop = asyncio.get_running_loop()
        self._ended = [self._loop.create_future() for _ in range(threads)]
        self._threads = [
            Thread(target=self._serve, args=(ended,), name=f"{name}-{n}", daemon=True)
            for n, ended in enumerate(self._ended)
        ]
        for thread in self._threads:
            thread.start()

    async def run(self, work: Callable[[], T]) -> T:
        """Run it on a thread of this lane; raise what it raises.

        Raises:
            Dropped: If the caller is cancelled before the work begins. Once begun, it is done even if the caller is
                cancelled.
        """
        done: asyncio.Future[T] = self._loop.create_future()
        job = _Job(work, done)
        self._queue.put(job)
        try:
            return await done
        except asyncio.CancelledError:
            if job.taken.acquire(blocking=False):
                raise Dropped from None
            raise

    async def stop(self) -> None:
        """Finish what is queued, then end the threads. If this is cancelled, threads that still work are left."""
        for _ in self._threads:
            self._queue.put(None)
        await asyncio.gather(*self._ended)

    def _serve(self, ended: asyncio.Future[None]) -> None:
        going = True
        while going:
            jobs: list[_Job[Any]] = []
            job = self._queue.get()
            while job is not None:
                jobs.append(job)
                if len(jobs) == self._batch:
                    break
                try:
                    job = self._queue.get_nowait()
                except Empty:
                    break
            going = job is not None
            if jobs:
                self._perform(jobs)
                self._tell(_deliver, jobs)
        connection.close()
        self._tell(_end, ended)

    def _tell(self, callback: Callable[[T], None], subject: T) -> None:
        # The loop may have ended without waiting for this thread.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(callback, subject)

    def _perform(self, jobs: list[_Job[Any]]) -> None:
        try:
            if self._one_transaction and len(jobs) > 1:
                with transaction.atomic():
                    for job in jobs:
                        _attempt(job)
                    if transaction.get_rollback():
                        # A job failed outside its savepoint: leaving now would roll back without a word.
                        raise DatabaseError("the shared transaction was marked for rollback")
            else:
                for job in jobs:
                    _attempt(job)
        # The shared transaction did not open or commit: none of its changes exists, so every caller gets the error.
        except Exception as error:  # noqa: BLE001
            for job in jobs:
                job.error = error
        if any(isinstance(job.error, DatabaseError | InterfaceError) for job in jobs):
            # The connection may be broken; the next batch opens a new one.
            connection.close()


class Lanes:
    """The lanes of one process. Until they are started, work runs where Django's own synchronous code runs."""

    def __init__(self) -> None:
        self._lanes: dict[LaneName, Lane] = {}

    def start(self) -> None:
        """Start the threads; call it on the running event loop."""
        sqlite = connection.vendor == "sqlite"
        for name, threads in (_SQLITE_THREADS if sqlite else _SERVER_THREADS).items():
            # With several threads, a batch would give one of them the work of the others.
            batch = _BATCH if threads == 1 else 1
            self._lanes[name] = Lane(name, threads, batch=batch, one_transaction=sqlite and name == "write")

    async def stop(self) -> None:
        """Finish the work at hand; changes last, since reads may lead to them."""
        for name in ("browse", "read", "write"):
            if (lane := self._lanes.pop(name, None)) is not None:
                await lane.stop()

    @property
    def started(self) -> bool:
        return bool(self._lanes)

    async def run(self, name: LaneName, work: Callable[[], T]) -> T:
        """Run synchronous shop code on that lane; raise what it raises."""
        if (lane := self._lanes.get(name)) is not None:
            return await lane.run(work)
        return await sync_to_async(work)()


def _attempt(job: _Job[Any]) -> None:
    if not job.taken.acquire(blocking=False):
        return
    try:
        job.result = job.work()
    # Refusals and bugs are raised for the caller of this job only.
    except Exception as error:  # noqa: BLE001
        job.error = error


def _deliver(jobs: list[_Job[Any]]) -> None:
    for job in jobs:
        if job.done.done():  # the caller was cancelled meanwhile
            continue
        if job.error is not None:
            job.done.set_exception(job.error)
        else:
            job.done.set_result(job.result)


def _end(ended: asyncio.Future[None]) -> None:
    if not ended.done():
        ended.set_result(None)


lanes = Lanes()
