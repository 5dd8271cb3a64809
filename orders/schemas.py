"""The outward shapes of hand-off and orders."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal, cast

from django.utils.translation import get_language
from pydantic import BaseModel, ConfigDict, Field

from orders.customers import Customer
from orders.links import link_of
from orders.models import Order, OrderEvent, OrderLine
from orders.paying import to_pay
from orders.receipt import Receipt
from shopmcp.money import Money, money

OrderState = Literal["awaiting", "placed", "confirmed", "ready", "completed", "cancelled"]


class CheckoutLinkOut(BaseModel):
    """A link that opens the cart in a browser."""

    url: str = Field(description="Give it to the shopper as it is. Whoever has it can open the cart.")
    scope: Literal["view", "buy"] = Field(description="`buy` lets its reader change the cart too.")
    expires_at: str = Field(description="Until when it opens the cart, in ISO 8601.", examples=["2026-11-27T21:20:17Z"])


class OrderedLineOut(BaseModel):
    """A product as it was bought."""

    product_id: str
    name: str
    quantity: int
    unit_price: Money
    line_total: Money
    changed: str | None = Field(None, exclude_if=lambda text: text is None, description="What the shop changed.")


class OrderInFull(BaseModel):
    """What is in an order, and how it comes; without its buyer."""

    lines: list[OrderedLineOut]
    goods: Money
    discount: Money
    delivery: str = Field(description="The way of delivery.")
    delivery_price: Money
    payment: str = Field(description="How it is paid, and whether it was.")
    happened: list[str] = Field(description="What happened to it, the newest last.")


class OrderOut(BaseModel):
    """An order of this conversation."""

    number: str = Field(description="As people read it.", examples=["K7M-29Q-XFM"])
    state: OrderState
    total: Money
    url: str = Field(description="Its page, which shows state, lines and sum. Give it to the shopper as it is.")
    placed_at: str = Field(description="In ISO 8601.", examples=["2026-11-27T21:20:17Z"])
    to_pay: Money | None = Field(
        None,
        exclude_if=lambda to_pay: to_pay is None,
        description="What is still to be paid before it is handed over; its page says how.",
    )
    authorised: Money | None = Field(
        None,
        exclude_if=lambda authorised: authorised is None,
        description="What is authorised for it: no money was taken yet, and the shop takes it later.",
    )
    details: OrderInFull | None = Field(
        None, exclude_if=lambda details: details is None, description="Only if that order was asked for."
    )


class OrdersOut(BaseModel):
    """Orders of this conversation, the newest first."""

    orders: list[OrderOut]


def order_out(order: Order, *, in_full: bool) -> OrderOut:
    """Return an order as its chat sees it, in the active language."""
    return OrderOut(
        number=order.shown_number,
        state=cast("OrderState", order.state),
        total=amount_out(order, order.total),
        url=link_of(order.number, full=False),
        placed_at=f"{order.placed_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        to_pay=amount_out(order, order.due) if to_pay(order) else None,
        authorised=amount_out(order, order.authorised) if order.authorised else None,
        details=_in_full(order, list(order.lines.all()), order.events.all()) if in_full else None,
    )


def amount_out(order: Order, amount: Decimal) -> Money:
    """Return an amount of the order in both forms."""
    return money(amount, order.currency, get_language() or order.language)


def _in_full(order: Order, lines: Sequence[OrderLine], events: Iterable[OrderEvent]) -> OrderInFull:
    told, zone = Receipt.of(order, lines).lines, order.store.zone
    return OrderInFull(
        lines=[
            OrderedLineOut(
                product_id=line.product_id_then,
                name=line.name,
                quantity=line.quantity,
                unit_price=amount_out(order, line.unit_price),
                line_total=amount_out(order, line.total),
                changed=shown.changed or None,
            )
            for line, shown in zip(lines, told, strict=True)
        ],
        goods=amount_out(order, order.goods),
        discount=amount_out(order, order.discount),
        delivery=order.delivery_name,
        delivery_price=amount_out(order, order.delivery_price),
        payment=f"{order.get_payment_display()}: {order.get_payment_state_display()}",
        happened=[f"{event.at.astimezone(zone):%Y-%m-%d %H:%M} {event.get_kind_display()}" for event in events],
    )


class BuyerOut(BaseModel):
    """Who bought; only for keys with the scope `people`, and staff with that permission."""

    name: str
    phone: str
    email: str
    address: list[str]
    note: str


class ApiLineOut(OrderedLineOut):
    """A line with its shares of discount and tax, which add up to those of the order."""

    discount: Money
    tax: Money


class ApiOrderOut(BaseModel):
    """An order as scripts see it."""

    number: str = Field(examples=["K7M29QXFM"])
    state: OrderState
    test: bool = Field(description="Such an order counts in no number.")
    store: str = Field(description="The slug of the store.")
    session: str = Field(description="The public id of its conversation.", examples=["s_k3v7m2x5q4a6b2cd"])
    placed_at: datetime
    changed_at: datetime
    currency: str
    lines: list[ApiLineOut]
    goods: Money
    discount: Money
    coupon: str
    delivery: str
    pickup: bool
    delivery_price: Money
    tax: Money
    tax_rate: str = Field(description="In percent.", examples=["18"])
    tax_included: bool
    total: Money
    payment: str = Field(examples=["on_delivery"])
    payment_state: Literal["unpaid", "authorised", "paid", "refunded"]
    authorised: Money = Field(description="What is held for the shop, and was neither taken nor let go.")
    to_take: Money = Field(description="What the shop can take of it: what the order costs now, and has not come yet.")
    paid: Money = Field(description="What has come in all.")
    paid_back: Money
    due: Money = Field(
        description="What the buyer still has to pay, beside what is authorised; below 0 what is to be paid back."
    )
    cancel_reason: str
    buyer: BuyerOut | None = Field(description="Null without the scope `people`, and after it was deleted.")


class ApiOrdersOut(BaseModel):
    """A page of orders, the newest first."""

    orders: list[ApiOrderOut]
    next_cursor: str | None = Field(description="Pass as `cursor`, with the same filters, for the next page.")


class CustomerOut(BaseModel):
    """A shopper with an account."""

    id: str = Field(description="Its public id.", examples=["p_k3v7m2x5q4a6b2cd"])
    email: str
    name: str
    phone: str
    chats: int = Field(description="Conversations that the account keeps.")
    orders: int = Field(description="Without tests, and without those that were cancelled or await their payment.")
    value: dict[str, str] = Field(description="What these orders cost, by currency; decimals with a point.")
    seen_at: datetime = Field(description="The last sign-in, or the last call of a chat.")


class CustomersOut(BaseModel):
    """A page of customers, who signed in last first."""

    customers: list[CustomerOut]
    next_cursor: str | None = Field(description="Pass as `cursor`, with the same filters, for the next page.")


def customer_out(customer: Customer) -> CustomerOut:
    """Return a customer as the JSON API shows it."""
    person = customer.person
    return CustomerOut(
        id=person.public_id,
        email=person.email,
        name=person.name,
        phone=person.phone,
        chats=customer.chats,
        orders=customer.orders,
        value={currency: f"{total:f}" for currency, total in customer.value.items()},
        seen_at=customer.seen_at,
    )


class OrderChange(BaseModel):
    """What becomes of an order."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"state": "confirmed"}]})

    state: Literal["confirmed", "ready", "completed", "cancelled"]
    reason: str = Field("", max_length=500, description="Why it is cancelled; the buyer reads it.")


def api_order_out(order: Order, *, with_people: bool) -> ApiOrderOut:
    """Return an order as the JSON API shows it."""
    lines = list(order.lines.all())
    in_full = _in_full(order, lines, ())
    return ApiOrderOut(
        number=order.number,
        state=cast("OrderState", order.state),
        test=order.is_test,
        store=order.store.slug,
        session=order.session.public_id,
        placed_at=order.placed_at,
        changed_at=order.changed_at,
        currency=order.currency,
        lines=[
            ApiLineOut(**dict(shown), discount=amount_out(order, line.discount), tax=amount_out(order, line.tax))
            for line, shown in zip(lines, in_full.lines, strict=True)
        ],
        goods=in_full.goods,
        discount=in_full.discount,
        coupon=order.coupon_code,
        delivery=order.delivery_name,
        pickup=order.is_pickup,
        delivery_price=in_full.delivery_price,
        tax=amount_out(order, order.tax),
        tax_rate=f"{order.tax_rate.normalize():f}",
        tax_included=order.tax_included,
        total=amount_out(order, order.total),
        payment=order.payment,
        payment_state=cast("Literal['unpaid', 'authorised', 'paid', 'refunded']", order.payment_state),
        authorised=amount_out(order, order.authorised),
        to_take=amount_out(order, order.to_take),
        paid=amount_out(order, order.paid),
        paid_back=amount_out(order, order.refunded),
        due=amount_out(order, order.due),
        # What a shopper typed may name them, as their note does.
        cancel_reason=order.cancel_reason if with_people or order.cancelled_by != Order.Actor.SHOPPER else "",
        buyer=_buyer(order) if with_people and order.has_people else None,
    )


def _buyer(order: Order) -> BuyerOut:
    return BuyerOut(name=order.name, phone=order.phone, email=order.email, address=order.address, note=order.note)
