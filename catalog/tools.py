"""The tools with which a chat looks around the shop; none of them needs a cart."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from pydantic import Field, WithJsonSchema

from catalog.models import Product, Store
from catalog.schemas import ProductDetailOut, ProductOut, SearchOut, StoreOut, StoresOut
from catalog.search import Page, Search, Sort, categories, categories_like, search, shelves
from catalog.text import words
from shopmcp.arguments import Whole
from shopmcp.errors import InvalidArguments, NotFound
from shopmcp.server import Answer, Call, tool

_OFFERED = 30  # categories that a text names at most
_DESCRIBED = 600  # characters of a description that a text repeats
_PRICE_SCHEMA = WithJsonSchema({"type": "number", "minimum": 0, "maximum": 999_999_999})


@tool(
    title="List stores", read_only=True, browsing=True, invoking="Looking at the stores", invoked="Looked at the stores"
)
def list_stores(call: Call) -> Answer[StoresOut]:
    """Use this when the shopper asks what the shop sells, or before limiting a search to one category or store.

    Returns every store with its currency, how many products can be bought, and the names of its categories.
    """
    offered = shelves()
    _speak(call, next((shelf.store for shelf in offered), None))
    stores = [StoreOut.of(shelf) for shelf in offered]
    if not stores:
        return Answer(_("The shop has no stores yet."), StoresOut(stores=[]))
    return Answer("\n".join(_store_line(store) for store in stores), StoresOut(stores=stores))


@tool(
    title="Search products", read_only=True, browsing=True, invoking="Searching the shop", invoked="Searched the shop"
)
def search_products(
    call: Call,
    *,
    query: Annotated[
        str,
        Field(
            max_length=1000,
            description="Words in the shopper's language; every one must match name, category, SKU, brand or "
            "description. A product_id, SKU or product URL finds that product. Empty lists everything.",
        ),
    ] = "",
    category: Annotated[
        str | None, Field(max_length=120, description="Only this category, as list_stores names it.")
    ] = None,
    min_price: Annotated[
        Decimal | None, Field(ge=0, le=999_999_999, description="Lowest price, in the store's currency."), _PRICE_SCHEMA
    ] = None,
    max_price: Annotated[
        Decimal | None,
        Field(ge=0, le=999_999_999, description="Highest price, in the store's currency."),
        _PRICE_SCHEMA,
    ] = None,
    in_stock_only: Annotated[bool, Field(description="Leave out what cannot be bought now.")] = False,
    sort: Annotated[Sort, Field(description="The order; relevance puts the best match first.")] = "relevance",
    limit: Annotated[int, Field(ge=1, le=50, description="Products on a page."), Whole] = 10,
    cursor: Annotated[
        str | None,
        Field(max_length=2000, description="next_cursor of the last answer, with the same other arguments."),
    ] = None,
    store: Annotated[str | None, Field(max_length=40, description="Only this store, by its slug.")] = None,
) -> Answer[SearchOut]:
    """Use this when the shopper wants to find, browse or compare products, or you need the product_id of one.

    Search with few, plain words: every word must match. When nothing is found, try fewer words or one of the categories
    the answer offers.
    """
    stores = list(Store.objects.all())
    chosen = _chosen(call, stores, store)
    ids = (chosen.pk,) if chosen else None
    _speak(call, chosen or next(iter(stores), None))
    if min_price is not None and max_price is not None and min_price > max_price:
        raise InvalidArguments(
            _("`min_price` is more than `max_price`."), fix=_("Search again with the two exchanged.")
        )
    asked = Search(
        query=query,
        stores=ids,
        categories=categories_like(category, ids) if category and category.strip() else None,
        min_price=min_price,
        max_price=max_price,
        in_stock_only=in_stock_only,
        sort=sort,
    )
    page = search(asked, limit=limit, cursor=cursor)
    call.note_search(words(query), page.total)
    if page.products:
        call.speak(page.products[0].store.language)
    offered = [] if page.total else categories(ids)
    return Answer(_search_text(page, query, offered), SearchOut.of(page, offered))


@tool(
    title="Get product",
    read_only=True,
    browsing=True,
    invoking="Looking at the product",
    invoked="Looked at the product",
)
def get_product(
    call: Call,
    product_id: Annotated[
        str,
        Field(
            min_length=1,
            max_length=1000,
            description="The product_id that search_products returned. "
            "A unique SKU, a product URL or an exact name works too.",
        ),
    ],
) -> Answer[ProductDetailOut]:
    """Use this when the shopper asks about one product: its description, stock, or the sizes and colours it has."""
    _speak(call, Store.objects.filter(slug=product_id.partition(":")[0]).first() or Store.objects.first())
    product = Product.objects.named(product_id)
    call.note_products([product.public_id])
    call.speak(product.store.language)
    detail = ProductDetailOut.of(product)
    return Answer(_detail_text(detail), detail)


def _speak(call: Call, store: Store | None) -> None:
    """Use the caller's language, or the store's; English where there is neither."""
    call.speak(store.language if store else "en")


def _chosen(call: Call, stores: Sequence[Store], slug: str | None) -> Store | None:
    if slug is None or not slug.strip():
        return None
    for store in stores:
        if store.slug == slug.strip().lower():
            return store
    _speak(call, next(iter(stores), None))
    raise NotFound(
        _("There is no store “%(slug)s”.") % {"slug": slug[:40]},
        fix=_("Use one of these: %(stores)s.") % {"stores": ", ".join(store.slug for store in stores[:20]) or "–"},
        candidates=[{"store": store.slug, "name": store.name} for store in stores[:20]],
    )


def _store_line(store: StoreOut) -> str:
    products = ngettext("%(count)d product", "%(count)d products", store.products) % {"count": store.products}
    line = _("%(name)s (store %(slug)s): %(products)s, prices in %(currency)s.") % {
        "name": store.name,
        "slug": store.slug,
        "products": products,
        "currency": store.currency,
    }
    return f"{line} {_offer(store.categories)}" if store.categories else line


def _offer(names: Sequence[str]) -> str:
    listed = ", ".join(names[:_OFFERED])
    return _("Categories: %(categories)s.") % {"categories": f"{listed}, …" if len(names) > _OFFERED else listed}


def _search_text(page: Page, query: str, offered: Sequence[str]) -> str:
    if not page.total:
        said = (
            _("Nothing was found for “%(query)s”.") % {"query": query[:80]}
            if query.strip()
            else _("Nothing was found.")
        )
        advice = _("Try fewer or other words, or wider limits.")
        return " ".join(filter(None, (said, advice, _offer(offered) if offered else "")))
    found = ngettext("%(count)d product found.", "%(count)d products found.", page.total) % {"count": page.total}
    lines = [found, *(_line(ProductOut.of(product)) for product in page.products)]
    if page.next_cursor:
        lines.append(
            _("For more, search again with the same arguments and cursor %(cursor)s") % {"cursor": page.next_cursor}
        )
    return "\n".join(lines)


def _line(product: ProductOut) -> str:
    """A product in one line: name, id, price, and what stands in the way of buying it."""
    options = ", ".join(f"{name}: {value}" for name, value in product.options.items())
    name = f"{product.name} ({options})" if options else product.name
    return " · ".join(filter(None, (f"- {name}", product.product_id, _price(product), _stock(product))))


def _price(product: ProductOut) -> str:
    return product.price.formatted if product.price else _("no price, cannot be bought")


def _stock(product: ProductOut) -> str:
    if product.price is None:
        return ""
    if not product.in_stock:
        return _("not in stock")
    if product.stock is None:
        return ""
    return ngettext("%(count)d left", "%(count)d left", product.stock) % {"count": product.stock}


def _detail_text(product: ProductDetailOut) -> str:
    lines = [_line(product).removeprefix("- ")]
    if product.withdrawn:
        lines.append(_("The shop no longer sells this product."))
    if product.category:
        lines.append(_("Category: %(category)s") % {"category": product.category})
    if product.brand:
        lines.append(_("Brand: %(brand)s") % {"brand": product.brand})
    if product.description:
        clipped = product.description[:_DESCRIBED]
        lines.append(clipped if clipped == product.description else f"{clipped.rstrip()}…")
    if product.url:
        lines.append(product.url)
    if product.variants:
        lines.append(_("Also available as:"))
        lines.extend(_line(variant) for variant in product.variants)
    return "\n".join(lines)
