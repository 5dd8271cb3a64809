"""Who is told what happened to an order: buyer and shop by mail, the chat in its next answer, systems by webhooks.

All of it is written in the transaction of what happened, and leaves later: a mail server that is away loses nothing.
"""

import logging
from collections.abc import Sequence
from typing import Any, Final

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import get_language, gettext

from carts.news import ORDER
from carts.services.ordering import tell_chat
from orders.links import link_of
from orders.models import Order, OrderEvent, OrderLine, OrderState
from orders.paying import authorised_text, to_pay
from orders.receipt import Receipt, amount
from orders.services.webhooks import tell_systems
from outbox.services import enqueue_mail
from shopmcp.mailboxes import is_mailbox
from shopmcp.money import money

logger = logging.getLogger("shopmcp.orders")
_Kind = OrderEvent.Kind
# What the buyer gets no mail about.
_QUIET: Final = (
    _Kind.AWAITING,
    _Kind.COMPLETED,
    _Kind.AUTHORISED,
    _Kind.NOT_TAKEN,
    _Kind.REPORTED,
    _Kind.NOT_REFUNDED,
)
# What the chat is not told: the shop has to look at it first.
_NOT_TO_CHAT: Final = (_Kind.NOT_TAKEN, _Kind.REPORTED, _Kind.NOT_REFUNDED)
# What the shop hears, besides all that the shopper does.
_TO_OWNER: Final = (_Kind.PLACED, _Kind.EXPIRED, _Kind.NOT_TAKEN, _Kind.REPORTED, _Kind.NOT_REFUNDED)
_ENDED: Final = (_Kind.RELEASED, _Kind.EXPIRED)


def announce(order: Order, event: OrderEvent, lines: Sequence[OrderLine]) -> None:
    """Write what is told about this event; call it in its transaction, with the session locked.

    An order that awaits its payment is not the shop's yet: its chat alone is told. Money that does not fit is told
    always.
    """
    if order.state == OrderState.AWAITING and event.kind in (_Kind.PAID, _Kind.AUTHORISED, *_ENDED):
        return  # that it is placed, or cancelled, is told next
    for_shop = event.kind == _Kind.REPORTED or _is_placed(order)
    if order.email and not _is_quiet(order, event):
        with translation.override(order.language):
            _mail(order, event, lines, order.email, subject_of(order, event), for_owner=False)
    if for_shop and (event.kind in _TO_OWNER or event.actor == Order.Actor.SHOPPER):
        with translation.override(order.store.language):
            subject = _owner_subject(order, event)
            for address in owner_addresses(order):
                _mail(order, event, lines, address, subject, for_owner=True)
    if event.kind not in _NOT_TO_CHAT and not (event.kind in _ENDED and order.state == OrderState.CANCELLED):
        with translation.override(order.store.language):
            tell_chat(order.session_id, f"{ORDER}{event.kind}", chat_sentence(order, event))
    if for_shop:
        tell_systems(order, event, lines)


def _is_quiet(order: Order, event: OrderEvent) -> bool:
    """Whether the buyer gets no mail about it.

    Whoever paid at once has seen it; whose payment is taken later hears of that. That what was authorised is let go
    with a cancelled order, its mail has said.
    """
    if event.kind == _Kind.PAID:
        return not order.take_later
    if event.kind in _ENDED:
        return order.state == OrderState.CANCELLED
    return event.kind in _QUIET


def _is_placed(order: Order) -> bool:
    """Whether the shop has heard of it: not while, or if, nobody has paid for it online."""
    if order.state == OrderState.AWAITING:
        return False
    return not order.is_online or order.events.filter(kind=_Kind.PLACED).exists()


def subject_of(order: Order, event: OrderEvent) -> str:
    """Return the subject of the buyer's mail, in the active language."""
    texts = {
        _Kind.PLACED: gettext("%(shop)s has received your order %(number)s"),
        _Kind.CONFIRMED: gettext("%(shop)s has confirmed your order %(number)s"),
        _Kind.READY: gettext("Your order %(number)s at %(shop)s is on its way")
        if not order.is_pickup
        else gettext("Your order %(number)s at %(shop)s is ready to be picked up"),
        _Kind.CANCELLED: gettext("Your order %(number)s at %(shop)s was cancelled"),
        _Kind.CHANGED: gettext("%(shop)s has changed your order %(number)s"),
        _Kind.PAID: gettext("%(shop)s has received your payment for order %(number)s"),
        _Kind.RELEASED: gettext("The payment for your order %(number)s at %(shop)s was not taken"),
        _Kind.EXPIRED: gettext("The payment for your order %(number)s at %(shop)s was not taken"),
        _Kind.REFUNDED: gettext("%(shop)s has paid back for your order %(number)s"),
        _Kind.WITHDRAWN: gettext("%(shop)s has received your withdrawal from order %(number)s"),
    }
    return texts[_Kind(event.kind)] % {"shop": order.store.name, "number": order.shown_number}


def chat_sentence(order: Order, event: OrderEvent) -> str:
    """Return what the order's chat is told, in the active language."""
    total = amount(order, order.total)
    if event.kind == _Kind.PLACED:
        text = _placed_sentence(order)
    elif event.kind == _Kind.CANCELLED and event.actor == Order.Actor.SHOPPER:  # what a shopper typed is for the shop
        text = gettext("Order %(number)s is now: %(state)s.")
    elif event.kind == _Kind.PAID and order.awaits_payment:
        text = gettext("A payment for order %(number)s has come; %(due)s is still to be paid.")
    else:
        text = _sentences().get(_Kind(event.kind)) or gettext("Order %(number)s is now: %(state)s.")
    facts = {
        "number": order.shown_number,
        "total": total,
        "due": amount(order, order.due),
        "why": event.text,
        "state": event.get_kind_display(),
        "link": link_of(order.number, full=False),
    }
    return (text % facts).strip()


def _placed_sentence(order: Order) -> str:
    if order.authorised:
        return gettext(
            "The shopper's order is placed: order %(number)s, %(total)s. Its payment is authorised; the shop takes the "
            "money later. %(link)s"
        )
    if order.is_online:
        return gettext("The shopper's order is placed and paid: order %(number)s, %(total)s. %(link)s")
    return gettext("The shopper ordered the cart: order %(number)s, %(total)s. %(link)s")


def _sentences() -> dict[OrderEvent.Kind, str]:
    """What the chat is told, in the active language; of other kinds the state."""
    ended = gettext("The payment for order %(number)s was not taken; %(due)s is still to be paid. %(link)s")
    return {
        _Kind.AWAITING: gettext(
            "The shopper ordered the cart, and has not paid yet: order %(number)s, %(total)s. %(link)s"
        ),
        _Kind.CANCELLED: gettext("Order %(number)s was cancelled: %(why)s"),
        _Kind.CHANGED: gettext("The shop changed order %(number)s; it costs %(total)s now. %(why)s"),
        _Kind.WITHDRAWN: gettext("The shopper withdrew from order %(number)s."),
        _Kind.REFUNDED: gettext("The shop paid back for order %(number)s: %(why)s"),
        _Kind.AUTHORISED: gettext("A payment for order %(number)s is authorised; no money was taken yet."),
        _Kind.RELEASED: ended,
        _Kind.EXPIRED: ended,
        _Kind.PAID: gettext("Order %(number)s is paid."),
    }


def _owner_subject(order: Order, event: OrderEvent) -> str:
    total = money(order.total, order.currency, order.store.language).formatted
    texts = {
        _Kind.PLACED: gettext("New order %(number)s: %(total)s"),
        _Kind.CANCELLED: gettext("The shopper cancelled order %(number)s"),
        _Kind.WITHDRAWN: gettext("The shopper withdrew from order %(number)s"),
        _Kind.EXPIRED: gettext("The authorisation of order %(number)s has expired: %(total)s was not taken"),
        _Kind.NOT_TAKEN: gettext("The payment of order %(number)s could not be taken"),
        _Kind.REPORTED: gettext("A payment for order %(number)s has to be checked"),
        _Kind.NOT_REFUNDED: gettext("A repayment for order %(number)s has failed"),
    }
    test = f"[{gettext('test')}] " if order.is_test else ""
    return test + texts[_Kind(event.kind)] % {"number": order.shown_number, "total": total}


def owner_addresses(order: Order) -> list[str]:
    """Return where the shop reads mail about an order."""
    if order.store.orders_email:
        return [order.store.orders_email]
    return [address for address in settings.SHOPMCP_NOTIFY if "@" in address and not address.startswith("https:")]


def _mail(
    order: Order, event: OrderEvent, lines: Sequence[OrderLine], to: str, subject: str, *, for_owner: bool
) -> None:
    """Write one mail, in the active language. To an address that is none nothing is written: the order counts."""
    if not is_mailbox(to):
        logger.error("order %s: no mail is sent to an address that cannot be one", order.number)
        return
    reply_to = order.email if for_owner else order.store.orders_email
    context: dict[str, Any] = {
        "order": order,
        "event": event,
        "receipt": Receipt.of(order, lines),
        "to_pay": to_pay(order),
        "authorised": authorised_text(order),
        # Of payments the shop alone reads by which names a provider knows them.
        "told": event.text if for_owner or event.kind not in (_Kind.PAID, *_ENDED) else "",
        "paid": amount(order, order.paid) if event.kind == _Kind.PAID else "",
        "subject": subject,
        "for_owner": for_owner,
        "link": f"{settings.PUBLIC_URL}/dashboard/orders/{order.number}/"
        if for_owner
        else link_of(order.number, full=True),
    }
    # Its times are the store's.
    with timezone.override(order.store.zone):
        text, html = (render_to_string(f"orders/mail/order.{kind}", context) for kind in ("txt", "html"))
    enqueue_mail(
        f"order.{event.kind}",
        to,
        subject=subject,
        text=text,
        html=html,
        language=get_language() or "",
        reply_to=reply_to if is_mailbox(reply_to) else "",
        dedupe_key=f"order:{order.pk}:{event.pk}",
    )
