"""Writing messages in the transaction of what they tell."""

import json
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from outbox.models import KINDS, PEOPLE, Endpoint, Message, MessageQuerySet

# In bytes of JSON. With type and time a webhook stays under 20 kB.
_MOST_DATA: Final = 19_500


def enqueue(kind: str, destination: str, payload: Mapping[str, Any], *, dedupe_key: str = "") -> None:
    """Write a message in the current transaction; it leaves after the commit.

    Args:
        kind: Such as `alarm.import_failed`.
        destination: An e-mail address, or an https address for a webhook.
        payload: JSON data; for e-mail with `subject` and `text`.
        dedupe_key: If this destination has a message with this key already, nothing is written.
    """
    key = f"{dedupe_key}:{sha256(destination.encode()).hexdigest()[:16]}" if dedupe_key else ""
    message = Message(
        kind=kind, channel=channel_of(destination), destination=destination, payload=dict(payload), dedupe_key=key
    )
    Message.objects.bulk_create([message], ignore_conflicts=True)


def enqueue_mail(
    kind: str,
    to: str,
    *,
    subject: str,
    text: str,
    html: str = "",
    language: str = "",
    reply_to: str = "",
    unsubscribe: str = "",
    dedupe_key: str = "",
) -> None:
    """Write a mail in the current transaction; it leaves after the commit, or waits until EMAIL_URL is set.

    Args:
        kind: Such as `order.placed`.
        to: An e-mail address.
        subject: One line.
        text: The mail without markup; complete, because some read nothing else.
        html: The same as a document of HTML.
        language: Of the words, such as `he`.
        reply_to: Where an answer goes, if not to the sender.
        unsubscribe: The address at which a POST ends such mail (RFC 8058).
        dedupe_key: If this address has a message with this key already, nothing is written.

    Raises:
        ValueError: If an address is none; forms refuse such before.
    """
    for address in (to, reply_to):
        if address and (not address.isprintable() or "@" not in address):
            raise ValueError(f"{address!r} is no e-mail address")
    told: dict[str, Any] = {
        "subject": subject,
        "text": text,
        "html": html,
        "language": language,
        "unsubscribe": unsubscribe,
    }
    if reply_to:
        told["reply_to"] = [reply_to]
    enqueue(kind, to, {name: value for name, value in told.items() if value}, dedupe_key=dedupe_key)


def channel_of(destination: str) -> Message.Channel:
    return Message.Channel.WEBHOOK if destination.startswith("https:") else Message.Channel.EMAIL


def announce(
    event_type: str,
    data: Mapping[str, Any],
    *,
    store: str | None = None,
    people: Mapping[str, Any] | None = None,
    dedupe_key: str = "",
) -> int:
    """Tell the shop's systems of an event, in the transaction of what happened; return how many are told.

    Each endpoint that asked for the event gets a message of its own, also one that is paused or parked: its messages
    wait. What is too large for a webhook is left out, and `omitted` names it.

    Args:
        event_type: A name of `outbox.models.KINDS`.
        data: What happened, without names and contacts of buyers; numbers and times as `DjangoJSONEncoder` takes them.
        store: The slug of the store that it is about, which endpoints may choose; None for an event of the whole shop.
        people: What is added to `data` for endpoints that may know names, contacts and addresses: fields of `PEOPLE`.
        dedupe_key: An endpoint that has a message with this key already gets none.

    Raises:
        ValueError: If there is no such type of event, or no such field of people.
    """
    if event_type not in KINDS:
        raise ValueError(f"{event_type!r} is no type of event")
    if people and not people.keys() <= PEOPLE:
        raise ValueError("a field of people has to be named in PEOPLE")
    told = [endpoint for endpoint in Endpoint.objects.all() if endpoint.wants(event_type, store or "")]
    Message.objects.bulk_create(
        (
            message_for(
                endpoint,
                event_type,
                {**data, **people} if people and endpoint.with_people else data,
                dedupe_key=dedupe_key,
            )
            for endpoint in told
        ),
        ignore_conflicts=True,
    )
    return len(told)


def message_for(endpoint: Endpoint, kind: str, data: Mapping[str, Any], *, dedupe_key: str = "") -> Message:
    """Return an unsaved message to the endpoint."""
    return Message(
        kind=kind,
        channel=Message.Channel.WEBHOOK,
        endpoint=endpoint,
        payload=_fitted(data),
        dedupe_key=f"{dedupe_key}:{endpoint.public_id}" if dedupe_key else "",
    )


def try_again(messages: MessageQuerySet) -> int:
    """Let messages that wait or were given up be tried soon, with all their tries; return how many."""
    return _afresh(messages.filter(sent_at=None), next_try_at=timezone.now())


def give_up(messages: MessageQuerySet, reason: str) -> int:
    """Send these waiting messages no more, unless somebody asks for it by `try_again`; return how many."""
    return messages.waiting().update(failed_at=timezone.now(), last_error=reason[:300], claim="")


def drop(messages: MessageQuerySet) -> int:
    """Send these messages no more, and count them no more as given up; return how many.

    One that a sender has now is left to it.
    """
    now = timezone.now()
    unsent = messages.filter(Q(claim="") | Q(next_try_at__lte=now), sent_at=None, dropped_at=None)
    return unsent.update(dropped_at=now, failed_at=Coalesce("failed_at", now), claim="")


def replay(messages: MessageQuerySet) -> int:
    """Send messages once more, with their ids, whether they were sent or given up; return how many."""
    return _afresh(messages.exclude(sent_at=None, failed_at=None), next_try_at=timezone.now(), sent_at=None)


def _afresh(messages: MessageQuerySet, **fields: datetime | None) -> int:
    """Give messages all their tries again, except those that a sender has now."""
    free = messages.filter(Q(claim="") | Q(next_try_at__lte=timezone.now()))
    return free.update(tries=0, first_tried_at=None, failed_at=None, dropped_at=None, claim="", **fields)


def _fitted(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data as JSON values, without what makes a webhook too large (Standard Webhooks: under 20 kB)."""
    told: dict[str, Any] = json.loads(json.dumps(data, cls=DjangoJSONEncoder))
    omitted: list[str] = []
    while _size(told) > _MOST_DATA:
        omitted.append(_without_largest(told))
        told["omitted"] = omitted
    return told


def _without_largest(told: dict[str, Any], above: str = "") -> str:
    """Take the largest value out; return its place, such as `order.lines`."""
    name = max((name for name in told if name != "omitted"), key=lambda name: _size(told[name]))
    if isinstance(told[name], dict) and told[name]:
        return _without_largest(told[name], f"{above}{name}.")
    del told[name]
    return f"{above}{name}"


def _size(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode())
