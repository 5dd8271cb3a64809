"""From a cart to an order, in one transaction: all of it or nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext

from carts.cart import CartState
from carts.models import Cart, Session
from carts.services.ordering import close_cart
from carts.services.saving import locked_elsewhere
from catalog.models import Product, Store
from catalog.services.stock import take_stock
from offers.buyers import Buyer
from offers.models import DeliveryOption, Merchant
from offers.online import ONLINE
from offers.services.coupons import take_use
from orders import limits
from orders.models import Order, OrderEvent, OrderLine, OrderState
from orders.numbers import new_number
from orders.payments import provider_named
from orders.refusals import InvalidDetails, NotTaken, OrderChanged
from orders.services import confirming
from orders.services.blocking import check_contact
from orders.services.details import Details, checked, how_to_pay, is_taken_later
from orders.services.messages import announce
from orders.services.quoting import Quote, quote
from shopmcp.errors import NotFound
from shopmcp.money import money


@dataclass(frozen=True, slots=True)
class Seen:
    """What the shopper saw when they ordered: the version of the cart, and the sum on the button."""

    version: int
    total: Decimal


@dataclass(frozen=True, slots=True)
class Placed:
    """An order; `is_new` is False if the same request, or another for the same cart, had placed it before."""

    order: Order
    is_new: bool


def place_order(
    cart: str,
    details: Details,
    *,
    key: str,
    seen: Seen,
    network: str = "",
    is_test: bool = False,
    person: int | None = None,
) -> Placed:
    """Order what can be bought of a cart now; the session's next cart is empty.

    A cart becomes one order: whoever asks again, by a double click, from another tab or after an answer that got lost,
    gets the first one.

    Args:
        cart: The public id of the cart.
        details: What the shopper typed and chose; nothing in it is trusted.
        key: The request's own, at most 64 characters.
        seen: What the shopper agreed to.
        network: Where the request comes from, for the limits.
        is_test: Whether the order counts in no number.
        person: The key of who is signed in in the browser; the order is theirs. It is nobody's without one, also in a
            proved chat: whoever got its link types details that are not its person's.

    Raises:
        NotFound: If there is no such cart.
        InvalidDetails: With the fields that have to be corrected.
        OrderChanged: If cart, prices, delivery or sum are not what the shopper saw; nothing was ordered.
        NotTaken: If the store takes no orders now, or none from this buyer.
        CodeNeeded: If the order has to be confirmed by a code first.
        CouponRefused: If the coupon has just been used up, or this buyer has used it as often as a buyer may.
        TooMany: If too many orders came from this session, network or contact.
    """
    of = Cart.objects.filter(public_id=cart).values_list("pk", "session_id", "session__public_id").first()
    if of is None:
        raise NotFound(gettext("There is no such cart."), fix=gettext("Ask the chat for a new link."))
    cart_pk, session, session_id = of
    request_key = f"{session}:{key}"[:64]
    if (order := _placed(cart_pk, request_key)) is not None:
        return Placed(order, is_new=False)
    with locked_elsewhere(session_id) as state:
        # Again, now that nobody else can place it: the request may have come twice at once.
        if (order := _placed(cart_pk, request_key)) is not None:
            return Placed(order, is_new=False)
        with limits.admitted(session, network, details.contacts):
            order = _place(state, cart_pk, details, request_key, seen, is_test=is_test, person=person)
            return Placed(order, is_new=True)


def check_open(store: Store) -> None:
    """Refuse while the store takes no orders.

    Raises:
        NotTaken: If it is paused, in its own words; if it has a checkout of its own; or if it has not said who sells,
            or not confirmed its pages.
    """
    if store.paused:
        raise NotTaken(
            gettext("The shop takes no orders now: %(why)s") % {"why": store.paused},
            fix=gettext("The cart stays as it is."),
        )
    merchant = Merchant.objects.of_store(store).first()
    if merchant is not None and merchant.has_own_checkout:
        raise NotTaken(
            gettext("This shop takes orders in its own checkout."), fix=gettext("Open the page of the cart again.")
        )
    if merchant is None or merchant.missing or merchant.pages_confirmed_at is None:
        raise NotTaken(
            gettext("The shop is not ready to take orders yet."),
            fix=gettext("The cart stays as it is. The shop's owner sees in the dashboard what is missing."),
        )


def check_currency(options: Sequence[DeliveryOption], currency: str) -> None:
    """Refuse goods in a currency in which none of these options has its price.

    Raises:
        NotTaken: With both currencies.
    """
    if not any(option.is_for(currency) for option in options):
        raise NotTaken(
            gettext("The shop's deliveries have prices in %(store)s, and this cart is in %(cart)s.")
            % {"store": options[0].store.currency, "cart": currency},
            fix=gettext("Call the shop, or choose products with prices in the other currency."),
        )


def _placed(cart: int, request_key: str) -> Order | None:
    rows = Order.objects.select_related("store")
    # Two look-ups of unique columns: a database may read the whole table for one with `or`.
    return next((order for by in ({"cart": cart}, {"request_key": request_key}) for order in rows.filter(**by)), None)


def _place(
    state: CartState,
    cart: int,
    details: Details,
    request_key: str,
    seen: Seen,
    *,
    is_test: bool,
    person: int | None,
) -> Order:
    if state.id != cart:  # only an order closes a cart
        raise OrderChanged(gettext("This cart was closed."), fix=gettext("Ask the chat for a new link."))
    if state.store is None or not state.lines:
        raise OrderChanged(gettext("The cart is empty."), fix=gettext("Put something into it in the chat."))
    store = Store.objects.get(pk=state.store.id)
    check_open(store)
    option = DeliveryOption.objects.offered().of_store(store).filter(pk=details.delivery).first()
    details = checked(details, store, option)
    check_contact(store, Buyer(details.email, details.phone))
    confirming.demand(cart, store, details)
    assert option is not None  # else it was refused
    option.store = store
    check_currency([option], state.currency)
    quoted = quote(state, store, option)
    _check_seen(state, quoted, seen)
    _check_minimum(quoted, option)
    _check_way(details.payment, quoted.sums.total, state.currency)
    now = timezone.now()
    order = _new_order(cart, state, store, option, quoted, details, request_key, now)
    order.is_test, order.person_id = order.is_test or is_test, person
    taken = {line.item.id: line.quantity for line in quoted.lines}
    if (short := take_stock(taken, reference=order.number)) is not None:
        name = next(line.item.name for line in quoted.lines if line.item.id == short)
        raise OrderChanged(
            gettext("Somebody else has just bought %(name)s: there is less of it left.") % {"name": name},
            fix=gettext("Look at the cart as it is now. Nothing was ordered."),
        )
    if quoted.coupon is not None:
        # The person of a proved chat has used it too, whoever orders.
        buyer = Buyer(details.email, details.phone, person or state.person)
        order.coupon_use = take_use(quoted.coupon, buyer)
        order.coupon_code = quoted.coupon.code
    order.save(force_insert=True)
    if not close_cart(state, now):
        raise OrderChanged(gettext("This cart was closed."), fix=gettext("Ask the chat for a new link."))
    lines = _lines(order, quoted)
    OrderLine.objects.bulk_create(lines)
    event = OrderEvent.objects.create(
        order=order, kind=OrderEvent.Kind(order.state), actor=Order.Actor.SHOPPER, at=now, text=_left_out(quoted)
    )
    announce(order, event, lines)
    return order


def _check_seen(state: CartState, quoted: Quote, seen: Seen) -> None:
    if not quoted.lines:
        raise OrderChanged(
            gettext("Nothing in the cart can be bought now."), fix=gettext("Look for something else in the chat.")
        )
    if not quoted.sums.fit:
        raise NotTaken(
            gettext("This is more than can be ordered here at once."),
            fix=gettext("Order fewer, or call the shop. Nothing was ordered."),
        )
    if state.version == seen.version and quoted.sums.total == seen.total:
        return
    store, currency = state.store, state.currency
    locale = store.language if store else "en"
    before, after = (money(total, currency, locale).formatted for total in (seen.total, quoted.sums.total))
    if quoted.sums.total != seen.total:
        message = gettext("The sum has changed from %(before)s to %(after)s.") % {"before": before, "after": after}
    else:
        message = gettext("The cart has changed since you saw it.")
    raise OrderChanged(message, fix=gettext("Look at it, and order again. Nothing was ordered."))


def _check_minimum(quoted: Quote, option: DeliveryOption) -> None:
    if missing := option.missing_for_minimum(quoted.after_discount):
        raise InvalidDetails(
            "delivery",
            gettext("%(option)s needs %(missing)s more in the cart.")
            % {"option": option.name, "missing": option.shown(missing).formatted},
            fix=gettext("Choose another way of delivery, or add something."),
        )


def _check_way(payment: str, total: Decimal, currency: str) -> None:
    """Refuse before the order what the provider would refuse after it."""
    if payment in ONLINE and total and not provider_named(payment).can_take(total, currency):
        raise InvalidDetails(
            "payment",
            gettext("This sum cannot be paid online in %(currency)s.") % {"currency": currency},
            fix=gettext("Choose another way to pay."),
        )


def _new_order(
    cart: int,
    state: CartState,
    store: Store,
    option: DeliveryOption,
    quoted: Quote,
    details: Details,
    request_key: str,
    now: datetime,
) -> Order:
    sums = quoted.sums
    order = Order(
        number=_unused_number(),
        store=store,
        session_id=state.session_id,
        cart_id=cart,
        request_key=request_key,
        language=details.language,
        is_test=Session.objects.values_list("is_check", flat=True).get(pk=state.session_id),
        placed_at=now,
        changed_at=now,
        currency=state.currency,
        goods=sums.goods,
        discount=sums.discount,
        delivery_price=sums.delivery,
        tax_rate=quoted.tax.rate,
        tax_included=quoted.tax.included,
        tax=sums.tax,
        delivery_tax=sums.delivery_tax,
        total=sums.total,
        first_total=sums.total,
        delivery_name=option.name,
        is_pickup=option.is_pickup,
        pickup_place=option.pickup_place,
        pickup_hours=option.pickup_hours,
        delivery_note=option.note,
        payment=details.payment,
        **how_to_pay(store, details.payment),
        **{name: getattr(details, name) for name in _TYPED},
    )
    order.set_keys()
    if order.is_online:
        # A trial's order counts in no number.
        order.is_test = order.is_test or provider_named(order.payment).is_test
        order.take_later = is_taken_later(store, order.payment)
        if order.awaits_payment:
            order.state, order.hold_until = OrderState.AWAITING.value, now + settings.SHOPMCP_PAYMENT_HOLD
    return order


_TYPED = ("name", "phone", "email", "note", "street", "street_more", "city", "postal_code")


def _unused_number() -> str:
    while Order.objects.filter(number=(number := new_number())).exists():
        pass
    return number


def _lines(order: Order, quoted: Quote) -> list[OrderLine]:
    sums = quoted.sums
    products = Product.versions.shown(line.item.id for line in quoted.lines)
    return [
        OrderLine(
            order=order,
            product_id=line.item.id,
            position=place,
            product_id_then=line.item.public_id,
            name=line.item.name,
            options=products[line.item.id].options,
            image=line.item.image,
            unit_price=line.price,
            quantity=line.quantity,
            first_quantity=line.quantity,
            total=sums.lines[place],
            discount=sums.discounts[place],
            tax=sums.taxes[place],
        )
        for place, line in enumerate(quoted.lines)
    ]


def _left_out(quoted: Quote) -> str:
    """What of the cart could not be bought, for the owner to see."""
    bought = {line.item.id: line.quantity for line in quoted.lines}
    missing: Sequence[str] = [
        f"{line.product.name}: {bought.get(line.product.id, 0)} / {line.quantity}" for line in quoted.short
    ]
    return "; ".join(missing)[:1000]
