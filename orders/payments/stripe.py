"""Stripe's hosted Checkout, by Stripe's own library.

The library is 31 MB and takes half a second to import: only a process that talks to Stripe loads it.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from django.conf import settings

from orders.payments.provider import (
    Notice,
    Paid,
    PaidBack,
    ProviderFault,
    RefundTold,
    Told,
    Wanted,
    WrongSignature,
)

# Seconds to connect, and to wait for an answer; after that it is asked once more with the same key.
PATIENCE: Final = (3.0, 6.0)
_RETRIES: Final = 1
_PAGES: Final = "https://checkout.stripe.com"
# Stripe counts these in whole ones, and those in thousandths of which the last digit is 0
# (docs.stripe.com/currencies). It counts ISK and UGX in hundredths, unlike ISO 4217.
_WHOLE: Final = frozenset(
    ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"]
)
_THOUSANDTHS: Final = frozenset(("BHD", "JOD", "KWD", "OMR", "TND"))
_HUNDREDTHS_OF_WHOLE: Final = frozenset(("ISK", "UGX"))
# What the buyer's page speaks.
_LOCALES: Final = {"en": "en", "he": "he"}
_REFUNDS: Final = {
    "succeeded": PaidBack.SUCCEEDED,
    "failed": PaidBack.FAILED,
    "canceled": PaidBack.FAILED,
}
_FAILED: Final = ("requires_payment_method", "canceled")
_INTENTS: Final = {
    "requires_capture": Paid.AUTHORISED,
    "processing": Paid.PROCESSING,
    "succeeded": Paid.PAID,
    "canceled": Paid.RELEASED,
}
# The others tell nothing that the shop acts on; of payments that are taken at once, sessions tell.
_OF_INTENTS: Final = (
    "payment_intent.amount_capturable_updated",
    "payment_intent.canceled",
    "payment_intent.succeeded",
)


class Stripe:
    """One account for the whole shop, by the settings `STRIPE_…`."""

    name = "stripe"

    @property
    def is_test(self) -> bool:
        """Whether the key is one of Stripe's test mode."""
        return bool(settings.STRIPE_SECRET_KEY.startswith(("sk_test_", "rk_test_")))

    @property
    def can_take_later(self) -> bool:
        """Cards can. Checkout then offers no way to pay that cannot."""
        return True

    @property
    def hosts(self) -> tuple[str, ...]:
        """Stripe's own, and in tests that of their gateway."""
        return (_PAGES, *filter(None, (settings.STRIPE_API_BASE,)))

    def can_take(self, amount: Decimal, currency: str) -> bool:
        """Refuse the parts of a currency that Stripe does not count, such as the last digit of a dinar."""
        try:
            minor_units(amount, currency)
        except ProviderFault:
            return False
        return True

    def open(self, wanted: Wanted) -> Told:
        """Make a session of Checkout."""
        cents = minor_units(wanted.amount, wanted.currency)
        what = {"currency": wanted.currency.lower(), "unit_amount": cents, "product_data": {"name": wanted.name}}
        intent: dict[str, Any] = {"metadata": {"payment": wanted.key}}
        if wanted.take_later:
            intent["capture_method"] = "manual"
        asked = {
            "mode": "payment",
            "line_items": [{"price_data": what, "quantity": 1}],
            "client_reference_id": wanted.key,
            "metadata": {"payment": wanted.key},
            "payment_intent_data": intent,
            "success_url": wanted.back,
            "cancel_url": wanted.instead,
            "expires_at": int(wanted.expires_at.astimezone(UTC).timestamp()),
            # The buyer pays what the order says, in its currency.
            "adaptive_pricing": {"enabled": False},
            "locale": _LOCALES.get(wanted.language, "auto"),
        }
        with _faults():
            return _told(_client().v1.checkout.sessions.create(asked, {"idempotency_key": wanted.key}).to_dict())

    def ask(self, session: str) -> Told:
        """Fetch the session, with its payment: the session alone does not say that a debit has failed."""
        with _faults():
            # With its charge, which alone says until when it can be taken.
            expand = ["payment_intent", "payment_intent.latest_charge"]
            found = _client().v1.checkout.sessions.retrieve(session, {"expand": expand})
            return _told(found.to_dict())

    def close(self, session: str) -> Told:
        """Expire the session, or cancel what it authorised; any other is only looked at."""
        told = self.ask(session)
        try:
            with _faults():
                if told.state == Paid.AUTHORISED:
                    return _intent_told(_client().v1.payment_intents.cancel(told.reference).to_dict())
                if told.state != Paid.OPEN:
                    return told
                return _told(_client().v1.checkout.sessions.expire(session).to_dict())
        except ProviderFault as fault:
            if not fault.final:
                raise
        return self.ask(session)

    def capture(self, payment: str, amount: Decimal, currency: str, key: str) -> Told:
        """Capture a part of what is authorised, or all of it."""
        asked = {"amount_to_capture": minor_units(amount, currency)}
        with _faults():
            found = _client().v1.payment_intents.capture(payment, asked, {"idempotency_key": key})
            return _intent_told(found.to_dict())

    def refund(self, payment: str, amount: Decimal, currency: str, key: str) -> RefundTold:
        """Refund a part of a payment, or all of it."""
        asked = {
            "payment_intent": payment,
            "amount": minor_units(amount, currency),
            "metadata": {"refund": key},
        }
        with _faults():
            return _refund_told(_client().v1.refunds.create(asked, {"idempotency_key": key}).to_dict())

    def find_refund(self, payment: str, key: str) -> RefundTold | None:
        """Look among the refunds of the payment: an idempotency key is kept for a day alone."""
        with _faults():
            found = _client().v1.refunds.list({"payment_intent": payment, "limit": 100})
            told = [_refund_told(refund.to_dict()) for refund in found.auto_paging_iter()]
        return next((refund for refund in told if refund.key == key), None)

    def read(self, body: bytes, headers: Mapping[str, str]) -> Notice:
        """Read an event that is signed and not older than five minutes."""
        import stripe  # noqa: PLC0415 - see above

        try:
            stripe.WebhookSignature.verify_header(
                body, headers.get("Stripe-Signature", ""), settings.STRIPE_WEBHOOK_SECRET, 300
            )
            event = json.loads(body)
            return _notice(str(event["id"]), str(event["type"]), event["data"]["object"])
        # A body that is no text or no event, and a signature that is no text, are as wrong as one that does not fit.
        except (stripe.SignatureVerificationError, ValueError, TypeError, KeyError, ArithmeticError):
            raise WrongSignature from None


def minor_units(amount: Decimal, currency: str) -> int:
    """Return an amount as Stripe counts it.

    Raises:
        ProviderFault: If it has parts that Stripe cannot count.
    """
    cents = amount.scaleb(_digits(currency))
    coarse = {**dict.fromkeys(_THOUSANDTHS, 10), **dict.fromkeys(_HUNDREDTHS_OF_WHOLE, 100)}.get(currency, 1)
    if cents != cents.to_integral_value() or int(cents) % coarse:
        raise ProviderFault(f"Stripe cannot count {amount} {currency}", final=True)
    return int(cents)


def _digits(currency: str) -> int:
    return 0 if currency in _WHOLE else 3 if currency in _THOUSANDTHS else 2


def _from_minor(cents: int, currency: str) -> Decimal:
    return Decimal(cents).scaleb(-_digits(currency))


@lru_cache(maxsize=1)
def _client_of(key: str, base: str, patience: tuple[float, float]) -> Any:
    import stripe  # noqa: PLC0415 - see above

    return stripe.StripeClient(
        key,
        base_addresses={"api": base} if base else {},
        max_network_retries=_RETRIES,
        http_client=stripe.RequestsClient(timeout=patience),
    )


def _client() -> Any:
    return _client_of(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE, PATIENCE)


@contextmanager
def _faults() -> Iterator[None]:
    """Turn the library's exceptions into ours.

    Stripe answers a request that it refused with a status from 400, 409 and 429 excepted: those were not done, and may
    be asked again. A key that was used for another question says nothing of that question.
    """
    import stripe  # noqa: PLC0415 - see above

    try:
        yield
    except stripe.StripeError as error:
        status = error.http_status or 0
        refused = 400 <= status < 500 and status not in (409, 429) and not isinstance(error, stripe.IdempotencyError)
        raise ProviderFault(f"Stripe: {error.user_message or type(error).__name__}", final=refused) from None


def _told(session: Mapping[str, Any], state: Paid | None = None) -> Told:
    """Read a session, with its payment if that was asked for too."""
    intent, name = session.get("payment_intent") or "", str(session["id"])
    key = str(session.get("client_reference_id") or "")
    if session.get("status") == "complete" and not isinstance(intent, str) and _is_taken_later(intent):
        # The session says what was to be paid, the payment what is authorised or was taken.
        return replace(_intent_told(intent), session=name, key=key)
    intent_state = "" if isinstance(intent, str) else str(intent.get("status", ""))
    currency = str(session.get("currency") or "").upper()
    state = state or _state(session, intent_state)
    is_paid = state == Paid.PAID
    is_known = is_paid or state == Paid.PROCESSING
    return Told(
        name,
        state,
        address=str(session.get("url") or "") if state == Paid.OPEN else "",
        amount=_from_minor(int(session["amount_total"]), currency) if is_paid else None,
        currency=currency if is_paid else "",
        reference=(intent if isinstance(intent, str) else str(intent["id"])) if is_known else "",
        key=key,
    )


def _state(session: Mapping[str, Any], intent: str) -> Paid:
    if session.get("payment_status") == "paid":
        return Paid.PAID
    if session.get("status") == "complete":
        return Paid.FAILED if intent in _FAILED else Paid.PROCESSING
    return Paid.EXPIRED if session.get("status") == "expired" else Paid.OPEN


def _is_taken_later(intent: Mapping[str, Any]) -> bool:
    return intent.get("capture_method") == "manual"


def _intent_told(intent: Mapping[str, Any]) -> Told:
    """Read a payment that is authorised first."""
    state = _INTENTS.get(str(intent.get("status")), Paid.FAILED)
    currency = str(intent["currency"]).upper()
    cents = {Paid.AUTHORISED: "amount_capturable", Paid.PAID: "amount_received"}.get(state)
    charge = intent.get("latest_charge") or ""
    card = {} if isinstance(charge, str) else (charge.get("payment_method_details") or {}).get("card") or {}
    until = card.get("capture_before")
    return Told(
        "",
        state,
        amount=None if cents is None else _from_minor(int(intent[cents]), currency),
        currency="" if cents is None else currency,
        reference=str(intent["id"]),
        key=str((intent.get("metadata") or {}).get("payment") or ""),
        capture_before=datetime.fromtimestamp(until, UTC) if isinstance(until, int) else None,
    )


def _refund_told(refund: Mapping[str, Any]) -> RefundTold:
    currency = str(refund["currency"]).upper()
    return RefundTold(
        str(refund["id"]),
        _REFUNDS.get(str(refund.get("status")), PaidBack.PENDING),
        _from_minor(int(refund["amount"]), currency),
        currency,
        payment=str(refund.get("payment_intent") or ""),
        key=str((refund.get("metadata") or {}).get("refund") or ""),
        reason=str(refund.get("failure_reason") or ""),
        # What was authorised and not taken goes back as a refund that the account's balance knows nothing of.
        is_money=refund.get("status") != "succeeded" or refund.get("balance_transaction", "") is not None,
    )


def _notice(event: str, kind: str, about: Mapping[str, Any]) -> Notice:
    if kind == "checkout.session.async_payment_failed":
        return Notice(event, kind, _told(about, Paid.FAILED))
    if kind.startswith("checkout.session."):
        return Notice(event, kind, _told(about))
    if kind in _OF_INTENTS and _is_taken_later(about):
        return Notice(event, kind, _intent_told(about))
    if about.get("object") == "refund":
        return Notice(event, kind, refund=_refund_told(about))
    return Notice(event, kind)
