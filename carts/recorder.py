"""What arrived is written down: a log line and a record for every call.

Calls are recorded in the background, up to a second later; a crash may lose the last of them. Changes of carts are not
written here and are never lost.
"""

import asyncio
import logging
from functools import partial

from django.conf import settings
from django.utils import timezone

from carts.meta import received
from carts.models import SessionWarning
from carts.services import Recorded, record_calls
from carts.sessions import Identity, identify, note_browsing, session_of, shares_cart
from shopmcp.lanes import lanes
from shopmcp.server import Call, toolbox

_DELAY = 0.5  # seconds
_BATCH = 200
# Beyond this the database cannot keep up, and records are what can be spared.
_MOST_WAITING = 20_000

logger = logging.getLogger("shopmcp.calls")


class Recorder:
    """Calls on their way into the database."""

    def __init__(self) -> None:
        self._waiting: list[Recorded] = []
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    async def add(self, recorded: Recorded) -> None:
        """Record it soon; at once where no lanes run."""
        if not lanes.started:
            await lanes.run("write", partial(record_calls, [recorded]))
            return
        if len(self._waiting) < _MOST_WAITING:
            self._waiting.append(recorded)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_DELAY, self._flush)

    async def drain(self) -> None:
        """Write down what is waiting; called before the lanes stop."""
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            await self._task
        await self._write()

    def _flush(self) -> None:
        self._timer = None
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._write())
        else:  # the database is slow: what came meanwhile follows
            self._timer = asyncio.get_running_loop().call_later(_DELAY, self._flush)

    async def _write(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:_BATCH], self._waiting[_BATCH:]
            try:
                await lanes.run("write", partial(record_calls, batch))
            # Records can be spared; whatever went wrong must not keep the next ones from being written.
            except Exception:
                logger.exception("%s calls could not be recorded", len(batch))


recorder = Recorder()


@toolbox.observe
async def record(call: Call, outcome: str, seconds: float) -> None:
    """Log a call and keep its record."""
    notes = call.notes
    identity = identify(call)
    if "session" not in notes and "source" not in notes:
        identity = note_browsing(call)
    source, warnings = notes.get("source", identity.source), notes.get("warnings", ())
    milliseconds = round(seconds * 1000, 2)
    logger.info("%s %s %.1f ms source=%s client=%s", call.tool, outcome, milliseconds, source, call.client or "?")
    if SessionWarning.Kind.UNKEYED in warnings:
        logger.warning(
            "%s came without a conversation id (policy %s). Have the client send one in _meta, or add its key to "
            "SHOPMCP_SESSION_KEYS; debug_session shows which keys arrive.",
            call.tool,
            settings.SHOPMCP_UNKEYED_CALLS,
        )
    if identity.is_check:
        return
    session: int | None = notes.get("session")
    if outcome != "ok" and "made" in notes:
        # It went with the refusal, and the next session may get its key.
        session = None
    await recorder.add(
        Recorded(
            at=timezone.now(),
            tool=call.tool,
            outcome=outcome,
            milliseconds=milliseconds,
            client=call.client,
            source=source,
            session=session,
            find_session=_finder(call, identity) if session is None else None,
            conversation=identity.digests[0] if identity.keyed else "",
            meta_keys=received(call),
            warnings=warnings,
            words=notes.get("words", ()),
            results=notes.get("results"),
            products=notes.get("products", ()),
            version=notes.get("version"),
        )
    )


def _finder(call: Call, identity: Identity) -> partial[int] | None:
    return partial(session_of, identity, call.client) if identity.keyed or shares_cart(call) else None
