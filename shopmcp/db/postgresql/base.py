"""Django's PostgreSQL backend, with commits whose outcome is known and connections that end in time.

If a connection breaks while a COMMIT is under way, the server is asked on a new connection what became of the
transaction (`pg_xact_status`). So a commit that returns has been done, and any error but `Unsettled` says that nothing
was. The transaction's id comes with its BEGIN, in the same round trip.
"""

import os
import socket
from contextlib import suppress
from threading import Condition, Lock
from time import monotonic, sleep
from typing import Any, ClassVar
from weakref import WeakSet

from django.db import Error, OperationalError
from django.db.backends.postgresql import base
from django.db.backends.utils import debug_transaction
from psycopg.pq import ExecStatus

from shopmcp.db.outcome import Unsettled

# Seconds. How long a lost commit is asked about, where no call sets its own limit; how long work that is no call may
# let a server be silent; how long a page waits for one of its connections.
_SETTLE, SILENCE, _ROOM = 5.0, 10.0, 4.0
# For connections of the server. The last ends the transaction of a worker that stands still with rows locked.
_SERVING = "SET statement_timeout = '8s'; SET lock_timeout = '4s'; SET idle_in_transaction_session_timeout = '20s'"
# For commands, whose statements may take long. An import that stands still in a transaction is ended by the server, so
# that the next one need not wait for its locks once it counts as dead (ImportRunQuerySet.dead, after five minutes).
_ALONE = "SET idle_in_transaction_session_timeout = '4min'"
# A crash may give the id of a lost transaction to another one, so after a crash "committed" proves nothing. Statistics
# are reset by a crash from which the server restarts by itself.
_STATUS = """
SELECT CASE WHEN status = 'committed' AND greatest(
    pg_postmaster_start_time(), (SELECT stats_reset FROM pg_stat_bgwriter)
) > %(began)s::timestamptz THEN 'unknown' ELSE status END
FROM (SELECT pg_xact_status(%(xid)s::xid8) AS status) AS found
"""
# The server may wait for more of a client that it cannot know to be gone. In the midst of a COMMIT it ends that first.
_END = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_xid = %(xid)s::xid8::xid"

_room = Condition()
_cutting = Lock()


class DatabaseWrapper(base.DatabaseWrapper):
    """One thread's connection.

    Attributes:
        pages: How many connections all threads but the lanes have together, in a process that serves; None elsewhere.
        is_lane: This thread is a lane's. It keeps its connection, and sets `cut_by` and `answer_by` for each call.
        cut_by: When a server that is still silent is given up, by `monotonic`.
        answer_by: When it is of no use any more to learn about a lost commit, by `monotonic`.
    """

    pages: ClassVar[int | None] = None
    _open: ClassVar["WeakSet[DatabaseWrapper]"] = WeakSet()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_lane = False
        self.cut_by = float("inf")
        self.answer_by: float | None = None
        self._wire: int | None = None
        self._broke = False
        self._xid = self._began = ""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        if self.pages is not None and not self.is_lane:
            self._take_room(self.pages)
        try:
            raw = super().get_new_connection(conn_params)
        except BaseException:
            self._give_back()
            raise
        self._wire = os.dup(raw.fileno())
        return raw

    def init_connection_state(self) -> None:
        super().init_connection_state()
        with self.wrap_database_errors:
            self.connection.execute(_ALONE if self.pages is None else _SERVING)

    def _close(self) -> None:
        self._broke |= self.connection is not None and self.connection.broken
        self._give_back()
        super()._close()  # type: ignore[misc]

    def lost(self) -> bool:
        """Whether a connection broke since this was asked last; the next statement opens a new one."""
        if self.connection is not None and self.connection.closed:
            self.close()
        broke, self._broke = self._broke, False
        return broke

    def cut(self) -> None:
        """Break the connection, from any thread: whoever waits for the server gets an error."""
        with _cutting:
            if self._wire is not None:
                wire = socket.socket(fileno=self._wire)
                with suppress(OSError):
                    wire.shutdown(socket.SHUT_RDWR)
                wire.detach()

    def _take_room(self, most: int) -> None:
        until = monotonic() + _ROOM
        with _room:
            while len(self._open) >= most:
                # Also looked for without being told: a thread may have ended with its connection open.
                _room.wait(0.1)
                if monotonic() > until:
                    raise OperationalError(f"all {most} connections that pages may use are taken")
            self._open.add(self)
        self.cut_by = monotonic() + SILENCE
        if self._renew not in self.execute_wrappers:
            self.execute_wrappers.append(self._renew)

    def _give_back(self) -> None:
        with _cutting:
            if self._wire is not None:
                os.close(self._wire)
                self._wire = None
        with _room:
            self._open.discard(self)
            _room.notify()

    def _renew(self, execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        """Give each statement of a page the whole time."""
        self.cut_by = monotonic() + SILENCE
        return execute(sql, params, many, context)

    def _start_transaction_under_autocommit(self) -> None:
        raw = self.connection
        if raw.closed:  # libpq would give no result
            raise OperationalError("the connection is lost")
        level = raw.isolation_level
        begin = "BEGIN" if level is None else f"BEGIN ISOLATION LEVEL {level.name.replace('_', ' ')}"
        with debug_transaction(self, begin):
            # Past psycopg's cursor: this is the first round trip of each change.
            result = raw.pgconn.exec_(f"{begin}; SELECT pg_current_xact_id(), now()".encode())
        if result.status != ExecStatus.TUPLES_OK:
            raise OperationalError(result.error_message.decode(errors="replace"))
        self._xid, self._began = result.get_value(0, 0).decode(), result.get_value(0, 1).decode()

    def _commit(self) -> None:
        try:
            super()._commit()  # type: ignore[misc]
        except Error as error:
            # A server that answers has rolled back.
            if not self.connection.closed:
                raise
            status = self._settle()
            # Django would connect once more, and its error would hide this one.
            self.closed_in_transaction = self.connection is None
            if status == "committed":
                return
            self._broke = True
            if status != "aborted":
                raise Unsettled("the connection broke at a COMMIT") from error
            raise

    def _settle(self) -> str | None:
        """Return what became of the transaction, by a new connection, which takes the place of the lost one."""
        until, hooks = self.answer_by or monotonic() + _SETTLE, self.run_on_commit
        self.cut_by = until + 1
        status = None
        while status is None and monotonic() < until:
            with suppress(Error):
                if self.connection is None or self.connection.closed:
                    self._give_back()
                    self.connection = None
                    self.ensure_connection()
                status = self.outcome(self._xid, self._began)
            if status is None:
                sleep(0.02)
        self.run_on_commit = hooks
        return status

    def outcome(self, xid: str, began: str) -> str | None:
        """Return what became of a transaction: `committed`, `aborted`, or `unknown`; None while it goes on.

        Args:
            xid: Its id.
            began: When it began, by the server's clock.
        """
        with self.wrap_database_errors:
            (status,) = self.connection.execute(_STATUS, {"xid": xid, "began": began}).fetchone()
            if status != "in progress":
                return status or "unknown"
            self.connection.execute(_END, {"xid": xid})
        return None

    @classmethod
    def cut_silent(cls, *, everything: bool = False) -> None:
        """Break the connections of pages whose server is silent for too long, or all of them."""
        with _room:
            pages = list(cls._open)
        now = monotonic()
        for page in pages:
            if everything or now > page.cut_by:
                page.cut()
