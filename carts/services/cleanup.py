"""Deleting expired sessions and records, in small batches beside live traffic.

Ids are chosen first, without a lock. Each batch is one short transaction: it locks its sessions, skips those that were
used meanwhile, and deletes the others table by table. Every change of a cart locks its session first, so no row can be
added in between.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from time import perf_counter, sleep
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import CASCADE, SET_NULL, Count, Exists, Max, OuterRef, Q, QuerySet
from django.utils import timezone

from carts.models import (
    KEPT_VERSIONS,
    AnsweredRequest,
    CallRecord,
    Cart,
    Change,
    Line,
    Session,
    SessionQuerySet,
    SessionWarning,
    Tombstone,
)
from carts.services.ordering import lock_session, tell_chat
from catalog.models import Store

# How many sessions, or single rows, one transaction deletes.
BATCH = 200
_ROWS = 500
# How many records of calls and tombstones are kept at most: about 6 GB and 0.2 GB.
MOST_CALLS = 20_000_000
MOST_TOMBSTONES = 1_000_000
# Last-seen times of reads are written late, and the clocks of several machines differ a little.
MARGIN = timedelta(minutes=1)
CHECKS_KEPT = timedelta(hours=1)
TOMBSTONES_KEPT = timedelta(days=365)
# After the last such call: a client that stayed away for so long leaves its place to another one.
WARNINGS_KEPT = timedelta(days=90)
_FACTS = ("id", "public_id", "digest", "is_check", "expiry_untold", "open_cart__item_count")


@dataclass(slots=True)
class Cleanup:
    """How much was deleted, or would be.

    `with_items` counts the sessions with items in the cart. `answers` are those to a `request_id`.
    """

    sessions: int = 0
    with_items: int = 0
    calls: int = 0
    answers: int = 0
    tombstones: int = 0


def clean_up(*, older_than: timedelta | None = None, dry_run: bool = False) -> Cleanup:
    """Delete quiet sessions, old call records, tombstones, warnings and stored answers, and changes that carts forget.

    Args:
        older_than: Delete sessions that were quiet for so long. Without it the settings decide, for sessions with items
            and without. Sessions of a check are deleted after an hour in any case.
        dry_run: Count only.
    """
    now = timezone.now() - MARGIN
    sessions = Session.objects.real().expired(
        with_items=now - (older_than or settings.SHOPMCP_KEEP_CARTS),
        empty=now - (older_than or settings.SHOPMCP_KEEP_EMPTY),
    )
    checks = Session.objects.filter(is_check=True).expired(with_items=now - CHECKS_KEPT, empty=now - CHECKS_KEPT)
    calls = CallRecord.objects.filter(at__lt=now - settings.SHOPMCP_KEEP_CALLS).order_by("at", "id")
    answers = AnsweredRequest.objects.filter(created_at__lt=now - settings.SHOPMCP_KEEP_ANSWERS).order_by("created_at")
    tombstones = Tombstone.objects.filter(expired_at__lt=now - TOMBSTONES_KEPT).order_by("expired_at")
    done = Cleanup()
    for expired in (sessions, checks):
        deleted, holding = _count(expired) if dry_run else _delete_expired(expired)
        done.sessions += deleted
        done.with_items += holding
    if dry_run:
        done.calls, done.answers, done.tombstones = calls.count(), answers.count(), tombstones.count()
        return done
    done.calls = _in_batches(calls, _delete)
    done.calls += _in_batches(_beyond(CallRecord, MOST_CALLS), _delete)
    _in_batches(SessionWarning.objects.filter(last_at__lt=now - WARNINGS_KEPT).order_by("last_at", "id"), _delete)
    done.answers = _in_batches(answers, _delete)
    done.tombstones = _in_batches(tombstones, _delete)
    done.tombstones += _in_batches(_beyond(Tombstone, MOST_TOMBSTONES), _delete)
    # Most are deleted beside the cart's changes; a history of an earlier version may be long.
    for pk, version in list(Cart.objects.with_forgotten_changes().values_list("id", "version")):
        _in_batches(Change.objects.filter(cart_id=pk, version__lt=version - KEPT_VERSIONS), _delete)
    return done


def delete_sessions(sessions: SessionQuerySet) -> int:
    """Delete these sessions whatever their age, except where something was ordered; return how many."""
    ids = list(sessions.order_by("id").values_list("id", flat=True))
    rows = Session.objects.deletable()
    return sum(delete_batch(rows, ids[n : n + BATCH], wait=True)[0] for n in range(0, len(ids), BATCH))


def delete_batch(rows: SessionQuerySet, ids: Sequence[int], *, wait: bool = False) -> tuple[int, int]:
    """Delete sessions; return how many, and how many of them had items in the cart.

    Args:
        rows: Deletable sessions; a session that no longer belongs to them is skipped.
        ids: The chosen sessions.
        wait: Wait for sessions in use instead of skipping them.
    """
    with transaction.atomic():
        chosen = Session.objects.filter(id__in=ids).in_locking_order().select_for_update(skip_locked=not wait)
        locked = list(chosen.values_list("id", flat=True))
        # Read again under the lock: from here on no call changes them.
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


def wait_for_carts(store: Store) -> None:
    """Return when each change of the store's carts that has begun is done."""
    for session in list(_holding(store).values_list("session", flat=True).distinct()):
        with transaction.atomic():
            lock_session(session)


def remove_carts(store: Store, told: str) -> int:
    """Delete the carts that hold products of the store, and have their chats tell why; return how many.

    The next change of such a conversation begins a new cart. No product of the store may be for sale any more.
    """
    removed = 0
    for pk, session in list(_holding(store).values_list("pk", "session")):
        with transaction.atomic():
            lock_session(session)
            had_items = Cart.objects.filter(pk=pk, item_count__gt=0).exists()
            _delete_pointing(Cart, [pk])
            removed += _delete(Cart.objects.filter(pk=pk))
            if had_items:
                tell_chat(session, "store_closed", told)
    return removed


def _holding(store: Store) -> QuerySet[Cart]:
    held = Line.objects.filter(cart=OuterRef("pk"), product__store=store)
    return Cart.objects.filter(Q(store=store) | Exists(held)).order_by("id")


def _delete_with_contents(ids: list[int]) -> None:
    """Delete locked sessions, and before them the rows with foreign keys to them, also those of other apps."""
    carts = list(Cart.objects.filter(session_id__in=ids).values_list("id", flat=True))
    _delete_pointing(Cart, carts)
    _delete_pointing(Session, ids)
    _delete(Session.objects.filter(id__in=ids))


def _delete_pointing(model: type[Cart | Session], ids: list[int]) -> None:
    for relation in model._meta.related_objects:
        rows = relation.related_model._base_manager.filter(**{f"{relation.field.name}__in": ids})
        if relation.on_delete is CASCADE:
            _delete(rows)
        elif relation.on_delete is SET_NULL:
            rows.update(**{relation.field.name: None})


def _count(expired: SessionQuerySet) -> tuple[int, int]:
    found = expired.aggregate(all=Count("id"), holding=Count("id", filter=Q(open_cart__item_count__gt=0)))
    return found["all"], found["holding"]


def _beyond(model: type[CallRecord | Tombstone], most: int) -> QuerySet[Any]:
    """The oldest rows beyond that number: by age alone, a flood would leave what came in all that time."""
    newest: int = model._default_manager.aggregate(newest=Max("pk"))["newest"] or 0
    return model._default_manager.filter(pk__lte=newest - most).order_by("pk")


def _delete_expired(expired: SessionQuerySet) -> tuple[int, int]:
    """Delete the sessions in batches, the longest quiet first; a session that is in use is not tried again."""
    deleted = holding = 0
    rows = page = expired.order_by("last_seen_at", "id")
    while found := list(page.values_list("last_seen_at", "id")[:BATCH]):
        started = perf_counter()
        batch, held = delete_batch(expired, [pk for _, pk in found])
        deleted += batch
        holding += held
        at, last = found[-1]
        page = rows.filter(Q(last_seen_at__gt=at) | Q(id__gt=last), last_seen_at__gte=at)
        _rest(started)
    return deleted, holding


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
    """Delete by one statement. `QuerySet.delete()` would first load the rows and those that point at them."""
    return rows._raw_delete(rows.db)


def _rest(started: float) -> None:
    """Leave the database to others for as long as the batch took."""
    sleep(min(perf_counter() - started, 1))
