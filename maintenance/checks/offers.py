"""Checks of coupons."""

from collections.abc import Iterator

from django.db import transaction
from django.db.models import Count, F, Q
from django.utils.translation import gettext as _

from carts.models import Cart, Session
from maintenance.checks.finding import Finding, named
from offers.models import Coupon, CouponUse


def coupon_uses() -> Iterator[Finding]:
    """Coupons whose number of uses is not that of their rows."""
    counted = Coupon.objects.annotate(found=Count("takes", filter=Q(takes__given_back_at=None)))
    wrong = counted.exclude(used=F("found")).order_by("pk")
    if found := {coupon.pk: coupon.code for coupon in wrong}:
        yield Finding(
            "coupon_uses",
            _("These coupons count other uses than orders made: %(codes)s.") % {"codes": named(list(found.values()))},
            _("Mending counts them anew."),
            lambda: _count_anew(list(found)),
        )


def _count_anew(coupons: list[int]) -> None:
    for pk in coupons:
        with transaction.atomic():
            # Orders take their uses by an update of this row, so none is taken in between.
            list(Coupon.objects.select_for_update().filter(pk=pk).values_list("pk"))
            taken = CouponUse.objects.filter(coupon=pk).counting().count()
            Coupon.objects.filter(pk=pk, uses__isnull=False, uses__lt=taken).update(uses=taken)
            Coupon.objects.filter(pk=pk).update(used=taken)


def foreign_coupons() -> Iterator[Finding]:
    """Open carts with a coupon of another store than their goods."""
    foreign = Cart.objects.filter(ordered_at=None, coupon__isnull=False).exclude(coupon__store=F("store"))
    if wrong := list(foreign.order_by("public_id").values_list("public_id", flat=True)):
        yield Finding(
            "foreign_coupon",
            _("These carts have a coupon that is not of their store: %(carts)s.") % {"carts": named(wrong)},
            _("Mending takes the coupon off. No line changes."),
            lambda: _take_off(wrong),
        )


def _take_off(carts: list[str]) -> None:
    for public_id in carts:
        with transaction.atomic():
            list(Session.objects.select_for_update().filter(carts__public_id=public_id).values_list("pk"))
            Cart.objects.filter(public_id=public_id).exclude(coupon__store=F("store")).update(coupon=None)


CHECKS = (coupon_uses, foreign_coupons)
