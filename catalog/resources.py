"""Stores and products as resources that a host may attach: `shop://…`."""

from collections.abc import Mapping, Sequence

from django.utils import translation

from catalog.models import Product, Store
from catalog.schemas import ProductDetailOut, ProductOut, StoreOut
from catalog.search import Search, Shelf, categories, search, shelves
from catalog.text import folded
from catalog.wording import detail_text, product_line, store_line
from shopmcp.errors import NotFound
from shopmcp.resources import resource

_LISTED = 50


def _slugs(begun: str, known: Mapping[str, str]) -> Sequence[str]:
    return list(Store.objects.filter(slug__startswith=begun.lower()).order_by("slug").values_list("slug", flat=True))


def _categories(begun: str, known: Mapping[str, str]) -> Sequence[str]:
    """The categories that hold these letters, of the store that was chosen or of all."""
    stores = list(Store.objects.filter(slug=known["slug"]).values_list("pk", flat=True)) if "slug" in known else None
    wanted = folded(begun, 300).strip()
    return [name for name in categories(stores) if wanted in folded(name, 300)]


@resource("shop://stores", title="Stores")
def stores() -> str:
    """Every store with what it offers."""
    return "\n".join(_told(shelf) for shelf in shelves())


@resource("shop://store/{slug}", title="Store", complete={"slug": _slugs})
def store(slug: str) -> str:
    """One store: what it offers, and what it says about shipping, returns and contact."""
    return _told(next((shelf for shelf in shelves() if shelf.store.slug == slug), None))


@resource(
    "shop://store/{slug}/category/{category}", title="Category", complete={"slug": _slugs, "category": _categories}
)
def category(slug: str, category: str) -> str:
    """The products of one category of a store, in the order of import, at most fifty."""
    chosen = Store.objects.filter(slug=slug).first()
    if chosen is None:
        raise NotFound("")
    page = search(Search(stores=(chosen.pk,), categories=(category,)), limit=_LISTED)
    if not page.total:
        raise NotFound("")
    with translation.override(chosen.language):
        return "\n".join(product_line(ProductOut.of(product)) for product in page.products)


@resource("shop://product/{product_id}", title="Product")
def product(product_id: str) -> str:
    """All that the shop says of one product, by its product_id: price, stock, description, variants."""
    found = Product.objects.select_related("store").listed().filter(public_id=product_id).first()
    if found is None:
        raise NotFound("")
    with translation.override(found.store.language):
        return detail_text(ProductDetailOut.of(found), len(found.description))


def _told(shelf: Shelf | None) -> str:
    if shelf is None:
        raise NotFound("")
    with translation.override(shelf.store.language):
        return store_line(StoreOut.of(shelf))
