"""Orders in Django's admin, read-only: the dashboard brings them on, so that the buyer is told and the stock moves."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from orders.models import Capture, OnlinePayment, Order, OrderEvent, OrderLine, PaymentReport, Refund
from shopmcp.admin import FastAdmin

_PEOPLE = ("name", "phone", "email", "street", "street_more", "city", "postal_code", "note", "cancel_reason")
_SHOWN = (
    "number", "store", "session", "cart", "state", "is_test", "placed_at", "changed_at", "language", "currency",
    "goods", "coupon_code", "discount", "delivery_name", "is_pickup", "delivery_price", "tax_rate", "tax_included",
    "tax", "total", "first_total", "payment", "payment_text", "payment_address", "payment_state", "hold_until",
    "take_later", "authorised", "paid", "refunded", "cancelled_by", "withdrawn_at",
)  # fmt: skip


class _ReadOnly:
    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    has_change_permission = has_delete_permission = has_add_permission


class LineInline(_ReadOnly, admin.TabularInline):  # type: ignore[type-arg]  # Django's own takes no arguments at run time
    model = OrderLine
    fields = ("name", "options_text", "quantity", "first_quantity", "unit_price", "total", "discount", "tax", "remark")
    readonly_fields = ("options_text",)

    @admin.display(description=_("options"))
    def options_text(self, line: OrderLine) -> str:
        return line.options_text or "–"


class EventInline(_ReadOnly, admin.TabularInline):  # type: ignore[type-arg]  # as above
    model = OrderEvent
    fields = ("at", "kind", "actor", "who", "text")

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """Leave out the text, which may be a buyer's own, for those who may not see people."""
        return self.fields if request.user.has_perm("orders.see_people") else self.fields[:-1]


class ReportInline(_ReadOnly, admin.TabularInline):  # type: ignore[type-arg]  # as above
    model = PaymentReport
    fields = ("at", "reference", "amount", "currency", "outcome")


class OnlinePaymentInline(_ReadOnly, admin.TabularInline):  # type: ignore[type-arg]  # as above
    model = OnlinePayment
    fields = (
        "begun_at", "provider", "session", "reference", "amount", "currency", "state", "authorised", "authorised_at",
        "capture_before", "received", "received_currency", "outcome", "paid_at", "fault",
    )  # fmt: skip


class CaptureInline(_ReadOnly, admin.TabularInline):  # type: ignore[type-arg]  # as above
    model = Capture
    fk_name = "order"
    fields = ("asked_at", "who", "amount", "currency", "state", "settled_at", "fault")


class RefundInline(_ReadOnly, admin.TabularInline):  # type: ignore[type-arg]  # as above
    model = Refund
    fk_name = "order"
    fields = ("asked_at", "who", "amount", "currency", "reason", "state", "reference", "settled_at", "fault")


@admin.register(Order)
class OrderAdmin(_ReadOnly, FastAdmin):
    list_display = ("shown_number", "state", "store", "total", "currency", "payment_state", "is_test", "placed_at")
    list_select_related = ("store",)
    list_filter = ("state", "store")
    ordering = ("-id",)
    search_fields = ("number__exact",)
    search_help_text = _("The number of an order, without dashes.")
    inlines = (LineInline, EventInline, ReportInline, OnlinePaymentInline, CaptureInline, RefundInline)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Leave the buyer out for those who may not see people."""
        return (*_SHOWN, *_PEOPLE) if request.user.has_perm("orders.see_people") else _SHOWN
