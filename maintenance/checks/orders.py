"""Checks of orders: their sums, their stock and their carts."""

from collections.abc import Iterator

from django.db import transaction
from django.db.models import Expression, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, Round
from django.utils.translation import gettext as _

from carts.models import Cart
from catalog.models import ProductIdentity, StockMove
from maintenance.checks.finding import Finding, named
from orders.models import OPEN, Order, OrderEvent, OrderLine, OrderState, PaymentReport

_KEPT = (OrderState.AWAITING, *OPEN)
_AMOUNT = PaymentReport._meta.get_field("amount")


def sums() -> Iterator[Finding]:
    """Orders whose sums are not those of their lines."""
    summed = Order.objects.annotate(
        lines_goods=_sum_of("total"), lines_discount=_sum_of("discount"), lines_tax=_sum_of("tax")
    )
    of_lines = Q(
        lines_goods=_exact(F("goods")),
        lines_discount=_exact(F("discount")),
        lines_tax=_exact(F("tax") - F("delivery_tax")),
    )
    without_tax = F("goods") - F("discount") + F("delivery_price")
    summed = summed.alias(sum=_exact(F("total")))
    of_itself = Q(tax_included=True, sum=_exact(without_tax)) | Q(
        tax_included=False, sum=_exact(without_tax + F("tax"))
    )
    if wrong := _numbers(summed.exclude(of_lines & of_itself)):
        yield Finding(
            "order_sum",
            _("The sums of these orders are not those of their lines: %(orders)s.") % {"orders": named(wrong)},
            _("Compare them with the mail to the buyer, which tells what was bought, and correct the amounts."),
        )


def moves() -> Iterator[Finding]:
    """Orders whose moves of stock are not the pieces that they hold."""
    wrong = [
        order.shown_number
        for order in Order.objects.annotate(held=_sum_of("quantity"), moved=_moved()).exclude(
            Q(state=OrderState.CANCELLED, moved=0) | (~Q(state=OrderState.CANCELLED) & Q(moved=0 - F("held")))
        )
    ]
    if wrong:
        yield Finding(
            "order_stock",
            _("These orders moved other pieces than they hold: %(orders)s.") % {"orders": named(sorted(wrong))},
            _("Count their products, and set the stock in /admin/."),
        )


def on_order() -> Iterator[Finding]:
    """Products whose number in open orders is not that of the orders."""
    found = OrderLine.objects.filter(product=OuterRef("pk"), order__state__in=_KEPT).order_by().values("product")
    waiting = Coalesce(Subquery(found.annotate(n=Sum("quantity")).values("n")), 0)
    counted = ProductIdentity.objects.annotate(found=waiting).exclude(on_order=F("found"))
    if wrong := list(counted.order_by("pk").values_list("pk", "sku")):

        def mend() -> None:
            for pk, _sku in wrong:
                with transaction.atomic():
                    # Locked as an order that takes it does.
                    list(ProductIdentity.objects.select_for_update().filter(pk=pk).values_list("pk"))
                    lines = OrderLine.objects.filter(product=pk, order__state__in=_KEPT)
                    pieces = lines.aggregate(n=Coalesce(Sum("quantity"), 0))["n"]
                    ProductIdentity.objects.filter(pk=pk).update(on_order=pieces)

        yield Finding(
            "on_order",
            _("The pieces in open orders are counted wrongly for these products: %(products)s.")
            % {"products": named([sku for _pk, sku in wrong])},
            _("The next import would set a wrong stock. Mending counts them anew."),
            mend,
        )


def carts() -> Iterator[Finding]:
    """Carts that were ordered and are still open."""
    still_open = Cart.objects.filter(ordered_at=None, order__isnull=False)
    if wrong := list(still_open.order_by("public_id").values_list("public_id", flat=True)):

        def mend() -> None:
            for cart in Cart.objects.filter(public_id__in=wrong).select_related("order"):
                Cart.objects.filter(pk=cart.pk, ordered_at=None).update(ordered_at=cart.order.placed_at)

        yield Finding(
            "ordered_cart",
            _("These carts were ordered and are still open: %(carts)s.") % {"carts": named(wrong)},
            _("Their chats would go on filling them. Mending closes them."),
            mend,
        )


def states() -> Iterator[Finding]:
    """Orders in another state than what happened last left them in."""
    steps = OrderEvent.objects.filter(order=OuterRef("pk"), kind__in=OrderState.values).order_by("-id")
    last = Order.objects.annotate(last=Subquery(steps.values("kind")[:1]))
    if wrong := _numbers(last.exclude(state=F("last"))):
        yield Finding(
            "order_state",
            _("These orders are in another state than what happened last left them in: %(orders)s.")
            % {"orders": named(wrong)},
            _("Somebody changed the table by hand. Look at each, and bring it on in the dashboard."),
        )


def payments() -> Iterator[Finding]:
    """Orders whose state of payment is not that of their amounts, or that count less than was reported and counted."""
    reports = PaymentReport.objects.counted().filter(order=OuterRef("pk")).order_by().values("order")
    amounts = Order.objects.annotate(
        reported=_exact(Coalesce(Subquery(reports.annotate(n=Sum("amount")).values("n")), 0, output_field=_AMOUNT)),
        received=_exact(F("paid")),
        wanted=_exact(F("total") + F("refunded")),
    )
    unpaid, paid = Order.PaymentState.UNPAID, Order.PaymentState.PAID
    wrong = amounts.filter(
        Q(reported__gt=F("received"))
        | Q(refunded__gt=F("paid"))
        | Q(payment_state=paid, paid=0)
        | Q(payment_state=unpaid, paid__gt=0, received__gte=F("wanted"))
    )
    if found := _numbers(wrong):
        yield Finding(
            "order_payment",
            _("The state of the payment of these orders is not that of their amounts: %(orders)s.")
            % {"orders": named(found)},
            _("Somebody changed the table by hand. Compare each with your provider or bank, and correct the amounts."),
        )


def _sum_of(column: str) -> Round:
    lines = OrderLine.objects.filter(order=OuterRef("pk")).order_by().values("order")
    return _exact(
        Coalesce(
            Subquery(lines.annotate(n=Sum(column)).values("n")), 0, output_field=OrderLine._meta.get_field("total")
        )
    )


def _exact(amount: Expression | F) -> Round:
    """An amount to be compared: SQLite computes with fractions of two, in which 0.10 + 0.20 is not 0.30."""
    return Round(amount, precision=3, output_field=_AMOUNT)


def _moved() -> Coalesce:
    found = StockMove.objects.filter(reference=OuterRef("number")).order_by().values("reference")
    return Coalesce(
        Subquery(found.annotate(n=Sum("pieces")).values("n")), 0, output_field=OrderLine._meta.get_field("total")
    )


def _numbers(orders: "QuerySet[Order]") -> list[str]:
    return [order.shown_number for order in orders.order_by("number")]


CHECKS = (sums, moves, on_order, carts, states, payments)
