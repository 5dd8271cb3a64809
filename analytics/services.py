"""Counts calls into the tallies, in small steps, each call exactly once.

A step takes the next calls by key. PostgreSQL may commit keys out of order, so a key that a step passes over is looked
for again for an hour. When a session goes on, its earlier contribution is taken back and counted anew, because its last
call, its duration and its cart have changed.
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

from analytics.models import Checkpoint, Fact, Tally
from analytics.names import Names
from analytics.tally import Deltas, RecordedCall, Visit, progress_of
from carts.conversation import BY_HANDLE, UNKEYED
from carts.models import CallRecord, Session

# Calls to a step. Many calls change the same tallies, so large steps cost less for each call; this one holds SQLite's
# write lock for some tens of milliseconds.
STEP = 400
_MISSED_FOR = 3600
_MOST_MISSING = 2000
# Some builds of SQLite take at most 999 variables in a statement.
_KEYS = 500
# How long tallies are kept. Reports read hours at the ends of their range, and of a month and the one before all hours.
_KEPT = {Tally.Grain.HOUR.value: timedelta(days=65), Tally.Grain.DAY.value: timedelta(days=3 * 365)}
_SESSION = ("pk", "created_at", "last_seen_at", "client", "source")
_CART = ("carts__pk", "carts__created_at", "carts__item_count")


@dataclass(slots=True)
class Batch:
    """The calls of one step, and what they change.

    `call` is the last counted call, `late` are missing calls that have come, `calls` are the next ones. `visits` are
    their sessions as they will be counted. `more` is about how many calls follow.
    """

    call: int
    late: list[RecordedCall] = field(default_factory=list)
    calls: list[RecordedCall] = field(default_factory=list)
    deltas: Deltas = field(default_factory=Deltas)
    visits: list[Visit] = field(default_factory=list)
    more: int = 0


def roll_up(step: int = STEP) -> int:
    """Count at most `step` new calls and `step` missing ones in one transaction; return how many were counted.

    Counts nothing if another process is counting.
    """
    return _step(step, wait=False)


def catch_up(step: int = STEP) -> None:
    """Count all calls, resting after each step for as long as it took, then delete what is not needed any more.

    Waits if another process is counting: the cleanup may only delete counted calls.
    """
    while True:
        started = perf_counter()
        if not _step(step, wait=True):
            break
        sleep(min(perf_counter() - started, 1))
    forget()


def forget() -> int:
    """Delete the facts of deleted sessions and old tallies; return how many facts. Tallies outlive their sessions."""
    now = timezone.now()
    for grain, age in _KEPT.items():
        old = Tally.objects.older_than(grain, now - age)
        while rows := list(old.values_list("pk", flat=True)[:_KEYS]):
            Tally.objects.filter(pk__in=rows).delete()
    existing = Session.objects.filter(pk=OuterRef("session"))
    # After a day, all calls of a deleted session have been counted.
    gone = Fact.objects.filter(~Exists(existing), last_at__lt=now - timedelta(days=1)).order_by("last_at")
    done = 0
    while keys := list(gone.values_list("pk", flat=True)[:_KEYS]):
        done += Fact.objects.filter(pk__in=keys).delete()[0]
    return done


def uncounted(most: int = STEP) -> Batch:
    """Return what the next step would count, at most `most` new calls, without counting it; six queries."""
    batch = _next(Checkpoint.objects.filter(pk=1).first() or Checkpoint(), most)
    if len(batch.calls) == most:
        last = batch.calls[-1].id
        batch.more = (CallRecord.objects.aggregate(newest=Max("pk"))["newest"] or last) - last
    return batch


def _step(step: int, *, wait: bool) -> int:
    with transaction.atomic():
        Checkpoint.objects.get_or_create(pk=1)
        checkpoint = Checkpoint.objects.select_for_update(skip_locked=not wait).filter(pk=1).first()
        if checkpoint is None:
            return 0
        batch = _next(checkpoint, step, Names())
        number = len(batch.late) + len(batch.calls)
        if number:
            write_tallies(batch.deltas)
            write_facts(batch.visits)
            _advance(checkpoint, {call.id for call in batch.late}, [call.id for call in batch.calls])
    return number


def _next(checkpoint: Checkpoint, step: int, names: Names | None = None) -> Batch:
    batch = Batch(checkpoint.call)
    # Those of a test are left out, also if it became one since they came.
    counted = CallRecord.objects.exclude(session__is_check=True)
    rows = counted.order_by("pk").values_list(*RecordedCall._fields, named=False)
    missing = [key for key, _ in checkpoint.missing]
    for n in range(0, len(missing), _KEYS):
        batch.late += map(RecordedCall._make, rows.filter(pk__in=missing[n : n + _KEYS])[: step - len(batch.late)])
    batch.calls += map(RecordedCall._make, rows.filter(pk__gt=checkpoint.call)[:step])
    by_session: dict[int, list[RecordedCall]] = defaultdict(list)
    for call in (*batch.late, *batch.calls):
        batch.deltas.add_call(names.of_call(call) if names else call)
        if call.session_id is not None:
            by_session[call.session_id].append(call)
    keys = list(by_session)
    for n in range(0, len(keys), _KEYS):
        _add_visits(batch, keys[n : n + _KEYS], by_session, names)
    return batch


def _add_visits(batch: Batch, keys: Sequence[int], calls: dict[int, list[RecordedCall]], names: Names | None) -> None:
    """Compare the sessions with what was counted of them."""
    before = {row[0]: Visit._make(row) for row in Fact.objects.filter(pk__in=keys).values_list(*Visit._fields)}
    rows = Session.objects.real().filter(pk__in=keys).order_by("pk", "carts__pk").values_list(*_SESSION, *_CART)
    carts: dict[int, list[tuple[int, int]]] = defaultdict(list)
    sessions = {}
    for *session, cart, opened_at, items in rows:
        key, _, last, client, _ = sessions[session[0]] = session
        if names:
            client = session[3] = names.client(client, last)
        if cart is None:
            continue
        carts[key].append((cart, items))
        if key not in before or cart > before[key].cart:
            batch.deltas.add_cart(client, opened_at)
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
            whole=True,
        )
        batch.deltas.replace(fact, visit)
        batch.visits.append(visit)


def _advance(checkpoint: Checkpoint, found: set[int], counted: Sequence[int]) -> None:
    now = int(time())
    missing = [[key, at] for key, at in checkpoint.missing if key not in found and at > now - _MISSED_FOR]
    # Nothing is missing before the first call that was ever counted: earlier calls were deleted.
    last = checkpoint.call or (counted[0] - 1 if counted else 0)
    for key in counted:
        missing += [[gap, now] for gap in range(max(last + 1, key - _MOST_MISSING), key)]
        last = key
    checkpoint.call, checkpoint.missing = last, missing[-_MOST_MISSING:]
    checkpoint.save()


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
