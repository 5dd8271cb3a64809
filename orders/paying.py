"""How an order is still to be paid, for its page, its mail and its chat; in the language that is active."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext

from offers.online import takes_payments
from offers.pay_links import filled
from orders.links import link_of
from orders.models import Order
from orders.receipt import amount
from shopmcp.money import money


@dataclass(frozen=True, slots=True)
class ToPay:
    """What is still to be paid of an order, and how.

    Attributes:
        sum: As people write it.
        number: That of the order, which the buyer names.
        text: Of the shop; may be empty.
        address: Where it is paid; empty if nowhere on the web.
        received: What came so far, as people write it; empty if nothing came.
    """

    sum: str
    number: str
    text: str
    address: str
    received: str

    @property
    def host(self) -> str:
        """Of the address: what the buyer checks before they go there."""
        return urlsplit(self.address).hostname or ""


def authorised_text(order: Order) -> str:
    """Return what is authorised and not taken, as a sentence for the buyer; empty if nothing is."""
    if not order.authorised:
        return ""
    facts = {"sum": amount(order, order.authorised), "part": amount(order, order.to_take)}
    if not order.to_take:
        return gettext("%(sum)s is authorised and will not be taken: you are not charged.") % facts
    if order.to_take < order.authorised:
        return gettext("%(sum)s is authorised, and no money was taken yet. The shop will take %(part)s of it.") % facts
    return (
        gettext("%(sum)s is authorised, and no money was taken yet. The shop takes it later, and never more than that.")
        % facts
    )


def to_pay(order: Order) -> ToPay | None:
    """Return how the order is to be paid now; None if nothing is due, or it is paid when it is handed over."""
    if order.payment == Order.Payment.ON_DELIVERY or not order.awaits_payment:
        return None
    text, address = order.payment_text, order.payment_address
    if order.is_online:
        # Its page leads to the provider.
        is_on = takes_payments(order.payment, order.store) and order.state != Order.State.CANCELLED
        address = link_of(order.number, full=False) if is_on else ""
        text = "" if is_on else gettext("The shop takes no payments online now. Ask it how to pay.")
    if order.payment == Order.Payment.LINK:
        is_on = "link" in settings.SHOPMCP_PAYMENTS
        address = _filled(order) if is_on else ""
        text = "" if is_on else gettext("The shop takes no payments online now. Ask it how to pay.")
    return ToPay(
        amount(order, order.due),
        order.shown_number,
        text,
        address,
        amount(order, order.paid) if order.paid else "",
    )


def _filled(order: Order) -> str:
    """The provider's page for what is due now. It leads back to the order's page, which names no buyer to others."""
    values = {
        "sum": money(order.due, order.currency, "en").amount,
        "currency": order.currency,
        "number": order.number,
        "return": link_of(order.number, full=False),
    }
    return filled(order.payment_address, values)
