"""Delivering messages: at least once, by one sender at a time, with growing pauses.

What goes to one place goes one after the other: mail, alarms, and each endpoint are a lane of their own. Lanes run at
the same time, so that a slow receiver holds up nobody but itself. Only the caller's thread uses the database.
"""

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from queue import Empty, SimpleQueue
from random import uniform
from threading import Thread
from time import monotonic
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from outbox.models import Attempt, Endpoint, Message
from outbox.sending import NotSent, send

# A message is tried for so long, from its first try.
TRIED_FOR: Final = timedelta(days=3)
# The pause after the first try; each is four times the one before.
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=10), timedelta(hours=12)
# Each pause is longer or shorter by up to this part, so that messages that failed together do not come back together.
_JITTER: Final = 0.1
# An endpoint that failed more often in a row than this is left alone for a growing pause, whatever else waits for it.
_BORNE: Final = 3
_FIRST_HOLD, _LONGEST_HOLD = timedelta(seconds=10), timedelta(minutes=5)
# A sender that has not told how it went by then has died. Far longer than sending takes.
_LEASE: Final = timedelta(minutes=5)
# Lanes at the same time.
_SENDERS: Final = 8
# Seconds between two looks for what has become due while something is being sent.
_LOOK: Final = 1.0

logger = logging.getLogger("shopmcp.outbox")
# An endpoint, or the channel of what has none.
Lane = int | str


@dataclass(slots=True)
class Delivered:
    """What became of the messages that were due."""

    sent: int = 0
    postponed: int = 0
    given_up: int = 0


@dataclass(frozen=True, slots=True)
class _Outcome:
    lane: Lane
    message: Message
    at: datetime
    milliseconds: int
    status: int | None = None
    failure: NotSent | None = None


def deliver(stopping: Callable[[], bool] = lambda: False) -> Delivered:
    """Try each message that is due, once.

    Args:
        stopping: Asked before each message, to end early; what is being sent is waited for.
    """
    done = Delivered()
    busy: set[Lane] = set()
    outcomes: SimpleQueue[_Outcome] = SimpleQueue()
    while True:
        if not stopping():
            for lane in _lanes_with_due():
                if lane not in busy and len(busy) < _SENDERS and (message := _claim(lane)) is not None:
                    busy.add(lane)
                    # A daemon: a receiver that is slow must not keep the process from ending.
                    Thread(target=_try, args=(lane, message, outcomes), name="outbox-sender", daemon=True).start()
        if not busy:
            return done
        try:
            outcome = outcomes.get(timeout=_LOOK)
        except Empty:
            continue
        busy.remove(outcome.lane)
        _settle(outcome, done)


def _lanes_with_due() -> list[Lane]:
    now = timezone.now()
    rows = Message.objects.due_without_endpoint(now)
    channels = (channel for channel in Message.Channel.values if rows.filter(channel=channel).exists())
    endpoints = Endpoint.objects.askable(now).filter(Exists(Message.objects.due_to(OuterRef("pk"), now)))
    return [*channels, *endpoints.order_by("id").values_list("pk", flat=True)]


def _claim(lane: Lane) -> Message | None:
    """Take the lane's next message, so that no other sender gets it before the lease ends."""
    now = timezone.now()
    if isinstance(lane, str):
        rows = Message.objects.due_without_endpoint(now).filter(channel=lane)
    else:
        rows = Message.objects.due_to(lane, now)
    with transaction.atomic():
        rows = rows.select_related("endpoint").select_for_update(skip_locked=True, of=("self",))
        message = rows.order_by("next_try_at", "id").first()
        if message is not None:
            message.tries += 1
            message.next_try_at = now + _LEASE
            message.first_tried_at = message.first_tried_at or now
            message.claim = secrets.token_urlsafe(12)
            message.save(update_fields=["tries", "next_try_at", "first_tried_at", "claim"])
    return message


def _try(lane: Lane, message: Message, outcomes: "SimpleQueue[_Outcome]") -> None:
    at, started = timezone.now(), monotonic()
    tell = partial(_Outcome, lane, message, at)
    try:
        status = send(message)
    except NotSent as failure:
        outcomes.put(tell(_since(started), status=failure.status, failure=failure))
    # A bug with one message must not hold up the others.
    except Exception as error:
        logger.exception("message %s could not be sent", message.public_id)
        outcomes.put(tell(_since(started), failure=NotSent(type(error).__name__)))
    else:
        outcomes.put(tell(_since(started), status=status))


def _since(started: float) -> int:
    return round((monotonic() - started) * 1000)


def _settle(outcome: _Outcome, done: Delivered) -> None:
    """Write down how a try went, unless another sender has taken the message over since."""
    message, failure, now = outcome.message, outcome.failure, timezone.now()
    error = "" if failure is None else str(failure)
    fields: dict[str, object] = {"claim": "", "last_error": error}
    if failure is None:
        done.sent += 1
        fields["sent_at"] = now
    elif failure.final or now >= (message.first_tried_at or now) + TRIED_FOR:
        done.given_up += 1
        fields["failed_at"] = now
        logger.error("%s was given up after %s tries: %s", message, message.tries, failure)
    else:
        done.postponed += 1
        pause = _pause_after(message, failure, now)
        fields["next_try_at"] = now + pause
        logger.warning("%s was not sent and is tried again in %s: %s", message, pause, failure)
    with transaction.atomic():
        # The endpoint first, as whoever changes it does.
        if message.endpoint is not None:
            _note_on_endpoint(message.endpoint, outcome, is_given_up="failed_at" in fields, now=now)
        if Message.objects.filter(pk=message.pk, claim=message.claim, sent_at=None).update(**fields):
            Attempt.objects.create(
                message=message,
                at=outcome.at,
                milliseconds=outcome.milliseconds,
                status=outcome.status,
                error=error,
            )


def _pause_after(message: Message, failure: NotSent, now: datetime) -> timedelta:
    """How long the message waits; the last try is three days after the first."""
    pause = min(_FIRST_PAUSE * 4.0 ** min(message.tries - 1, 9), _LONGEST_PAUSE) * uniform(1 - _JITTER, 1 + _JITTER)
    left = (message.first_tried_at or now) + TRIED_FOR - now
    return max(min(pause, left), timedelta(seconds=failure.retry_after or 0))


def _note_on_endpoint(endpoint: Endpoint, outcome: _Outcome, *, is_given_up: bool, now: datetime) -> None:
    """Let an endpoint that fails rest, and park one that is gone, or had no success while a message was tried."""
    message, failure = outcome.message, outcome.failure
    endpoints = Endpoint.objects.filter(pk=endpoint.pk)
    if failure is None:
        endpoints.update(answered_at=now, failures=0, held_until=None)
        return
    # Not its key: events of other transactions point at it.
    if (current := endpoints.select_for_update(no_key=True).first()) is None:
        return
    current.failures += 1
    rest = timedelta(seconds=failure.retry_after or 0)
    if (beyond := current.failures - _BORNE) > 0:
        rest = max(rest, min(_FIRST_HOLD * 2.0 ** min(beyond - 1, 9), _LONGEST_HOLD))
    current.held_until = now + rest if rest else current.held_until
    begun = message.first_tried_at or now
    if failure.final or (is_given_up and (current.answered_at is None or current.answered_at < begun)):
        current.parked_at = now
        logger.error("the webhook %s was parked: %s", current, failure)
    current.save(update_fields=["failures", "held_until", "parked_at"])
