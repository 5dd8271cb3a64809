"""Forms for what stores offer. Their fields are the models'; the services check and save."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from catalog.models import Store
from dashboard.base_forms import PlainLabels
from offers.models import WEEKDAYS, Coupon, DeliveryOption, Merchant
from offers.online import online_providers
from orders.payments import provider_named
from shopmcp.money import money


class OfferForm(PlainLabels, forms.ModelForm):  # type: ignore[type-arg]  # takes no arguments at run time
    """Shows amounts with the digits of the store's currency.

    Attributes:
        amounts: The fields that hold an amount in the store's currency.
    """

    amounts: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.add_fields()
        store = self.instance.store
        for name in self.amounts:
            self.fields[name].widget = forms.TextInput(attrs={"inputmode": "decimal", "dir": "ltr", "size": 10})
            if (amount := self.initial.get(name)) is not None:
                shown = Decimal(money(amount, store.currency, store.language).amount)
                # An amount with more digits than the currency has stays as it is.
                self.initial[name] = shown if shown == amount else amount.normalize()
        for field in self.fields.values():
            if isinstance(field.widget, forms.Textarea):
                field.widget.attrs["rows"] = 3

    def add_fields(self) -> None:
        """Add fields that are not of the model, before the form is cleaned."""


class DeliveryOptionForm(OfferForm):
    amounts = ("price", "free_above", "minimum")

    class Meta:
        model = DeliveryOption
        fields = (
            "name", "kind", "price", "free_above", "minimum", "postal_codes", "cities", "pickup_place", "pickup_hours",
            "note", "position", "active",
        )  # fmt: skip


class CouponForm(OfferForm):
    amounts = ("value", "minimum")

    class Meta:
        model = Coupon
        fields = (
            "code", "kind", "value", "minimum", "begins_at", "ends_at", "uses", "uses_each", "products", "categories",
            "told", "active",
        )  # fmt: skip
        widgets = {
            name: forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
            for name in ("begins_at", "ends_at")
        }


# The fields of a store that say how it takes orders.
STORE_FIELDS = (
    "buyer_contact", "orders_email", "pay_on_delivery", "pay_instructions", "feed_counts_orders", "paused",
)  # fmt: skip


# Those of the merchant that are shown below the store's text on how to pay.
_BESIDE_INSTRUCTIONS = ("pay_address", "pay_link", "take_later")


class MerchantForm(OfferForm):
    """Who sells, with those fields of the store that say how it takes orders."""

    delivery_days = forms.MultipleChoiceField(
        label=_("days of delivery"),
        choices=list(WEEKDAYS.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Merchant
        fields = (
            "legal_name", "registration_number", "address", "phone", "email", "prices_include_tax", "tax_rate",
            "delivery_days", "delivery_hours", "cutoff", "low_stock", "confirm_by_code", "remind_after", "take_later",
            "pay_address", "pay_link", "own_checkout", "own_checkout_address",
        )  # fmt: skip
        widgets = {
            "cutoff": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            "tax_rate": forms.TextInput(attrs={"inputmode": "decimal", "dir": "ltr"}),
            "pay_address": forms.TextInput(attrs={"inputmode": "url", "dir": "ltr"}),
            "pay_link": forms.TextInput(attrs={"inputmode": "url", "dir": "ltr"}),
            "own_checkout_address": forms.TextInput(attrs={"inputmode": "url", "dir": "ltr"}),
        }

    def add_fields(self) -> None:
        self.initial["delivery_days"] = list(self.instance.delivery_days)
        self.initial["tax_rate"] = f"{self.instance.tax_rate.normalize():f}"
        for name, field in forms.fields_for_model(Store, STORE_FIELDS).items():
            assert field is not None  # those of the model all have one
            self.fields[name] = field
            self.initial[name] = getattr(self.instance.store, name)
        if not any(provider_named(name).can_take_later for name in online_providers(self.instance.store)):
            del self.fields["take_later"]
        # What belongs together stands together.
        order = [name for name in self.fields if name not in _BESIDE_INSTRUCTIONS]
        place = order.index("pay_instructions") + 1
        self.order_fields([*order[:place], *_BESIDE_INSTRUCTIONS, *order[place:]])

    def clean_delivery_days(self) -> str:
        return "".join(self.cleaned_data["delivery_days"])

    @property
    def of_store(self) -> dict[str, Any]:
        """The values of the store's own fields."""
        return {name: self.cleaned_data[name] for name in STORE_FIELDS}
