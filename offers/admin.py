"""What stores offer, in Django's admin. Saving goes through the services."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from offers.models import Coupon, CouponUse, DeliveryOption, Merchant
from offers.services import coupons, delivery, merchants
from shopmcp.admin import FastAdmin


@admin.register(DeliveryOption)
class DeliveryOptionAdmin(FastAdmin):
    list_display = ("name", "store", "kind", "price_text", "position", "active")
    list_select_related = ("store",)
    list_filter = ("store", "kind", "active")
    ordering = ("store_id", "position", "id")

    @admin.display(description=_("price"))
    def price_text(self, option: DeliveryOption) -> str:
        return option.shown(option.price).formatted

    def save_model(
        self, request: HttpRequest, obj: DeliveryOption, form: "ModelForm[DeliveryOption]", change: bool
    ) -> None:
        delivery.save_option(obj)

    def delete_model(self, request: HttpRequest, obj: DeliveryOption) -> None:
        delivery.delete_option(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[DeliveryOption, Any]) -> None:
        for option in queryset:
            delivery.delete_option(option)


@admin.register(Merchant)
class MerchantAdmin(FastAdmin):
    list_display = ("store", "legal_name", "registration_number", "phone", "email", "pages_confirmed_at")
    list_select_related = ("store",)
    ordering = ("store_id",)
    readonly_fields = ("pages_confirmed_at",)

    def save_model(self, request: HttpRequest, obj: Merchant, form: "ModelForm[Merchant]", change: bool) -> None:
        merchants.save_merchant(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Merchant | None = None) -> bool:
        return False  # a store has always had somebody who sells


class CouponForm(ModelForm):  # type: ignore[type-arg]  # takes no arguments at run time
    def clean(self) -> dict[str, Any]:
        """Refuse products that the store has not."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if (store := given.get("store")) and (strange := coupons.strange_products(given.get("products", ""), store.pk)):
            self.add_error("products", coupons.no_such_products(strange))
        return given


@admin.register(Coupon)
class CouponAdmin(FastAdmin):
    list_display = ("code", "store", "kind", "value", "minimum", "begins_at", "ends_at", "used", "uses", "active")
    list_select_related = ("store",)
    list_filter = ("store", "kind", "active")
    search_fields = ("code_key",)
    search_help_text = _("A code.")
    ordering = ("-id",)
    readonly_fields = ("used",)
    form = CouponForm

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Coupon, Any], search_term: str
    ) -> tuple[QuerySet[Coupon, Any], bool]:
        found = Coupon.objects.with_code(search_term)
        return (queryset & found if search_term.strip() else queryset), False

    def save_model(self, request: HttpRequest, obj: Coupon, form: "ModelForm[Coupon]", change: bool) -> None:
        coupons.save_coupon(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Coupon | None = None) -> bool:
        # One that an order used is kept.
        if obj is not None and CouponUse.objects.filter(coupon=obj).exists():
            return False
        return super().has_delete_permission(request, obj)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Without deleting several: one that an order used is kept."""
        return {name: action for name, action in super().get_actions(request).items() if name != "delete_selected"}

    def delete_model(self, request: HttpRequest, obj: Coupon) -> None:
        coupons.delete_coupon(obj)
