"""Stores, products, imports and synonyms in Django's admin."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet, URLField
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from catalog.forms import ProductForm, StoreForm
from catalog.language.text import address_key
from catalog.models import ImportRun, Product, Store, Synonyms
from catalog.services.products import save_product
from catalog.services.stores import save_store
from shopmcp.admin import FastAdmin


@admin.register(Store)
class StoreAdmin(FastAdmin):
    list_display = ("name", "slug", "currency", "language", "base_url")
    search_fields = ("slug", "name")
    form = StoreForm
    formfield_overrides = {URLField: {"assume_scheme": "https"}}
    readonly_fields = ("slug", "currency", "created_at")  # product ids and prices depend on them

    def save_model(self, request: HttpRequest, obj: Store, form: "ModelForm[Store]", change: bool) -> None:
        save_store(obj, form.changed_data, logo=form.cleaned_data["logo"])

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # import_products makes stores

    def has_delete_permission(self, request: HttpRequest, obj: Store | None = None) -> bool:
        return False  # carts and orders point at their products


@admin.register(Product)
class ProductAdmin(FastAdmin):
    """Names products by their identities in addresses and history, so that an open form survives an import."""

    list_display = ("name", "public_id", "price_text", "stock", "available", "withdrawn_at", "store")
    list_select_related = ("store",)
    list_filter = ("store",)
    search_fields = ("public_id",)  # shows the search box; get_search_results decides what it finds
    search_help_text = _("Product id, SKU, address, or how the name begins.")
    ordering = ("-identity_id",)
    form = ProductForm
    fieldsets = (
        (
            None,
            {
                "description": _("The next import of the store's file puts its own values in place of yours."),
                "fields": (
                    "public_id", "picture", "name", "description", "category", "brand", "price", "sale_price",
                    "sale_begins", "sale_ends", "currency", "stock", "available", "expires_at", "withdrawn_at", "image",
                    "url", "external_id", "group_id", "options", "created_at", "updated_at",
                ),
            },
        ),
    )  # fmt: skip
    readonly_fields = (
        "public_id",
        "picture",
        "currency",
        "expires_at",
        "withdrawn_at",
        "group_id",
        "options",
        "created_at",
        "updated_at",
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Product], search_term: str
    ) -> tuple[QuerySet[Product], bool]:
        """Search by index look-ups only, never by a scan of the table."""
        asked = search_term.strip()
        if not asked:
            return queryset, False
        rows = Product.objects.filter(Q(public_id=asked) | Q(sku=asked))
        if key := address_key(asked):
            rows |= Product.objects.filter(url_key=key)
        return queryset & (rows | Product.objects.name_begins(asked)), False

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        listed = super().get_changelist_instance(request)
        listed.pk_attname = "identity_id"  # for links
        return listed

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Product | None:
        return self.get_queryset(request).filter(identity=object_id).first() if object_id.isdecimal() else None

    def save_model(self, request: HttpRequest, obj: Product, form: "ModelForm[Product]", change: bool) -> None:
        obj.stock = form.cleaned_data["stock"]
        save_product(obj, form.changed_data)
        obj.pk = obj.identity_id  # for the history

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Product | None = None) -> bool:
        return False

    @admin.display(description=_("stock"), empty_value="–")
    def stock(self, product: Product) -> int | None:
        return product.stock

    @admin.display(description=_("created"))
    def created_at(self, product: Product) -> datetime:
        return product.identity.created_at

    @admin.display(description=_("price"), empty_value="–")
    def price_text(self, product: Product) -> str | None:
        return product.price_shown.formatted if product.price_shown else None

    @admin.display(description=_("picture"), empty_value="–")
    def picture(self, product: Product) -> SafeString | None:
        """A link, because our pages load no images from other servers."""
        if not product.image_url:
            return None
        return format_html('<a href="{0}" rel="noreferrer">{0}</a>', product.image_url)


@admin.register(ImportRun)
class ImportRunAdmin(FastAdmin):
    """Read-only reports of imports."""

    list_display = (
        "slug", "started_at", "state", "source", "created", "changed", "unchanged", "withdrawn", "refused", "warned",
    )  # fmt: skip
    list_filter = ("state",)
    search_fields = ("slug",)
    search_help_text = _("A store's slug.")
    ordering = ("-id",)
    fields = (
        "slug", "state", "failure", "source", "format", "forced", "started_at", "ended_at", "created", "changed",
        "unchanged", "withdrawn", "refused", "refused_lines", "warned", "warning_lines", "remarks",
    )  # fmt: skip
    readonly_fields = fields

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ImportRun], search_term: str
    ) -> tuple[QuerySet[ImportRun], bool]:
        return (queryset.filter(slug=search_term.strip()) if search_term.strip() else queryset), False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: ImportRun | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ImportRun | None = None) -> bool:
        return False

    @admin.display(description=_("refused lines"), empty_value="–")
    def refused_lines(self, run: ImportRun) -> SafeString | None:
        return _entries(run.entries("refused"))

    @admin.display(description=_("warnings by line"), empty_value="–")
    def warning_lines(self, run: ImportRun) -> SafeString | None:
        return _entries(run.entries("warnings"))

    @admin.display(description=_("remarks"), empty_value="–")
    def remarks(self, run: ImportRun) -> SafeString | None:
        said = (
            (_("Products without an image: %(count)d."), run.details.get("without_image", 0)),
            (_("Relative addresses left out for want of a base URL: %(count)d."), run.details.get("unresolved", 0)),
            (_("Lines left out because the shop does not show them: %(count)d."), run.details.get("skipped", 0)),
        )
        lines = [*run.details.get("remarks", []), *(text % {"count": n} for text, n in said if n)]
        if code := run.details.get("assumed_currency"):
            lines.append(
                _("No currency was given with --currency: prices that name none count as %(code)s.") % {"code": code}
            )
        return format_html_join("", "<div>{}</div>", ((line,) for line in lines)) or None


def _entries(entries: list[dict[str, Any]]) -> SafeString | None:
    rows = ((entry.get("line", ""), entry.get("sku", ""), entry.get("reason", "")) for entry in entries)
    return format_html_join("", "<div>{} <bdi>{}</bdi> {}</div>", rows) or None


@admin.register(Synonyms)
class SynonymsAdmin(FastAdmin):
    list_display = ("words", "updated_at")
    search_fields = ("words",)
    search_help_text = _("A word of the group.")
