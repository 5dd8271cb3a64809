"""An order as people read it, on its page, in mail and on paper; in the language that is active."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import get_language, gettext

from orders.models import Order, OrderLine
from shopmcp.money import money


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """A line with its amounts as text; `changed` says what the shop changed about it, in words."""

    name: str
    options: str
    quantity: int
    unit_price: str
    total: str
    image: str
    changed: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The lines, and the sums below them as (label, amount)."""

    lines: list[ReceiptLine]
    sums: list[tuple[str, str]]
    total: str
    tax: str
    difference: str

    @classmethod
    def of(cls, order: Order, lines: Iterable[OrderLine]) -> "Receipt":
        """Return the order's receipt in the active language."""
        sums = [(gettext("Goods"), amount(order, order.goods))]
        if order.discount:
            label = gettext("Coupon %(code)s") % {"code": order.coupon_code}
            sums.append((label, f"−{amount(order, order.discount)}"))
        free = gettext("free")
        sums.append((order.delivery_name, amount(order, order.delivery_price) if order.delivery_price else free))
        if order.tax and not order.tax_included:
            sums.append((_tax_label(order), amount(order, order.tax)))
        return cls(
            [_line(order, line) for line in lines],
            sums,
            amount(order, order.total),
            _tax_within(order),
            _difference(order),
        )


def amount(order: Order, value: Decimal) -> str:
    """Return an amount of the order as people write it."""
    return money(value, order.currency, get_language() or order.language).formatted


def _line(order: Order, line: OrderLine) -> ReceiptLine:
    changed = line.remark
    if line.quantity != line.first_quantity:
        text = gettext("%(now)s instead of %(before)s") % {"now": line.quantity, "before": line.first_quantity}
        changed = f"{text}. {line.remark}" if line.remark else text
    return ReceiptLine(
        line.name,
        line.options_text,
        line.quantity,
        amount(order, line.unit_price),
        amount(order, line.total),
        line.image,
        changed,
    )


def _tax_label(order: Order) -> str:
    return gettext("Tax %(rate)s %%") % {"rate": f"{order.tax_rate.normalize():f}"}


def _tax_within(order: Order) -> str:
    """What of the total is tax, as a sentence; empty where prices do not include it, or there is none."""
    if not order.tax or not order.tax_included:
        return ""
    text = gettext("It includes %(tax)s of tax (%(rate)s %%).")
    return text % {"tax": amount(order, order.tax), "rate": f"{order.tax_rate.normalize():f}"}


def _difference(order: Order) -> str:
    """What the total differs by from the one that the shopper agreed to, as a sentence; empty for nothing."""
    by = order.total - order.first_total
    if not by:
        return ""
    text = (
        gettext("It costs %(by)s more than when it was placed.")
        if by > 0
        else gettext("It costs %(by)s less than when it was placed.")
    )
    return text % {"by": amount(order, abs(by))}
