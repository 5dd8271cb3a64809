"""Stores and products as MCP resources: `shop://…`."""

from collections.abc import Mapping, Sequence

from django.utils import translation
from django.utils.translation import gettext as _

from catalog.language.text import folded
from catalog.models import Product, Store
from catalog.schemas import StoreOut
from catalog.search.categories import Shelf, categories, shelves
from catalog.search.query import Search
from catalog.search.searching import search
from catalog.texts import detail_text, product_line, store_line
from shopmcp.errors import NotFound
from shopmcp.mcp.resources import resource

_LISTED = 50


def _slugs(begun: str, known: Mapping[str, str]) -> Sequence[str]:
    return list(Store.objects.filter(slug__startswith=begun.lower()).order_by("slug").values_list("slug", flat=True))


def _categories(begun: str, known: Mapping[str, str]) -> Sequence[str]:
    """Return the categories that contain the typed text, of the chosen store or of all; beginnings come first."""
    stores = list(Store.objects.filter(slug=known["slug"]).values_list("pk", flat=True)) if known.get("slug") else None
    # Text without a word, such as a sign, is searched as typed.
    wanted = folded(begun, 300).strip() or begun.strip()
    told = [(name, folded(name, 300).strip()) for name in categories(stores)]
    fitting = [(not words.startswith(wanted), name) for name, words in told if wanted in words or wanted in name]
    return [name for _later, name in sorted(fitting)]


def _each() -> Sequence[tuple[Mapping[str, str], str]]:
    return [({"slug": slug}, name) for slug, name in Store.objects.values_list("slug", "name")]


@resource("shop://stores", title="Stores")
def stores() -> str:
    """Every store with what it offers."""
    return "\n".join(_told(shelf) for shelf in shelves())


@resource("shop://store/{slug}", title="Store", complete={"slug": _slugs}, each=_each)
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
        lines = [product_line(product) for product in page.products]
        if page.next_cursor:
            lines.append(_("There are more; search_products finds all of this category, page by page."))
        return "\n".join(lines)


@resource("shop://product/{product_id}", title="Product")
def product(product_id: str) -> str:
    """All that the shop says of one product, by its product_id: price, stock, description, variants."""
    # A withdrawn product is shown too: the text says that it is no longer sold.
    found = Product.objects.select_related("store").filter(public_id=product_id).first()
    if found is None:
        raise NotFound("")
    with translation.override(found.store.language):
        return detail_text(found, found.siblings(), len(found.description))


def _told(shelf: Shelf | None) -> str:
    if shelf is None:
        raise NotFound("")
    with translation.override(shelf.store.language):
        return store_line(StoreOut.of(shelf))
