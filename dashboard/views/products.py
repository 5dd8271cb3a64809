"""Products by state, and the reports of the last imports."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, OuterRef, Q, Subquery, prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from catalog.models import ImportRun, Product, ProductQuerySet, Store
from catalog.search.query import Search
from catalog.search.searching import search
from dashboard.exports import csv_file
from dashboard.forms import PRODUCT_STATES
from dashboard.pages import owner_page, show
from shopmcp import paging
from shopmcp.money import rounded

_PER_PAGE = 25
_MOST_EXPORTED = 10_000
_STATES = {
    "": Q(withdrawn_at=None),
    "withdrawn": Q(withdrawn_at__isnull=False, identity__hidden_at=None),
    "hidden": Q(identity__hidden_at__isnull=False),
    "unpriced": Q(withdrawn_at=None, price=None),
    "imageless": Q(withdrawn_at=None, image=""),
    "sold_out": Q(withdrawn_at=None) & (Q(stock=0) | Q(available=False)),
}


@dataclass(frozen=True, slots=True)
class StoreItem:
    """A store, the number of its products in each state, and its last import."""

    store: Store
    counts: dict[str, int]
    run: ImportRun | None

    @property
    def warnings(self) -> list[dict[str, Any]]:
        return self.run.entries("warnings")[:100] if self.run else []

    @property
    def without_image(self) -> str:
        """A sentence with the number of products without an image in the last import; empty for none."""
        count = self.run.details.get("without_image", 0) if self.run else 0
        told = ngettext("%(count)d product has no image.", "%(count)d products have no image.", count)
        return told % {"count": count} if count else ""

    @property
    def refusals(self) -> list[dict[str, Any]]:
        return self.run.entries("refused")[:100] if self.run else []


@owner_page
@require_safe
def products(request: HttpRequest) -> HttpResponse:
    """The stores with their last imports, and the products of a state or a search."""
    # PostgreSQL cannot look for a NUL character.
    state, query = request.GET.get("state", ""), request.GET.get("q", "").replace("\0", " ").strip()[:200]
    cursor, slug = request.GET.get("cursor", ""), request.GET.get("store", "")
    stores = _stores()
    chosen = [row.store.pk for row in stores if not slug or row.store.slug == slug]
    if state not in _STATES or (slug and not chosen):
        raise Http404
    counts = {name: sum(row.counts[name] for row in stores if row.store.pk in chosen) for name in _STATES}
    listed = Product.objects.select_related("store", "identity")
    if slug:
        listed = listed.filter(store__in=chosen)
    if query:
        found = search(Search(query=query, stores=tuple(chosen) if slug else None), limit=_PER_PAGE, cursor=cursor)
        rows, following = [*([] if cursor else _unlisted(listed, query)), *found.products], found.next_cursor
        prefetch_related_objects(rows, "identity")
    else:
        rows, following = paging.page("products", listed.filter(_STATES[state]), _PER_PAGE, cursor, by="identity_id")
    context = {
        "stores": stores,
        "store": slug,
        "states": PRODUCT_STATES,
        "counts": counts,
        "state": state,
        "query": query,
        "rows": rows,
        "cursor": following,
    }
    return show(request, "dashboard/products.html", context)


@owner_page
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """The products of a state as a CSV file, the newest first, up to ten thousand."""
    state, slug = request.GET.get("state", ""), request.GET.get("store", "")
    if state not in _STATES:
        raise Http404
    found = Product.objects.filter(_STATES[state]).select_related("store", "identity").order_by("-identity_id")
    if slug:
        found = found.filter(store__slug=slug)
    header = [
        _("Product id"), _("SKU"), _("Product"), _("Store"), _("Category"), _("Price"), _("Currency"), _("Stock"),
        _("For sale"),
    ]  # fmt: skip
    return csv_file("products", header, map(_cells, found[:_MOST_EXPORTED]))


def _cells(product: Product) -> list[Any]:
    price = product.price_at(timezone.now())
    return [
        product.public_id,
        product.sku,
        product.name,
        product.store.slug,
        product.category,
        "" if price is None else rounded(price, product.currency),
        product.currency,
        "" if product.stock is None else product.stock,
        _("yes") if product.in_stock else _("no"),
    ]


def _unlisted(products: ProductQuerySet, query: str) -> list[Product]:
    """Products that no chat finds, because they are hidden or withdrawn: by id, SKU, or how the name begins."""
    gone = products.filter(withdrawn_at__isnull=False)
    asked = gone.filter(Q(public_id=query) | Q(sku=query)) | gone.name_begins(query)
    return list(asked[:_PER_PAGE])


def _stores() -> list[StoreItem]:
    """Three queries; the last import of a store is the newest one that has ended."""
    numbers = {f"n_{state}": Count("id", filter=fits) for state, fits in _STATES.items()}
    rows = Product.objects.order_by().values_list("store")
    counted = {key: dict(zip(_STATES, found, strict=True)) for key, *found in rows.annotate(**numbers)}
    ended = ImportRun.objects.exclude(state=ImportRun.State.STAGING).filter(slug=OuterRef("slug")).order_by("-id")
    annotated = Store.objects.annotate(last_import=Subquery(ended.values("pk")[:1]))
    stores = [(store, store.last_import) for store in annotated]  # type: ignore[attr-defined]  # the annotation
    runs = ImportRun.objects.in_bulk([run for _store, run in stores if run])
    return [StoreItem(store, counted.get(store.pk, dict.fromkeys(_STATES, 0)), runs.get(run)) for store, run in stores]
