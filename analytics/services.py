"""Counting calls into the tallies: in small steps, each call exactly once, whenever it is committed.

A step takes the next calls by key. On PostgreSQL keys may be committed out of order: a key that is passed over is kept
as missing for an hour and looked for again. What a session contributed before is taken back and counted anew, since
its last call, its duration and its cart have moved on.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from time import perf_counter, sleep, time
from typing import Any, cast

from django.db import connection, transaction
from django.db.models import Exists, Field, Max, Model, OuterRef
from django.utils import timezone

from analytics.models import Fact, Progress, Tally
from analytics.tally import Call, Deltas, Visit, progress_of
from carts.identity import BY_HANDLE, UNKEYED
from carts.models import CallRecord, Session

# Calls to a step: the more, the less each costs, since most of what they change is the same few numbers. It holds
# SQLite's write lock for some tens of milliseconds.
STEP = 400
_MISSED_FOR = 3600
_MOST_MISSING = 2000
# Beyond 999 variables in one statement some builds of SQLite give up.
_KEYS = 500
_SESSION = ("pk", "created_at", "last_seen_at", "client", "source")
_CART = ("carts__pk", "carts__created_at", "carts__item_count")


@dataclass(slots=True)
class _Next:
    """The calls to count next, the late ones among them, with what they make of the sessions and the tallies."""

    late: list[Call] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    deltas: Deltas = field(default_factory=Deltas)
    visits: list[Visit] = field(default_factory=list)

    @property
    def number(self) -> int:
        return len(self.late) + len(self.calls)


@dataclass(frozen=True, slots=True)
class Uncounted:
    """What the latest calls will add to the tallies.

    `visits` are their sessions as they will be counted. `call` is the last call that the tallies contain; `more` is
    about how many calls are in neither.
    """

    call: int
    deltas: Deltas
    visits: Sequence[Visit]
    more: int


def roll_up(step: int = STEP) -> int:
    """Count the next calls, at most `step` of them and of the missing ones, in one transaction; return how many.

    Where somebody else is counting, nothing is done.
    """
    return _step(step, wait=False)


def catch_up(step: int = STEP) -> None:
    """Count all that is there, resting after each step for as long as it took; forget what is of no use any more.

    Where somebody else is counting, each step waits for theirs: what is about to be deleted must have been counted.
    """
    while True:
        started = perf_counter()
        if not _step(step, wait=True):
            break
        sleep(min(perf_counter() - started, 1))
    forget()


def forget() -> int:
    """Delete what is known of sessions that were deleted; what they contributed stays counted. Return how many."""
    there = Session.objects.filter(pk=OuterRef("session"))
    # A day: whatever was recorded of a session before it was deleted has been counted by then.
    gone = Fact.objects.filter(~Exists(there), last_at__lt=timezone.now() - timedelta(days=1)).order_by("last_at")
    done = 0
    while keys := list(gone.values_list("pk", flat=True)[:_KEYS]):
        done += Fact.objects.filter(pk__in=keys).delete()[0]
    return done


def uncounted(most: int = STEP) -> Uncounted:
    """Look at what the next calls will add, at most `most` of them, and change nothing; six queries."""
    progress = Progress.objects.filter(pk=1).first() or Progress()
    found = _next(progress, most)
    last = found.calls[-1].id if found.calls else progress.call
    newest = CallRecord.objects.aggregate(newest=Max("pk"))["newest"] if len(found.calls) == most else None
    return Uncounted(progress.call, found.deltas, found.visits, (newest or last) - last)


def _step(step: int, *, wait: bool) -> int:
    with transaction.atomic():
        Progress.objects.get_or_create(pk=1)
        progress = Progress.objects.select_for_update(skip_locked=not wait).filter(pk=1).first()
        if progress is None:
            return 0
        found = _next(progress, step)
        if found.number:
            write_tallies(found.deltas)
            write_facts(found.visits)
            _pass_over(progress, {call.id for call in found.late}, [call.id for call in found.calls])
    return found.number


def _next(progress: Progress, step: int) -> _Next:
    rows = CallRecord.objects.order_by("pk").values_list(*Call._fields, named=False)
    missed = [key for key, _ in progress.missing]
    found = _Next(
        late=[
            Call._make(row)
            for n in range(0, len(missed), _KEYS)
            for row in rows.filter(pk__in=missed[n : n + _KEYS])[:step]
        ][:step],
        calls=[Call._make(row) for row in rows.filter(pk__gt=progress.call)[:step]],
    )
    by_session: dict[int, list[Call]] = defaultdict(list)
    for call in (*found.late, *found.calls):
        found.deltas.add_call(call)
        if call.session_id is not None:
            by_session[call.session_id].append(call)
    keys = list(by_session)
    for n in range(0, len(keys), _KEYS):
        _visit(keys[n : n + _KEYS], by_session, found)
    return found


def _visit(keys: Sequence[int], calls: dict[int, list[Call]], found: _Next) -> None:
    """Look at the sessions as they are now, beside what was counted of them."""
    before = {row[0]: Visit._make(row) for row in Fact.objects.filter(pk__in=keys).values_list(*Visit._fields)}
    rows = Session.objects.real().filter(pk__in=keys).order_by("pk", "carts__pk").values_list(*_SESSION, *_CART)
    carts: dict[int, list[tuple[int, int]]] = defaultdict(list)
    sessions = {}
    for *session, cart, opened_at, items in rows:
        key, _, _, client, _ = sessions[session[0]] = session
        if cart is None:
            continue
        carts[key].append((cart, items))
        if key not in before or cart > before[key].cart:
            found.deltas.add_cart(client, opened_at)
    for key, created, last, client, source in sessions.values():
        fact = before.get(key)
        stage, products = progress_of(fact.stage if fact else 0, fact.products if fact else {}, calls[key])
        visit = Visit(
            session=key,
            client=client,
            keyed=source not in (BY_HANDLE, UNKEYED),
            last_at=last,
            seconds=(last - created).total_seconds(),
            filled=any(items for _, items in carts[key]),
            stage=stage,
            products=products,
            cart=max((cart for cart, _ in carts[key]), default=0),
        )
        found.deltas.replace(fact, visit)
        found.visits.append(visit)


def _pass_over(progress: Progress, found: set[int], passed: Sequence[int]) -> None:
    now = int(time())
    missing = [[key, at] for key, at in progress.missing if key not in found and at > now - _MISSED_FOR]
    # Before the first call ever counted nothing is missing: the calls there were deleted.
    last = progress.call or (passed[0] - 1 if passed else 0)
    for key in passed:
        missing += [[gap, now] for gap in range(max(last + 1, key - _MOST_MISSING), key)]
        last = key
    progress.call, progress.missing, progress.counted_at = last, missing[-_MOST_MISSING:], timezone.now()
    progress.save()


def write_tallies(deltas: Deltas) -> None:
    """Add the differences to the tallies."""
    columns = ("everybody", "client", "kind", "grain", "start", "name", "count")
    table = connection.ops.quote_name(Tally._meta.db_table)
    _upsert(Tally, columns, columns[:-1], f"count = {table}.count + EXCLUDED.count", deltas.rows())


def write_facts(visits: Sequence[Visit]) -> None:
    """Save what each session has contributed."""
    changed = ", ".join(f"{name} = EXCLUDED.{name}" for name in Visit._fields[1:])
    _upsert(Fact, Visit._fields, ("session",), changed, sorted(visits))


def _upsert(
    model: type[Model], columns: Sequence[str], unique: Sequence[str], otherwise: str, rows: Sequence[tuple[Any, ...]]
) -> None:
    """Insert the rows; where a row exists, change it as `otherwise` says.

    All rows are one JSON parameter: `bulk_create` makes a step take three times the processor time, and it cannot add.
    """
    is_sqlite = connection.vendor == "sqlite"
    fields = [cast("Field[Any, Any]", model._meta.get_field(name)) for name in columns]
    values = [
        f"json_extract(value, '$[{n}]')" if is_sqlite else f"(value ->> {n})::{field.db_type(connection)}"
        for n, field in enumerate(fields)
    ]
    source = "json_each(%s)" if is_sqlite else "jsonb_array_elements(%s::jsonb)"
    # SQLite needs the WHERE to tell ON CONFLICT from a join's ON.
    statement = (
        f"INSERT INTO {connection.ops.quote_name(model._meta.db_table)} ({', '.join(columns)}) "
        f"SELECT {', '.join(values)} FROM {source} WHERE true "
        f"ON CONFLICT ({', '.join(unique)}) DO UPDATE SET {otherwise}"
    )
    # Most rows share a few moments.
    written = lru_cache(maxsize=None)(lambda moment: str(connection.ops.adapt_datetimefield_value(moment)))
    with connection.cursor() as cursor:
        cursor.execute(statement, [json.dumps(rows, default=written)])
