"""Writing down which calls came, for diagnosis and for the owner's statistics."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Greatest

from carts import statements
from carts.models import Session, SessionWarning

MOST_CLIENTS = 200
OTHER_CLIENTS = "…"


@dataclass(slots=True)
class Recorded:
    """A call as it is recorded.

    `session` is the session's key where the call found it; otherwise `find_session` finds or makes it now, if the call
    named one at all.
    """

    at: datetime
    tool: str
    outcome: str
    milliseconds: float
    client: str
    source: str
    session: int | None = None
    find_session: Callable[[], int | None] | None = None
    conversation: str = ""
    meta_keys: Sequence[str] = ()
    warnings: Sequence[str] = ()
    words: Sequence[str] = ()
    results: int | None = None
    products: Sequence[str] = ()
    version: int | None = None


def record_calls(calls: Sequence[Recorded]) -> None:
    """Write the calls down, their sessions' last-seen times, and the warnings they gave, in one transaction."""
    with transaction.atomic():
        _find_sessions(calls)
        gone = _touch(calls)
        statements.insert_call.many(
            {
                "session_id": None if call.session in gone else call.session,
                "at": call.at,
                "tool": call.tool,
                "outcome": call.outcome,
                "milliseconds": call.milliseconds,
                "client": call.client,
                "meta_keys": list(call.meta_keys),
                "source": call.source,
                "warning": call.warnings[0] if call.warnings else "",
                "words": list(call.words),
                "results": call.results,
                "products": list(call.products),
                "version": call.version,
            }
            for call in calls
        )
        _warn(calls)


def _find_sessions(calls: Sequence[Recorded]) -> None:
    # In one order everywhere, and before any session is locked: two recorders never wait for each other.
    found: dict[str, int | None] = {}
    for call in sorted(calls, key=lambda call: call.conversation):
        if call.session is None and call.find_session is not None:
            if call.conversation not in found:
                found[call.conversation] = call.find_session()
            call.session = found[call.conversation]


def _touch(calls: Sequence[Recorded]) -> set[int]:
    """Move the sessions' last-seen times; return those that were deleted meanwhile. The others are locked now."""
    keys = {call.session for call in calls if call.session is not None}
    if not keys:
        return set()
    # Locked in one order everywhere, for the same reason as above.
    there = list(Session.objects.select_for_update().filter(id__in=keys).order_by("id").values_list("id", flat=True))
    # The batch is a moment: all its sessions were seen at its end, give or take the second that a record may wait.
    latest = max(call.at for call in calls)
    Session.objects.filter(id__in=there).update(last_seen_at=Greatest("last_seen_at", Value(latest)))
    return keys - set(there)


def _warn(calls: Sequence[Recorded]) -> None:
    grouped: dict[tuple[str, str], list[Recorded]] = {}
    for call in calls:
        for kind in call.warnings:
            grouped.setdefault((kind, call.client), []).append(call)
    for (kind, client), group in sorted(grouped.items()):
        last = group[-1]
        warning = _warning(kind, client, group[0].at)
        SessionWarning.objects.filter(pk=warning.pk).update(
            calls=F("calls") + len(group), last_at=last.at, meta_keys=list(last.meta_keys)
        )


def _warning(kind: str, client: str, at: datetime) -> SessionWarning:
    """The row of that kind and client; clients name themselves, so beyond a bound they share one."""
    times = {"first_at": at, "last_at": at}
    warnings = SessionWarning.objects.filter(kind=kind)
    known = warnings.filter(client=client).first()
    if known is None and warnings.count() >= MOST_CLIENTS:
        client = OTHER_CLIENTS
    return known or SessionWarning.objects.get_or_create(kind=kind, client=client, defaults=times)[0]
