"""Sentences about hand-off and orders, for shoppers and models."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext

from carts.offers import CartOffers
from offers.models import Coupon
from offers.texts import free_delivery_text, gain
from orders.models import Order
from orders.schemas import CheckoutLinkOut, OrderInFull, OrderOut, OrdersOut


def link_text(link: CheckoutLinkOut, *, is_copy: bool) -> str:
    """Return the answer that gives a link; it is complete without the structured content.

    Args:
        link: The link.
        is_copy: It opens a copy of the cart, because the cart is shared among chats.
    """
    if link.scope == "buy":
        said = [gettext("The shopper can see, change and order this cart in a browser: %(url)s") % {"url": link.url}]
    else:
        said = [gettext("The cart can be seen in a browser, and not be changed there: %(url)s") % {"url": link.url}]
    said.append(
        gettext("The link works for a day at the most. Whoever has it can open the cart: give it to the shopper alone.")
    )
    if is_copy:
        said.append(gettext("It opens a copy of the cart: changes there do not reach the cart that this chat shares."))
    if urlsplit(settings.PUBLIC_URL).hostname in ("127.0.0.1", "localhost", "::1"):
        said.append(gettext("It opens only on the machine that runs the shop, which has no public address yet."))
    return "\n".join(said)


def orders_text(told: OrdersOut, orders: Iterable[Order]) -> str:
    """Return the answer that names orders; it is complete without the structured content.

    Args:
        told: What is told of each.
        orders: The orders themselves, with their stores: a day is one of the store's time zone.
    """
    if not told.orders:
        return gettext("Nothing was ordered in this conversation yet.")
    days = (f"{order.placed_at.astimezone(order.store.zone):%Y-%m-%d}" for order in orders)
    return "\n".join(_order_text(*each) for each in zip(told.orders, days, strict=True))


def state_text(state: str) -> str:
    """Return the state of an order in words."""
    return str(Order.State(state).label)


def _order_text(order: OrderOut, day: str) -> str:
    text = gettext("Order %(number)s of %(day)s: %(state)s, %(total)s. Its page: %(url)s")
    facts = {
        "number": order.number,
        "day": day,
        "state": state_text(order.state),
        "total": order.total.formatted,
        "url": order.url,
    }
    told = [text % facts]
    if order.to_pay:
        told.append(gettext("Not paid yet: %(sum)s. The page says how to pay.") % {"sum": order.to_pay.formatted})
    if order.authorised:
        text = gettext("Authorised, and not taken yet: %(sum)s. The shop takes it later.")
        told.append(text % {"sum": order.authorised.formatted})
    return "\n".join([*told, *(_details_text(order.details) if order.details else ())])


def _details_text(details: OrderInFull) -> list[str]:
    lines = [f"{line.quantity} × {line.name}: {line.line_total.formatted}" for line in details.lines]
    changed = [f"{line.name}: {line.changed}" for line in details.lines if line.changed]
    return [
        *lines,
        *changed,
        f"{details.delivery}: {details.delivery_price.formatted}",
        details.payment,
        *details.happened,
    ]


def offers_said(offers: CartOffers) -> list[str]:
    """Return what the page of a cart says of its coupon, and of delivery that is nearly free."""
    told = []
    if offers.coupon is not None:
        told.append(_coupon_said(offers, offers.coupon))
    elif offers.near is not None:
        coupon, missing = offers.near
        facts = {"sum": coupon.shown(missing).formatted, "code": coupon.code, "gain": gain(coupon)}
        told.append(gettext("%(sum)s more, and the coupon %(code)s gives: %(gain)s.") % facts)
    if offers.free is not None and not offers.discount.free_delivery:
        told.append(free_delivery_text(offers.free))
    return [text for text in told if text]


def _coupon_said(offers: CartOffers, coupon: Coupon) -> str:
    facts = {"code": coupon.code}
    if offers.discount.free_delivery:
        return gettext("Coupon %(code)s: the delivery is free.") % facts
    if offers.discount.amount:
        facts["discount"] = coupon.shown(offers.discount.amount).formatted
        return gettext("Coupon %(code)s takes off %(discount)s.") % facts
    if offers.discount.missing:
        facts |= {"sum": coupon.shown(offers.discount.missing).formatted, "gain": gain(coupon)}
        return gettext("Coupon %(code)s does not work yet: %(sum)s more, and it gives %(gain)s.") % facts
    if offers.discount.covers:
        return gettext("Coupon %(code)s covers nothing that is in the cart.") % facts
    return gettext("Coupon %(code)s no longer works.") % facts
