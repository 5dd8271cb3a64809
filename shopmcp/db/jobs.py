"""The work of one call on a thread that owns a database connection: when it begins, and what becomes of it.

A job begins when it has the connection and, on SQLite, the lock for writing. It begins only while its call waits. What
has begun is done, unless its client takes it back before the commit (2026-07-28). An error of the database means that
nothing was done, except `Unsettled`. Then work whose connection broke is done once more on a new one: whatever it did
before was rolled back.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from threading import Lock
from time import monotonic, thread_time
from typing import Any, Generic, TypeVar

from django.db import DatabaseError, InterfaceError, connection, transaction

from shopmcp import metrics
from shopmcp.db.outcome import CutShort, NotBegun, TakenBack, Unsettled
from shopmcp.db.turns import OWN, Turns
from shopmcp.db.waiting import Wait, read_until

T = TypeVar("T")
# Work that no call waits for gets as long as this, in seconds.
_PATIENCE = 20.0
# A batch that has taken as long as this, in seconds, takes no more jobs: those at hand wait for its commit.
BATCH_SECONDS = 0.02
# PostgreSQL's codes for a transaction that it rolled back in favour of another.
_IN_FAVOUR = ("40001", "40P01")


class Dropped(asyncio.CancelledError):
    """The caller was cancelled before its work began; the work is never done."""


class Job(Generic[T]):
    __slots__ = ("caller", "charged", "done", "error", "lane", "result", "seconds", "since", "taken", "wait", "work")

    def __init__(
        self, lane: str, work: Callable[[], T], done: asyncio.Future[T], wait: Wait | None, caller: str = OWN
    ) -> None:
        self.lane, self.work, self.done = lane, work, done
        self.caller, self.charged, self.seconds = caller, 0.0, 0.0
        self.since = monotonic()
        self.wait = wait or Wait(seconds=_PATIENCE)
        # Taken once, by the thread that does the work or by whoever drops it.
        self.taken = Lock()
        self.result: T | None = None
        self.error: BaseException | None = None

    @property
    def can_begin(self) -> bool:
        return not self.taken.locked() and not self.wait.is_over

    def begin(self) -> bool:
        """Take it, unless it was dropped or nobody waits for it any more."""
        if not self.taken.acquire(blocking=False):
            return False
        if self.wait.is_over:
            metrics.missed_deadline(self.lane)
            self.error = NotBegun()
            return False
        metrics.waited(self.lane, monotonic() - self.since)
        return True

    def take_back(self) -> None:
        """Forget what was rolled back: nothing was done, and it may begin once more if its client still waits."""
        self.result, self.error = None, TakenBack() if self.wait.is_taken_back else None
        if self.error is None:
            self.taken.release()

    def attempt(self, clock: Callable[[], float] = thread_time) -> None:
        """Do the work, and add to `seconds` what it cost by this clock."""
        began = clock()
        try:
            self.result, self.error = self.work(), None
        # Refusals and bugs are raised for the caller of this job only.
        except Exception as error:  # noqa: BLE001
            self.error = error
        self.seconds += clock() - began


class _BeginAnew(Exception):
    """Rolls back a shared transaction in which the client of a job took its call back."""


def perform_in_turn(first: Job[Any], turns: Turns[Job[Any]], most: int, database: Any) -> list[Job[Any]]:
    """Do a job, and those that wait beside it while the batch is small; return them all."""
    jobs, ends = [first], monotonic() + BATCH_SECONDS
    perform(first, database)
    while len(jobs) < most and monotonic() < ends and (job := turns.take_waiting()) is not None:
        jobs.append(job)
        perform(job, database)
    return jobs


def perform(job: Job[Any], database: Any) -> None:
    if not job.begin():
        return
    on_server = database.vendor == "postgresql"
    for _ in range(2):
        if on_server:
            database.cut_by, database.answer_by = job.wait.begin_by, job.wait.answer_by
        else:
            # Only reading comes here on SQLite.
            read_until(job.wait.begin_by)
        # A server works for the thread that waits for it; SQLite works in the thread.
        job.attempt(monotonic if on_server else thread_time)
        if not isinstance(job.error, DatabaseError | InterfaceError):
            break
        if not on_server:
            if _code(job.error) == sqlite3.SQLITE_INTERRUPT:
                metrics.missed_deadline(job.lane)
                job.error = CutShort()
            database.close()  # it may be broken; the next job opens a new one
            break
        in_favour = getattr(job.error.__cause__, "sqlstate", None) in _IN_FAVOUR
        if not (database.lost() or in_favour) or isinstance(job.error, Unsettled) or monotonic() > job.wait.begin_by:
            break
    if on_server:
        database.cut_by = float("inf")


def perform_together(first: Job[Any], turns: Turns[Job[Any]], most: int) -> list[Job[Any]]:
    """Do a job and those that wait beside it in one transaction; return them all."""
    jobs = [first]
    if (second := turns.take_waiting()) is not None:
        jobs.append(second)
    elif _begins_at_once(first):
        return jobs
    may_begin_anew = True
    while any(job.can_begin for job in jobs):
        has_lock, begun = False, list[Job[Any]]()
        try:
            with transaction.atomic():
                has_lock = True
                _attempt_all(jobs, begun, turns, most)
                if may_begin_anew and any(job.error is None and job.wait.is_taken_back for job in begun):
                    raise _BeginAnew
        except _BeginAnew:
            # Once only: clients that hang up again and again must not keep the others waiting.
            may_begin_anew = False
            for job in begun:
                job.take_back()
            continue
        # The shared transaction did not open or commit: none of its changes exists, so every caller gets the error.
        except Exception as error:  # noqa: BLE001
            if not has_lock and _is_locked(error):
                continue
            for job in jobs:
                job.error = error
        break
    for job in jobs:
        job.begin()  # those that could not are told so
    if any(isinstance(job.error, DatabaseError | InterfaceError) for job in jobs):
        # The connection may be broken; the next batch opens a new one.
        connection.close()
    return jobs


def _attempt_all(jobs: list[Job[Any]], begun: list[Job[Any]], turns: Turns[Job[Any]], most: int) -> None:
    """Attempt the jobs, and those that wait beside them while the batch is small; `jobs` and `begun` grow."""
    ends = monotonic() + BATCH_SECONDS
    for job in jobs:
        if job.begin():
            begun.append(job)
            job.attempt()
        may_grow = job is jobs[-1] and len(jobs) < most and monotonic() < ends
        if may_grow and (more := turns.take_waiting()) is not None:
            jobs.append(more)
    if transaction.get_rollback():
        # A job failed outside its savepoint: leaving now would roll back without a word.
        raise DatabaseError("the shared transaction was marked for rollback")


def _begins_at_once(job: Job[Any]) -> bool:
    """Do a lone job without a transaction around it, unless another process holds the lock."""
    if not job.begin():
        return True
    job.attempt()
    if not _is_locked(job.error):
        if isinstance(job.error, DatabaseError | InterfaceError):
            connection.close()
        return True
    # Only the beginning of its transaction waits for the lock, so nothing has begun.
    job.error = None
    job.taken.release()
    return False


def _is_locked(error: BaseException | None) -> bool:
    return _code(error) & 0xFF == sqlite3.SQLITE_BUSY


def _code(error: BaseException | None) -> int:
    return int(getattr(error and error.__cause__, "sqlite_errorcode", 0))
