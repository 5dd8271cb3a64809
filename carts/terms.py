"""What a cart has beside its lines: the coupon that was applied to it, and the shopper's budget."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext

from offers.models import Coupon
from shopmcp.money import money


@dataclass(slots=True)
class CartTerms:
    """The coupon and the budget of a cart, each also as it was loaded."""

    coupon: Coupon | None = None
    budget: Decimal | None = None
    coupon_before: Coupon | None = None
    budget_before: Decimal | None = None

    @classmethod
    def loaded(cls, coupon_id: int | None, budget: Decimal | None) -> "CartTerms":
        """Return those of a stored cart. A query is made only for a coupon."""
        coupon = None if coupon_id is None else Coupon.objects.select_related("store").filter(pk=coupon_id).first()
        return cls(coupon, budget, coupon, budget)

    def delta(self) -> dict[str, Any] | None:
        """Return what changed as `Change.terms` stores it: before and after; None for nothing."""
        changed: dict[str, Any] = {}
        if self.coupon != self.coupon_before:
            pair = (self.coupon_before, self.coupon)
            changed["coupon"] = [coupon and coupon.pk for coupon in pair]
            changed["codes"] = [coupon and coupon.code for coupon in pair]
        if self.budget != self.budget_before:
            changed["budget"] = [None if sum is None else str(sum) for sum in (self.budget_before, self.budget)]
        return changed or None

    def changes(self, currency: str, locale: str) -> list[str]:
        """Return what changed in words, as lines do: `Coupon: none → SAVE`."""
        return in_words(self.delta() or {}, currency, locale)

    def bring_back(self, deltas: list[dict[str, Any]]) -> None:
        """Undo changes, given oldest first: of each term the first `before` counts."""
        then: dict[str, Any] = {}
        for delta in deltas:
            for name, (before, _) in delta.items():
                then.setdefault(name, before)
        if "coupon" in then:
            # It may have been deleted meanwhile.
            self.coupon = CartTerms.loaded(then["coupon"], None).coupon
        if "budget" in then:
            self.budget = None if then["budget"] is None else Decimal(then["budget"])


def in_words(delta: Mapping[str, Any], currency: str, locale: str) -> list[str]:
    """Return what `CartTerms.delta` tells, as lines do: `Coupon: none → SAVE`. An emptied cart has no currency."""
    told = []
    if "codes" in delta:
        before, after = (code or gettext("none") for code in delta["codes"])
        told.append(gettext("Coupon: %(before)s → %(after)s") % {"before": before, "after": after})
    if "budget" in delta:
        before, after = (gettext("none") if sum is None else _amount(sum, currency, locale) for sum in delta["budget"])
        told.append(gettext("Budget: %(before)s → %(after)s") % {"before": before, "after": after})
    return told


def _amount(amount: str, currency: str, locale: str) -> str:
    return money(Decimal(amount), currency, locale).formatted if currency else amount
