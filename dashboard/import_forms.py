"""Forms for the file or address of an import, and for what its columns hold."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from catalog.demo import STORE as DEMO
from catalog.feeds.options import FeedOptions
from catalog.models import ImportJob, Store
from dashboard.base_forms import PlainLabels
from shopmcp.money import is_currency

_NEW = ""
# The fields that may be mapped, in the order in which an owner thinks of them.
FIELDS = {
    "sku": _("SKU"),
    "name": _("name"),
    "price": _("price"),
    "sale_price": _("sale price"),
    "stock": _("stock"),
    "available": _("available"),
    "published": _("published"),
    "category": _("category"),
    "description": _("description"),
    "brand": _("brand"),
    "image": _("image"),
    "url": _("address of its page"),
    "barcode": _("barcode"),
}
_BY_ITSELF, _NONE = "", "-"


class SourceForm(PlainLabels, forms.Form):
    """A file or an address, and the store that it is of."""

    file = forms.FileField(
        label=_("product file"),
        required=False,
        help_text=_("What your shop exports, of at most 100 MB: CSV, TSV, XML or JSON, also packed with gzip."),
    )
    address = forms.CharField(
        label=_("or its address"),
        max_length=2000,
        required=False,
        widget=forms.TextInput(
            attrs={"inputmode": "url", "dir": "ltr", "placeholder": "https://www.example.com/feed.xml"}
        ),
    )
    store = forms.ChoiceField(label=_("store"), required=False)
    slug = forms.SlugField(
        label=_("short name of a new store"),
        max_length=40,
        required=False,
        help_text=_("Small letters, digits and dashes, such as bakery. The ids of its products begin with it."),
        widget=forms.TextInput(attrs={"dir": "ltr", "autocapitalize": "none"}),
    )
    currency = forms.CharField(
        label=_("currency of a new store"),
        max_length=3,
        required=False,
        help_text=_("Such as ILS; empty for that of the prices in the file."),
        widget=forms.TextInput(attrs={"dir": "ltr", "size": 5}),
    )
    hour = forms.TypedChoiceField(
        label=_("Import the address each day"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", _("no")), *((hour, f"{hour}:00") for hour in range(24))],
        help_text=_("After this hour where the store is; the server has to run."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stores = list(Store.objects.oldest_first().values_list("slug", "name"))
        slugs = {slug for slug, _name in stores}
        # Nobody imports into the demo: what it has would be withdrawn.
        self.initial.setdefault("store", next((slug for slug, _name in stores if slug != DEMO["slug"]), _NEW))
        self.initial.setdefault("slug", "" if "shop" in slugs else "shop")
        self.fields["store"].choices = [*stores, (_NEW, _("A new store"))]  # type: ignore[attr-defined]  # a ChoiceField
        if not stores:
            del self.fields["store"], self.fields["hour"]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if bool(given.get("file")) == bool(given.get("address")) and "file" not in self.errors:
            self.add_error("file", _("Choose a file, or give an address."))
        if not given.get("store") and not given.get("slug"):
            self.add_error("slug", _("Name the store."))
        if given.get("currency") and not is_currency(given["currency"].upper()):
            self.add_error("currency", _("Use the code of a currency, such as ILS."))
        if given.get("hour") is not None and not (given.get("address") and given.get("store")):
            self.add_error("hour", _("Only an address is imported each day, into a store that is there already."))
        return given

    @property
    def store_slug(self) -> str:
        return str(self.cleaned_data.get("store") or self.cleaned_data["slug"].lower())


class ColumnsForm(PlainLabels, forms.Form):
    """Which column of the file holds which field, and how its values are written."""

    decimal = forms.ChoiceField(
        label=_("decimals of prices stand behind"),
        required=False,
        choices=[("", _("what the file shows")), (".", _("a point")), (",", _("a comma"))],
    )
    add_tax = forms.DecimalField(
        label=_("percent of tax that is added"),
        required=False,
        min_value=Decimal(0),
        max_value=Decimal(100),
        help_text=_("Only if the file has prices before tax."),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "dir": "ltr", "size": 6}),
    )
    allow_unpriced = forms.BooleanField(
        label=_("import products without prices too"), required=False, help_text=_("Nobody can buy them.")
    )
    encoding = forms.ChoiceField(
        label=_("encoding"),
        required=False,
        choices=[
            ("", _("what the file shows")), ("utf-8", "UTF-8"), ("cp1255", "Windows-1255"), ("cp1252", "Windows-1252"),
            ("cp1251", "Windows-1251"), ("cp1250", "Windows-1250"), ("cp1256", "Windows-1256"), ("cp862", "DOS 862"),
        ],
    )  # fmt: skip

    def __init__(self, job: ImportJob, data: Any = None) -> None:
        preview = job.preview
        kept = preview.get("options") or {}
        mapped = kept.get("mapped", {})
        chosen = {f"of-{of}": mapped[of] or _NONE for of in FIELDS if of in mapped}
        super().__init__(data, initial={**kept, **chosen})
        self._preview, self._kept = preview, kept
        columns, held = preview.get("columns") or [], preview.get("held") or {}
        for of, label in FIELDS.items():
            found = held.get(of) or (held.get("gross_price") or held.get("net_price") if of == "price" else None)
            by_itself = _("found by itself: %(column)s") % {"column": found} if found else _("not found")
            choices = [(_BY_ITSELF, by_itself), (_NONE, _("no column")), *((name, name) for name in columns)]
            if (before := mapped.get(of)) and before not in columns:
                choices.append((before, before))
            self.fields[f"of-{of}"] = forms.ChoiceField(label=label, required=False, choices=choices)
        if not columns:
            for of in FIELDS:
                del self.fields[f"of-{of}"]
        self.order_fields([*(f"of-{of}" for of in FIELDS), "decimal", "add_tax", "allow_unpriced", "encoding"])

    @property
    def unread(self) -> Sequence[str]:
        """The columns that hold no field."""
        held = set((self._preview.get("held") or {}).values())
        return [name for name in self._preview.get("columns") or [] if name not in held]

    @property
    def options(self) -> FeedOptions:
        """What the owner says of the file; what only the command can say is as it was."""
        given, before = self.cleaned_data, FeedOptions.from_json(self._kept)
        mapped = {of: column for of, column in before.mapped.items() if of not in FIELDS}
        for of in FIELDS:
            if column := given.get(f"of-{of}"):
                mapped[of] = "" if column == _NONE else column
        return FeedOptions(
            mapped=mapped,
            columns=before.columns,
            encoding=given["encoding"],
            decimal=given["decimal"],
            allow_unpriced=given["allow_unpriced"],
            add_tax=given["add_tax"],
        )
