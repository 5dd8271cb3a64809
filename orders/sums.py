"""The sums of an order, without the database.

Each sum is rounded half up to the smallest part of its currency. Discount and tax are computed once for the order and
shared out over its parts by largest remainder: computed for each part they would add up to something else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from shopmcp.money import rounded, smallest_part

_NOTHING: Final = Decimal(0)
_TOO_MUCH: Final = Decimal(1_000_000_000)
# What the columns of an order's sums hold; larger ones could be written and not be read again.
_BEYOND_AN_ORDER: Final = Decimal(100_000_000_000)


@dataclass(frozen=True, slots=True)
class Tax:
    """How a store taxes what it sells.

    Attributes:
        rate: In percent; 0 for none.
        included: Whether prices include it.
    """

    rate: Decimal = _NOTHING
    included: bool = True


@dataclass(frozen=True, slots=True)
class Sums:
    """What an order costs; the tuples have an entry for each line.

    Attributes:
        goods: The lines, before the discount.
        tax: All of it, with that of the delivery.
        total: What is paid.
        discounts, taxes: The shares of the lines.
        delivery_tax: The share of the delivery.
    """

    goods: Decimal
    discount: Decimal
    delivery: Decimal
    tax: Decimal
    total: Decimal
    lines: tuple[Decimal, ...]
    discounts: tuple[Decimal, ...]
    taxes: tuple[Decimal, ...]
    delivery_tax: Decimal

    @property
    def fit(self) -> bool:
        """Whether an order can have them: its columns end below a hundred billion."""
        return max(self.goods, self.delivery, self.total) < _BEYOND_AN_ORDER


def is_amount(amount: Decimal, currency: str) -> bool:
    """Whether it is an amount of 0 or more, in whole parts of the currency, that fits into a column."""
    return amount.is_finite() and 0 <= amount < _TOO_MUCH and rounded(amount, currency) == amount


def shared(amount: Decimal, weights: Sequence[Decimal], part: Decimal) -> tuple[Decimal, ...]:
    """Share an amount out by weights, in whole parts, so that the shares add up to it (largest remainder).

    Args:
        amount: A multiple of `part`, not negative.
        weights: Not negative. If all are 0, the first share is everything.
        part: The smallest part.
    """
    whole, whole_weight = int(amount / part), sum(weights, _NOTHING)
    if not weights:
        return ()
    if not whole_weight:
        return (amount, *[_NOTHING] * (len(weights) - 1))
    exact = [whole * weight / whole_weight for weight in weights]
    counts = [int(share) for share in exact]
    by_remainder = sorted(range(len(exact)), key=lambda place: counts[place] - exact[place])
    for place in by_remainder[: whole - sum(counts)]:
        counts[place] += 1
    return tuple(count * part for count in counts)


def sum_up(
    lines: Sequence[tuple[Decimal, int]],
    currency: str,
    tax: Tax,
    *,
    delivery: Decimal = _NOTHING,
    discount: Decimal = _NOTHING,
    discounted: Sequence[bool] = (),
) -> Sums:
    """Return the sums of an order.

    Args:
        lines: Unit price and quantity of each.
        currency: Of all amounts.
        tax: Of the store; delivery is taxed as the goods are.
        delivery: What the delivery costs.
        discount: What a coupon takes off the goods; never more than they cost.
        discounted: For each line whether the coupon covers it; empty for all of them.
    """
    part = smallest_part(currency)
    totals = tuple(rounded(price * quantity, currency) for price, quantity in lines)
    covered = [
        total if covers else _NOTHING for total, covers in zip(totals, discounted or [True] * len(totals), strict=True)
    ]
    discount = min(rounded(discount, currency), sum(covered, _NOTHING))
    discounts = shared(discount, covered, part)
    goods, delivery = sum(totals, _NOTHING), rounded(delivery, currency)
    after = [total - less for total, less in zip(totals, discounts, strict=True)]
    taxed = sum(after, _NOTHING) + delivery
    rate = tax.rate / (100 + tax.rate) if tax.included else tax.rate / 100
    owed = rounded(taxed * rate, currency)
    *taxes, delivery_tax = shared(owed, [*after, delivery], part)
    total = taxed if tax.included else taxed + owed
    return Sums(goods, discount, delivery, owed, total, totals, discounts, tuple(taxes), delivery_tax)
