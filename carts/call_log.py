"""The record of calls: a log line and a row for each.

Rows are written in the background, up to a second later. A crash may lose the last of them.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from multiprocessing import parent_process

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, F
from django.utils import timezone

from carts import queries
from carts.caller import Caller
from carts.conversation import BY_HANDLE, UNKEYED, conversation_of, received, shares_cart
from carts.digests import origin_of
from carts.id_watch import WITHIN, IdWatch, KeyedCall
from carts.id_watch import Recorded as Earlier
from carts.languages import remember
from carts.limits import is_recorded
from carts.models import CallRecord, SessionWarning
from carts.queries import MOST_SEEN, PLACES_SEEN
from carts.refusal_words import words_of_refusal
from carts.services.sessions import session_to_record
from shopmcp import disk
from shopmcp.db.workers import lanes
from shopmcp.errors import TooMany
from shopmcp.log_thread import Line
from shopmcp.mcp.call import Call
from shopmcp.network import UNKNOWN

MOST_CLIENTS = 200
OTHER_CLIENTS = "…"
# A warning names so many of the conversations that it touched.
_MOST_TOUCHED = 5
_WARNING = ("id", "kind", "client", "sessions")
_DELAY = 0.5  # seconds
_BATCH = MOST_SEEN
# Records of earlier calls that one look reads.
_MOST_LOOKED_AT = 2000
# Beyond this the database cannot keep up, and further records are dropped.
_MOST_WAITING = 20_000

logger = logging.getLogger("shopmcp.calls")
_line = Line(logger, "%s %s %.1f ms source=%s client=%s")
watch = IdWatch()


@dataclass
class Recorded:
    """A call on its way into the database.

    `session` is the session's primary key if the call found it, and `is_new` says that the call made it. Else
    `find_session` finds or makes it, for a call that belongs to one. `network` is kept in memory alone; `origin` is
    made of it. `language` is what the call settled for the conversation that `chat` names.
    """

    at: datetime
    tool: str
    outcome: str
    milliseconds: float
    client: str
    source: str
    session: int | None = None
    is_new: bool = False
    find_session: Callable[[], int | None] | None = None
    conversation: str = ""
    meta_keys: Sequence[str] = ()
    malformed: Sequence[str] = ()
    warnings: Sequence[str] = ()
    with_handle: bool = False
    by_widget: bool = False
    subject: str = ""
    network: str = ""
    chat: str = ""
    language: str = ""
    words: Sequence[str] = ()
    results: int | None = None
    products: Sequence[str] = ()
    version: int | None = None
    origin: int | None = None
    said: str = ""


def record_calls(calls: Sequence[Recorded]) -> None:
    """Write the calls, their sessions' last-seen times, and their warnings, in one transaction."""
    with transaction.atomic():
        _find_sessions(calls)
        begun = _touch(calls)
        _settle_languages(calls, begun)
        _watch(calls, begun)
        if not disk.is_low():
            queries.insert_call.many(
                vars(call)
                | {
                    "session_id": call.session if call.session in begun else None,
                    "warning": call.warnings[0] if call.warnings else "",
                }
                for call in calls
            )
        _warn(calls)


def _find_sessions(calls: Sequence[Recorded]) -> None:
    # Sorted, and before any session is locked, so that two recorders cannot deadlock.
    found: dict[str, int | None] = {}
    for call in sorted(calls, key=lambda call: call.conversation):
        if call.session is None and call.find_session is not None:
            if call.conversation not in found:
                found[call.conversation] = call.find_session()
            call.session = found[call.conversation]


def _touch(calls: Sequence[Recorded]) -> dict[int, datetime]:
    """Lock the sessions and move their last-seen times; return when each was made, without those deleted meanwhile."""
    keys = {call.session for call in calls if call.session is not None}
    if not keys:
        return {}
    begun: dict[int, datetime] = {}
    # Sorted for the same reason as above.
    remaining = sorted(keys)
    # One time for the whole batch: it spans a second at the most.
    latest = max(call.at for call in calls)
    while remaining:
        some, remaining = remaining[:MOST_SEEN], remaining[MOST_SEEN:]
        places = dict.fromkeys(PLACES_SEEN) | dict(zip(PLACES_SEEN, some, strict=False))
        begun |= dict(queries.lock_sessions.all(**places))
        queries.see_sessions.run(**places, now=latest)
    return begun


def _settle_languages(calls: Sequence[Recorded], begun: Mapping[int, datetime]) -> None:
    """Keep the languages that the first searches of conversations settled."""
    for call in calls:
        if not (call.language and call.chat):
            continue
        if call.session in begun:
            queries.settle_language.run(id=call.session, language=call.language)
        else:
            queries.settle_language_by_public_id.run(public_id=call.chat, language=call.language)


def _watch(calls: Sequence[Recorded], begun: Mapping[int, datetime]) -> None:
    """Add the signs that only a series of calls gives."""
    seen: set[int] = set()
    # A widget calls from the shopper's own browser, or through another machine of its host.
    keyed_calls = [call for call in calls if call.session in begun and call.conversation and not call.by_widget]
    shared = _shared(keyed_calls) if serves_beside_others() else set()
    for call in keyed_calls:
        assert call.session is not None
        since = call.at - timedelta(milliseconds=call.milliseconds)
        # The session of a browsing call is made after the call; a batch may hold further calls of it.
        begins = call.is_new or (call.session not in seen and begun[call.session] >= call.at)
        seen.add(call.session)
        keyed = KeyedCall(call.client, call.session, begins, call.subject, call.network, since, call.at)
        signs = watch.signs(keyed)
        if call.session in shared and not call.subject:
            signs.append(SessionWarning.Kind.SHARED.value)
        if signs:
            call.warnings = list(dict.fromkeys((*call.warnings, *signs)))


def serves_beside_others() -> bool:
    """Whether other processes may answer calls of the same conversations."""
    return connection.vendor == "postgresql" or parent_process() is not None


def _shared(calls: Sequence[Recorded]) -> set[int]:
    """Return the sessions that several places use, by the records of all processes."""
    now = max((call.at for call in calls), default=timezone.now())
    found: dict[int, list[Earlier]] = {}
    for call in calls:
        assert call.session is not None
        if call.network:
            call.origin = origin_of(call.session, call.network)
        if not call.subject and watch.due(call.session, now):
            since = call.at - timedelta(milliseconds=call.milliseconds)
            found.setdefault(call.session, []).append(Earlier(call.client, call.origin, since, call.at))
    if not found:
        return set()
    rows = CallRecord.objects.filter(session__in=found, at__gt=now - WITHIN).order_by("-id")
    fields = rows.values_list("session_id", "client", "origin", "at", "milliseconds")
    for session, client, origin, at, milliseconds in fields[:_MOST_LOOKED_AT]:
        found[session].append(Earlier(client, origin, at - timedelta(milliseconds=milliseconds), at))
    return {session for session, earlier in found.items() if watch.is_shared_by(session, earlier, now)}


def _warn(calls: Sequence[Recorded]) -> None:
    grouped: dict[tuple[str, str], list[Recorded]] = {}
    for call in calls:
        for kind in call.warnings:
            grouped.setdefault((kind, call.client), []).append(call)
    if not grouped:
        return
    kinds, clients = zip(*grouped, strict=True)
    there = SessionWarning.objects.filter(kind__in=kinds, client__in=(*clients, OTHER_CLIENTS))
    rows = {(kind, client): (pk, sessions) for pk, kind, client, sessions in there.values_list(*_WARNING)}
    if new := sorted(grouped.keys() - rows.keys()):
        # Clients name themselves, so their number is bounded: further ones share a row.
        by_kind = SessionWarning.objects.filter(kind__in=kinds).order_by().values_list("kind")
        counts = Counter(dict(by_kind.annotate(n=Count("id"))))
        for kind, client in new:
            name = client
            if counts[kind] >= MOST_CLIENTS:
                name = OTHER_CLIENTS
                grouped.setdefault((kind, name), []).extend(grouped.pop((kind, client)))
            counts[kind] += 1
    for (kind, client), group in sorted(grouped.items()):
        _count(kind, client, group, rows.get((kind, client)))


def _count(kind: str, client: str, group: Sequence[Recorded], row: tuple[int, list[int]] | None) -> None:
    """Add the calls to the warning of that kind and client."""
    last = group[-1]
    known = row[1] if row else []
    touched = dict.fromkeys((*(call.session for call in reversed(group) if call.session is not None), *known))
    seen = {
        "last_at": last.at,
        "meta_keys": last.meta_keys,
        "keys": _keys_in_question(last),
        "sessions": list(touched)[:_MOST_TOUCHED],
    }
    again = {"calls": F("calls") + len(group), **seen}
    if row is None or not SessionWarning.objects.filter(pk=row[0]).update(**again):
        new = {"calls": len(group), "first_at": group[0].at, **seen}
        SessionWarning.objects.update_or_create(again, new, kind=kind, client=client)


def _keys_in_question(call: Recorded) -> Sequence[str]:
    if call.malformed:
        return call.malformed
    return [] if call.source in (UNKEYED, BY_HANDLE) else [call.source]


class Recorder:
    """Calls on their way into the database."""

    def __init__(self) -> None:
        self._waiting: list[Recorded] = []
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    async def add(self, recorded: Recorded) -> None:
        """Write the call soon; at once where no lanes run."""
        if not lanes.started:
            await lanes.run("write", partial(record_calls, [recorded]))
            return
        if len(self._waiting) < _MOST_WAITING:
            self._waiting.append(recorded)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_DELAY, self._flush)

    async def drain(self) -> None:
        """Write the calls that wait. Call this before the lanes stop."""
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            await self._task
        await self._write()

    def _flush(self) -> None:
        self._timer = None
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._write())
        else:  # The database is slow: try again later.
            self._timer = asyncio.get_running_loop().call_later(_DELAY, self._flush)

    async def _write(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:_BATCH], self._waiting[_BATCH:]
            try:
                await lanes.run("write", partial(record_calls, batch))
            # One batch may be lost; the next ones must still be written.
            except Exception:
                logger.exception("%s calls could not be recorded", len(batch))


recorder = Recorder()


async def record(call: Call, outcome: str, seconds: float) -> None:
    """Log a call and keep its record, unless its session or all together leave too many."""
    if outcome == TooMany.code:
        return  # one line a minute tells of them all
    notes, conversation = call.notes, conversation_of(call)
    if not notes.source:
        # No tool asked who calls.
        Caller(call, BY_HANDLE if BY_HANDLE in call.given else None)
    if notes.chat and notes.language:
        remember(notes.chat, notes.language)
    milliseconds = round(seconds * 1000, 2)
    _line.write(call.tool, outcome, milliseconds, notes.source, call.client or "?")
    if SessionWarning.Kind.UNKEYED in notes.warnings:
        logger.warning(
            "%s came without a conversation id (policy %s). Have the client send one in _meta, or add its key to "
            "SHOPMCP_SESSION_KEYS; debug_session shows which keys arrive.",
            call.tool,
            settings.SHOPMCP_UNKEYED_CALLS,
        )
    if conversation.is_check or not is_recorded(
        conversation.digests[0] if conversation.keyed else str(notes.session or "")
    ):
        return
    # A refusal rolls back the session that the call made, and the next session may get its primary key.
    session = None if outcome != "ok" and notes.is_new_session else notes.session
    find_session = None
    if session is None and (conversation.keyed or shares_cart(call)):
        make = notes.may_begin_session and not conversation.is_outdated
        find_session = partial(session_to_record, conversation, call.client, call.network, make=make)
    await recorder.add(
        Recorded(
            at=timezone.now(),
            tool=call.tool,
            outcome=outcome,
            milliseconds=milliseconds,
            client=call.client,
            source=notes.source,
            session=session,
            is_new=session is not None and notes.is_new_session,
            find_session=find_session,
            conversation=conversation.digests[0] if conversation.keyed else "",
            meta_keys=received(call),
            malformed=conversation.malformed,
            warnings=notes.warnings,
            with_handle=BY_HANDLE in call.given,
            by_widget=conversation.by_widget,
            subject=conversation.subject,
            network="" if call.network == UNKNOWN else call.network,
            chat=notes.chat,
            language=notes.language,
            words=notes.words,
            results=notes.results,
            products=notes.products,
            version=notes.version,
            said=words_of_refusal(notes.refusal, call.given, outcome),
        )
    )
