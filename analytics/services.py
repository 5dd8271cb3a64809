"""Counting calls into the tallies: in small steps, each call exactly once, whenever it is committed.

A step takes the next calls by key. On PostgreSQL keys may be committed out of order: a key that is passed over is kept
as missing for an hour and looked for again. What a session contributed before is taken back and counted anew, since
its last call, its duration and its cart have moved on.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from time import perf_counter, sleep, time
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, Max, OuterRef
from django.utils import timezone

from analytics.histogram import bucket
from analytics.models import Fact, Progress, Tally
from carts.models import CallRecord, Session
from carts.sessions import BY_HANDLE, UNKEYED

# Calls to a step: it holds SQLite's write lock for milliseconds.
STEP = 100
_MISSED_FOR = 3600
_MOST_MISSING = 2000
_ROWS = 100
STAGES = ("searched", "viewed", "added")
_STAGE = {"search_products": 1, "get_product": 2, "add_to_cart": 3}
_COLUMNS = ("id", "session", "at", "tool", "outcome", "milliseconds", "client", "source", "words", "results",
            "products")  # fmt: skip

# (client or None for everybody, kind, grain, start, name)
_Key = tuple[str | None, str, str, datetime, str]
_Call = dict[str, Any]


def roll_up(step: int = STEP) -> int:
    """Count the next calls, at most `step` of them and of the missing ones, in one transaction; return how many.

    Where somebody else is counting, nothing is done.
    """
    with transaction.atomic():
        progress = _progress()
        if progress is None:
            return 0
        calls = list(CallRecord.objects.filter(pk__gt=progress.call).order_by("pk").values(*_COLUMNS)[:step])
        missed = [key for key, _ in progress.missing]
        late = list(CallRecord.objects.filter(pk__in=missed).order_by("pk").values(*_COLUMNS)[:step]) if missed else []
        if not calls and not late:
            return 0
        _count([*late, *calls])
        _pass_over(progress, {call["id"] for call in late}, [call["id"] for call in calls])
    return len(late) + len(calls)


def catch_up(step: int = STEP) -> None:
    """Count all that is there, resting after each step for as long as it took; forget what is of no use any more."""
    while True:
        started = perf_counter()
        if not roll_up(step):
            break
        sleep(min(perf_counter() - started, 1))
    forget()


def forget() -> int:
    """Delete what is known of sessions that were deleted; what they contributed stays counted. Return how many."""
    there = Session.objects.filter(pk=OuterRef("session"))
    # A day: whatever was recorded of a session before it was deleted has been counted by then.
    gone = Fact.objects.filter(~Exists(there), last_at__lt=timezone.now() - timedelta(days=1)).order_by("last_at")
    done = 0
    while keys := list(gone.values_list("pk", flat=True)[:1000]):
        done += Fact.objects.filter(pk__in=keys).delete()[0]
    return done


def _progress() -> Progress | None:
    Progress.objects.get_or_create(pk=1)
    return Progress.objects.select_for_update(skip_locked=True).filter(pk=1).first()


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


def _count(calls: Sequence[_Call]) -> None:
    deltas: Counter[_Key] = Counter()
    by_session: dict[int, list[_Call]] = defaultdict(list)
    for call in calls:
        _add(deltas, call["at"], call["client"], _of_call(call), 1)
        if call["session"] is not None:
            by_session[call["session"]].append(call)
    # Beyond SQLite's limit of variables in one statement nothing works.
    for keys in _in_parts(list(by_session), 500):
        _count_sessions(keys, by_session, deltas)
    _write(deltas)


def _count_sessions(keys: Sequence[int], by_session: dict[int, list[_Call]], deltas: Counter[_Key]) -> None:
    facts = Fact.objects.in_bulk(keys)
    rows = Session.objects.real().filter(pk__in=keys).annotate(items=Max("carts__item_count"))
    changed = []
    columns = ("pk", "created_at", "last_seen_at", "client", "source", "items")
    for key, created, last, client, source, items in rows.values_list(*columns):
        if (fact := facts.get(key)) is not None:
            _add(deltas, fact.last_at, fact.client, _of_session(fact), -1)
        else:
            fact = Fact(session=key)
        fact.client, fact.keyed, fact.last_at = client, source not in (BY_HANDLE, UNKEYED), last
        fact.seconds, fact.filled = (last - created).total_seconds(), bool(items)
        for call in by_session[key]:
            if call["outcome"] == "ok":
                fact.stage = max(fact.stage, _STAGE.get(call["tool"], 0))
                added = call["tool"] == "add_to_cart"
                fact.products |= {product: added or fact.products.get(product, False) for product in call["products"]}
        _add(deltas, fact.last_at, fact.client, _of_session(fact), 1)
        changed.append(fact)
    Fact.objects.bulk_create(
        changed,
        update_conflicts=True,
        unique_fields=["session"],
        update_fields=["client", "keyed", "last_at", "seconds", "filled", "stage", "products"],
    )


def _of_call(call: _Call) -> Iterator[tuple[str, str]]:
    if call["source"] in (BY_HANDLE, UNKEYED):
        yield Tally.Kind.UNKEYED_CALLS, ""
        return
    tool = call["tool"]
    yield Tally.Kind.CALLS, ""
    yield Tally.Kind.LATENCY, f"{tool} {bucket(call['milliseconds'])}"
    if call["outcome"] != "ok":
        yield Tally.Kind.REFUSED, f"{tool} {call['outcome']}"
    if call["words"] and call["results"] == 0:
        yield Tally.Kind.FRUITLESS, " ".join(call["words"])[:200]


def _of_session(fact: Fact) -> Iterator[tuple[str, str]]:
    if not fact.keyed:
        yield Tally.Kind.UNKEYED, ""
        return
    yield Tally.Kind.SESSIONS, ""
    yield Tally.Kind.DURATION, str(bucket(fact.seconds))
    if fact.filled:
        yield Tally.Kind.FILLED, ""
    # Whoever came further passed the stages before.
    for stage in STAGES[: fact.stage]:
        yield Tally.Kind.STAGE, stage
    for product, added in fact.products.items():
        yield Tally.Kind.SEEN, product
        if added:
            yield Tally.Kind.ADDED, product


def _add(deltas: Counter[_Key], at: datetime, client: str, counted: Iterable[tuple[str, str]], by: int) -> None:
    hour = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    times = ((Tally.Grain.HOUR, hour), (Tally.Grain.DAY, hour.replace(hour=0)))
    for kind, name in counted:
        for grain, start in times:
            deltas[None, kind, grain, start, name] += by
            deltas[client, kind, grain, start, name] += by


def _write(deltas: Counter[_Key]) -> None:
    """Add the differences up in the database, in one order everywhere."""
    rows = sorted(
        (client is None, client or "", str(kind), str(grain), start, name, by)
        for (client, kind, grain, start, name), by in deltas.items()
        if by
    )
    convert = Tally._meta.get_field("start").get_db_prep_save
    table = connection.ops.quote_name(Tally._meta.db_table)
    with connection.cursor() as cursor:
        for part in _in_parts(rows, _ROWS):
            places = ", ".join(["(%s, %s, %s, %s, %s, %s, %s)"] * len(part))
            cursor.execute(
                f"INSERT INTO {table} (everybody, client, kind, grain, start, name, count) VALUES {places} "
                "ON CONFLICT (everybody, client, kind, grain, start, name) "
                f"DO UPDATE SET count = {table}.count + EXCLUDED.count",
                [convert(value, connection) if isinstance(value, datetime) else value for row in part for value in row],
            )


def _in_parts(rows: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    return (rows[n : n + size] for n in range(0, len(rows), size))
