"""Deleting expired sessions and records, in small batches beside live traffic.

Ids are chosen first, without a lock. Each batch is then one short transaction: its sessions are locked, those that were
used meanwhile are let go, and the others are deleted table by table. Every change of a cart locks its session before
anything else, so nothing can arrive in between.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import perf_counter, sleep
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from carts.models import CallRecord, Cart, Change, Line, Session, SessionQuerySet, Tombstone

# Sessions to a transaction, with all they hold; and rows that hold nothing.
BATCH = 200
_ROWS = 500
# Last-seen times of reads arrive late, and from machines whose clocks differ a little.
MARGIN = timedelta(minutes=1)
CHECKS_KEPT = timedelta(hours=1)
TOMBSTONES_KEPT = timedelta(days=365)
_FACTS = ("id", "public_id", "digest", "is_check", "expiry_untold", "open_cart__item_count")
_HOLDS = Q(open_cart__item_count__gt=0)


@dataclass(slots=True)
class Cleanup:
    """How much was deleted, or would be."""

    sessions: int = 0
    # Of the sessions, those with items in the cart.
    with_items: int = 0
    calls: int = 0
    # Blanked rather than deleted: the change itself is kept as long as its cart.
    answers: int = 0
    tombstones: int = 0


def clean_up(*, older_than: timedelta | None = None, dry_run: bool = False) -> Cleanup:
    """Delete quiet sessions, old call records and tombstones, and stored answers whose time is over.

    Args:
        older_than: Delete every session that was quiet for so long; without it, the settings say how long sessions with
            items are kept and how long those without. Sessions of a check go after an hour either way.
        dry_run: Count only.
    """
    now = timezone.now() - MARGIN
    sessions = Session.objects.real().expired(
        with_items=now - (older_than or settings.SHOPMCP_KEEP_CARTS),
        empty=now - (older_than or settings.SHOPMCP_KEEP_EMPTY),
    )
    checks = Session.objects.filter(is_check=True).expired(with_items=now - CHECKS_KEPT, empty=now - CHECKS_KEPT)
    calls = CallRecord.objects.filter(at__lt=now - settings.SHOPMCP_KEEP_CALLS).order_by("at", "id")
    answers = Change.objects.filter(answer__isnull=False, created_at__lt=now - settings.SHOPMCP_KEEP_ANSWERS)
    tombstones = Tombstone.objects.filter(expired_at__lt=now - TOMBSTONES_KEPT).order_by("expired_at")
    done = Cleanup()
    for expired in (sessions, checks):
        if dry_run:
            found = expired.aggregate(all=Count("id"), holding=Count("id", filter=_HOLDS))
            done.sessions += found["all"]
            done.with_items += found["holding"]
            continue
        for ids in _chosen(expired):
            started = perf_counter()
            deleted, holding = delete_batch(expired, ids)
            done.sessions += deleted
            done.with_items += holding
            _rest(started)
    if dry_run:
        done.calls, done.answers, done.tombstones = calls.count(), answers.count(), tombstones.count()
        return done
    done.calls = _in_batches(calls, _delete)
    done.answers = _in_batches(
        answers.order_by("created_at"), lambda rows: rows.update(request_id="", fingerprint="", answer=None)
    )
    done.tombstones = _in_batches(tombstones, _delete)
    return done


def delete_sessions(sessions: SessionQuerySet) -> int:
    """Delete these sessions whatever their age, except where something was ordered; return how many."""
    ids = list(sessions.order_by("id").values_list("id", flat=True))
    rows = Session.objects.deletable()
    return sum(delete_batch(rows, ids[n : n + BATCH], wait=True)[0] for n in range(0, len(ids), BATCH))


def delete_batch(rows: SessionQuerySet, ids: Sequence[int], *, wait: bool = False) -> tuple[int, int]:
    """Delete those of the chosen sessions that still belong to the rows.

    Args:
        rows: Deletable sessions, under the condition that has to hold still.
        ids: The chosen ones.
        wait: Wait for sessions in use; otherwise they are left alone.

    Returns:
        How many were deleted, and how many of them with items in the cart.
    """
    with transaction.atomic():
        chosen = Session.objects.filter(id__in=ids).order_by("id").select_for_update(skip_locked=not wait)
        locked = list(chosen.values_list("id", flat=True))
        # A second statement: only what is read under the lock stays as it is.
        found = list(rows.filter(id__in=locked).values_list(*_FACTS))
        Tombstone.objects.bulk_create(
            [
                Tombstone(public_id=public_id, digest=digest)
                for _, public_id, digest, is_check, untold, items in found
                if (items or untold) and not is_check
            ],
            ignore_conflicts=True,
        )
        _delete_with_contents([row[0] for row in found])
    return len(found), sum(1 for row in found if row[-1])


def _delete_with_contents(ids: list[int]) -> None:
    """Delete locked sessions: what points at a row goes before the row, since a shared commit checks everything."""
    carts = list(Cart.objects.filter(session_id__in=ids).values_list("id", flat=True))
    _delete(Change.objects.filter(cart_id__in=carts))
    _delete(Line.objects.filter(cart_id__in=carts))
    _delete(Cart.objects.filter(id__in=carts))
    CallRecord.objects.filter(session_id__in=ids).update(session=None)
    _delete(Session.objects.filter(id__in=ids))


def _chosen(expired: SessionQuerySet) -> Iterator[list[int]]:
    """Walk through the sessions, the longest quiet first, a batch of ids at a time; each is passed once."""
    rows = expired.order_by("last_seen_at", "id")
    seen: tuple[datetime, int] | None = None
    while True:
        page = rows
        if seen is not None:
            at, last = seen
            page = rows.filter(Q(last_seen_at__gt=at) | Q(id__gt=last), last_seen_at__gte=at)
        found = list(page.values_list("last_seen_at", "id")[:BATCH])
        if found:
            seen = found[-1]
            yield [key for _, key in found]
        if len(found) < BATCH:
            return


def _in_batches(rows: QuerySet[Any], act: Callable[[QuerySet[Any]], int]) -> int:
    done = 0
    while True:
        started = perf_counter()
        with transaction.atomic():
            # Skip locked rows: cleanup never waits for a lock, so it cannot deadlock.
            ids = list(rows.select_for_update(skip_locked=True).values_list("pk", flat=True)[:_ROWS])
            done += act(rows.model._default_manager.filter(pk__in=ids)) if ids else 0
        if len(ids) < _ROWS:
            return done
        _rest(started)


def _delete(rows: QuerySet[Any]) -> int:
    """Delete by one statement. `QuerySet.delete()` would first load the rows, and what points at them."""
    return rows._raw_delete(rows.db)


def _rest(started: float) -> None:
    """Leave the database to others for as long as it was ours."""
    sleep(min(perf_counter() - started, 1))
