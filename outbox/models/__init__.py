"""The outbox's tables."""

from outbox.models.endpoints import KINDS, PEOPLE, TEST, Endpoint, EndpointQuerySet
from outbox.models.messages import COUNT_CAP, Attempt, Message, MessageQuerySet, Pulse, new_id, shown

__all__ = [
    "COUNT_CAP",
    "KINDS",
    "PEOPLE",
    "TEST",
    "Attempt",
    "Endpoint",
    "EndpointQuerySet",
    "Message",
    "MessageQuerySet",
    "Pulse",
    "new_id",
    "shown",
]
