"""The form of a product on the owner's pages."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from catalog.forms import PlainForm, ProductForm
from catalog.models import Product, Store
from catalog.services.products import KEPT_TOGETHER
from dashboard.base_forms import PlainLabels


def _moment() -> forms.DateTimeInput:
    # With seconds: a sale that ends a second before midnight would count as changed without them.
    return forms.DateTimeInput(attrs={"type": "datetime-local", "step": 1}, format="%Y-%m-%dT%H:%M:%S")


class EditForm(PlainLabels, ProductForm):
    """What the owner may change of a product, and which of it imports leave as it is."""

    sale_begins = forms.DateTimeField(label=_("sale begins"), required=False, widget=_moment())
    sale_ends = forms.DateTimeField(label=_("sale ends"), required=False, widget=_moment())
    kept = forms.MultipleChoiceField(
        label=_("Imports leave this as it is here"),
        choices=[
            ("name", _("name")),
            ("description", _("description")),
            ("category", _("category")),
            ("price", _("price and sale")),
            ("image", _("image")),
            ("available", _("available")),
        ],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Product
        fields = (
            "name", "price", "sale_price", "sale_begins", "sale_ends", "stock", "available", "category", "brand",
            "description", "image", "url", "external_id",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kept"].show_hidden_initial = False
        fields = set(self.instance.identity.kept or ())
        self.initial["kept"] = [name for name, together in KEPT_TOGETHER.items() if fields.issuperset(together)]
        for name, field in self.fields.items():
            if isinstance(field.widget, forms.Textarea):
                field.widget.attrs["rows"] = 6
            if name in ("price", "sale_price"):
                field.widget = forms.TextInput(attrs={"inputmode": "decimal", "dir": "ltr", "size": 10})
            if name in ("image", "url"):
                field.widget.attrs |= {"dir": "ltr"}

    @property
    def changed(self) -> Sequence[str]:
        """The fields of the product that the owner changed."""
        return [name for name in self.changed_data if name != "kept"]


class NewForm(PlainLabels, PlainForm):
    """A product that no file brought."""

    sku = forms.CharField(
        label=_("SKU"),
        required=False,
        max_length=100,
        help_text=_("Your own number of it; empty for one that is made up."),
    )
    price = forms.DecimalField(
        label=_("price"),
        min_value=0,
        max_digits=12,
        decimal_places=3,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "dir": "ltr", "size": 10}),
    )
    stock = forms.IntegerField(
        label=_("stock"), min_value=0, max_value=2**31 - 1, required=False, help_text=_("Empty if it is not counted.")
    )

    class Meta:
        model = Product
        fields = ("store", "name", "price", "sku", "stock", "category", "brand", "description", "image", "url")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stores = Store.objects.order_by("name")
        self.fields["store"] = forms.ModelChoiceField(stores, label=_("store"), empty_label=None)
        self.fields["description"].widget.attrs["rows"] = 6
        for name in ("image", "url"):
            self.fields[name].widget.attrs["dir"] = "ltr"
