"""What the shop asks of a provider of online payments, and what it hears from one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol


class Paid(StrEnum):
    """How far a payment is at its provider."""

    OPEN = "open"
    # The buyer has agreed, and the money is on its way: a bank's debit takes days.
    PROCESSING = "processing"
    FAILED = "failed"
    # It cannot be paid any more.
    EXPIRED = "expired"
    # The money is held for the shop, which can take it.
    AUTHORISED = "authorised"
    # It was held, and went back without being taken.
    RELEASED = "released"
    PAID = "paid"


class PaidBack(StrEnum):
    """How far a refund is at its provider."""

    PENDING = "pending"
    FAILED = "failed"
    SUCCEEDED = "succeeded"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A payment that a provider is to take.

    Attributes:
        key: Of this payment. The same again is the same payment.
        name: What the buyer reads beside the amount.
        language: Of the buyer.
        back: Where the buyer goes afterwards; `instead` if they do not pay.
        expires_at: Until when it can be paid.
        take_later: Whether the money is only authorised, and taken by `capture`.
    """

    key: str
    amount: Decimal
    currency: str
    name: str
    language: str
    back: str
    instead: str
    expires_at: datetime
    take_later: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """What a provider says of a payment.

    Attributes:
        session: The provider's name of what the buyer was sent to; empty if it tells of the money alone.
        address: Where it is paid, while it can be.
        amount: What was paid, or is authorised; None before that. `currency` likewise.
        reference: The provider's name of the money, by which it is taken and paid back.
        key: Ours, if the provider repeats it.
        capture_before: Until when what is authorised can be taken, if the provider says so.
    """

    session: str
    state: Paid
    address: str = ""
    amount: Decimal | None = None
    currency: str = ""
    reference: str = ""
    key: str = ""
    capture_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class RefundTold:
    """What a provider says of a refund.

    Attributes:
        reference: The provider's name of it.
        payment: The `reference` of the payment that it pays back.
        key: Ours, if it was asked for here.
        reason: Why it failed, in the provider's words.
        is_money: Whether money moved: providers also call it a refund when what was authorised is let go.
    """

    reference: str
    state: PaidBack
    amount: Decimal
    currency: str
    payment: str = ""
    key: str = ""
    reason: str = ""
    is_money: bool = True


@dataclass(frozen=True, slots=True)
class Notice:
    """A message of a provider whose signature fits; without `payment` and `refund` it is about nothing of ours."""

    event: str
    kind: str
    payment: Told | None = None
    refund: RefundTold | None = None


class ProviderFault(Exception):
    """A provider did not do what it was asked.

    Args:
        why: For the log and the owner, not for shoppers.
        final: Whether it has refused; else it did not answer, and may have done it.
    """

    def __init__(self, why: str, *, final: bool) -> None:
        super().__init__("".join(sign if sign.isprintable() else " " for sign in why)[:300])
        self.final = final


class WrongSignature(Exception):
    """A message was not signed by the provider, or too long ago."""


class Provider(Protocol):
    """A provider of online payments. Each method may take seconds: none is called within a transaction.

    All but `read` raise `ProviderFault`.
    """

    name: str

    @property
    def is_test(self) -> bool:
        """Whether no money moves: such orders count in no number."""

    @property
    def hosts(self) -> tuple[str, ...]:
        """The origins of the pages on which it is paid, such as https://pay.example.com; none for a page of ours."""

    @property
    def can_take_later(self) -> bool:
        """Whether it can authorise a payment now and take it later."""

    def can_take(self, amount: Decimal, currency: str) -> bool:
        """Whether it can count this amount; it is not asked."""

    def open(self, wanted: Wanted) -> Told:
        """Return a payment with its address; the same for the same key."""

    def ask(self, session: str) -> Told:
        """Return how far a payment is."""

    def close(self, session: str) -> Told:
        """End a payment that is open, let go one that is authorised, and return how far it is.

        It may have been paid just before.
        """

    def capture(self, payment: str, amount: Decimal, currency: str, key: str) -> Told:
        """Take what is authorised, or a part of it; the rest is let go, so that it can be taken once."""

    def refund(self, payment: str, amount: Decimal, currency: str, key: str) -> RefundTold:
        """Pay back; once for each key, for a day at least."""

    def find_refund(self, payment: str, key: str) -> RefundTold | None:
        """Return the refund that was asked for with this key; None if there is none."""

    def read(self, body: bytes, headers: Mapping[str, str]) -> Notice:
        """Read a message to the shop.

        Raises:
            WrongSignature: If it is not the provider's.
        """
