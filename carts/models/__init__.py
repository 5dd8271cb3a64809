"""Sessions, carts, lines, changes, and the records of calls."""

from carts.models.calls import AnsweredRequest, CallRecord, SessionWarning, Tombstone
from carts.models.carts import (
    COUNT_CAP,
    KEPT_BYTES,
    KEPT_VERSIONS,
    Cart,
    CartQuerySet,
    Change,
    ChangeQuerySet,
    Line,
    OneCartUse,
    Session,
    SessionQuerySet,
)

__all__ = [
    "COUNT_CAP",
    "KEPT_BYTES",
    "KEPT_VERSIONS",
    "AnsweredRequest",
    "CallRecord",
    "Cart",
    "CartQuerySet",
    "Change",
    "ChangeQuerySet",
    "Line",
    "OneCartUse",
    "Session",
    "SessionQuerySet",
    "SessionWarning",
    "Tombstone",
]
