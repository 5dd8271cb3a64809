"""A provider that takes no money, for the demo: the buyer says on a page of ours what became of the payment."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Final

from django.conf import settings
from django.utils import timezone

from orders.models import OnlinePayment
from orders.payments.provider import Notice, Paid, PaidBack, ProviderFault, RefundTold, Told, Wanted, WrongSignature

_START: Final = "dummy_"
AUTHORISED_FOR: Final = timedelta(days=7)


class Dummy:
    """It reads what the buyer chose from the payment's row: there is no other system to ask."""

    name = "dummy"
    is_test = True
    hosts = ()
    can_take_later = True

    def can_take(self, amount: Decimal, currency: str) -> bool:
        """Take any."""
        return True

    def open(self, wanted: Wanted) -> Told:
        """Return the address of our own page."""
        address = f"{settings.PUBLIC_URL}/payments/dummy/{wanted.key}/"
        return Told(_START + wanted.key, Paid.OPEN, address, key=wanted.key)

    def ask(self, session: str) -> Told:
        """Return what the row knows; a payment ends with its time."""
        row = OnlinePayment.objects.filter(provider=self.name, session=session).first()
        if row is None:
            raise ProviderFault("there is no such payment", final=True)
        if row.state == OnlinePayment.State.OPEN:
            return Told(session, Paid.EXPIRED if row.expires_at <= timezone.now() else Paid.OPEN)
        if row.state == OnlinePayment.State.AUTHORISED:
            if row.capture_before is not None and row.capture_before <= timezone.now():
                return Told(session, Paid.RELEASED, reference=session)
            return Told(session, Paid.AUTHORISED, "", row.authorised, row.received_currency, session)
        return Told(session, Paid(row.state), amount=row.received, currency=row.received_currency, reference=session)

    def close(self, session: str) -> Told:
        """End it."""
        told = self.ask(session)
        if told.state == Paid.AUTHORISED:
            return Told(session, Paid.RELEASED, reference=session)
        return Told(session, Paid.EXPIRED) if told.state == Paid.OPEN else told

    def capture(self, payment: str, amount: Decimal, currency: str, key: str) -> Told:
        """Take it, if it is still authorised."""
        told = self.ask(payment)
        if told.state == Paid.AUTHORISED and told.amount is not None and amount <= told.amount:
            return Told(payment, Paid.PAID, "", amount, currency, payment)
        if told.state == Paid.PAID and told.amount == amount:
            return told
        raise ProviderFault(f"the payment is {told.state}", final=True)

    def refund(self, payment: str, amount: Decimal, currency: str, key: str) -> RefundTold:
        """Succeed."""
        return RefundTold(f"refund_{key}", PaidBack.SUCCEEDED, amount, currency, payment, key)

    def find_refund(self, payment: str, key: str) -> RefundTold | None:
        """Return none: no refund stays open here."""
        return None

    def read(self, body: bytes, headers: Mapping[str, str]) -> Notice:
        """Refuse: nobody sends messages for it."""
        raise WrongSignature
