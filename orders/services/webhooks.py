"""What the shop's systems are told of orders, by webhooks; docs/webhooks.md describes it."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from catalog.models import Product
from orders.models import Order, OrderEvent, OrderLine
from outbox.services import announce
from shopmcp.money import money

# From so many pieces on a product is almost sold out.
LOW_STOCK: Final = 5
_Kind = OrderEvent.Kind
# The others change the order.
_TYPES: Final = {_Kind.PLACED: "order.placed"} | dict.fromkeys(
    (
        _Kind.AUTHORISED, _Kind.RELEASED, _Kind.EXPIRED, _Kind.NOT_TAKEN, _Kind.PAID, _Kind.REFUNDED,
        _Kind.NOT_REFUNDED, _Kind.REPORTED,
    ),
    "payment.changed",
)  # fmt: skip


def tell_systems(order: Order, event: OrderEvent, lines: Sequence[OrderLine]) -> None:
    """Tell of an order's event, in its transaction; its buyer to those alone who may know."""
    announce(
        _TYPES.get(_Kind(event.kind), "order.changed"),
        {"change": event.kind, "order": _facts(order, lines)},
        store=order.store.slug,
        people={"buyer": _buyer(order)} if order.has_people else None,
        dedupe_key=f"order:{order.pk}:{event.pk}",
    )
    if event.kind == _Kind.PLACED:
        _tell_low_stock(order, lines)


def _facts(order: Order, lines: Sequence[OrderLine]) -> dict[str, Any]:
    def amount(value: Decimal) -> str:
        return money(value, order.currency, order.language).amount

    return {
        "number": order.number,
        "state": order.state,
        "test": order.is_test,
        "store": order.store.slug,
        "placed_at": order.placed_at,
        "changed_at": order.changed_at,
        "currency": order.currency,
        "lines": [
            {
                "product_id": line.product_id_then,
                "name": line.name,
                "quantity": line.quantity,
                "unit_price": amount(line.unit_price),
                "line_total": amount(line.total),
            }
            for line in lines
        ],
        "goods": amount(order.goods),
        "discount": amount(order.discount),
        "coupon": order.coupon_code,
        "delivery": order.delivery_name,
        "pickup": order.is_pickup,
        "delivery_price": amount(order.delivery_price),
        "tax": amount(order.tax),
        "total": amount(order.total),
        "payment": order.payment,
        "payment_state": order.payment_state,
        "authorised": amount(order.authorised),
        "due": amount(order.due),
    }


def _buyer(order: Order) -> Mapping[str, Any]:
    return {
        "name": order.name,
        "phone": order.phone,
        "email": order.email,
        "address": order.address,
        "note": order.note,
    }


def _tell_low_stock(order: Order, lines: Sequence[OrderLine]) -> None:
    """Tell once of each product that this order has brought so low."""
    taken = dict[int, int]()
    for line in lines:
        taken[line.product_id] = taken.get(line.product_id, 0) + line.quantity
    named = {line.product_id: line for line in lines}
    for product in Product.objects.filter(identity__in=taken).select_related("identity"):
        stock = product.stock
        if stock is not None and stock <= LOW_STOCK < stock + taken[product.identity_id]:
            line = named[product.identity_id]
            announce(
                "stock.low",
                {"product_id": line.product_id_then, "name": line.name, "stock": stock},
                store=order.store.slug,
            )
