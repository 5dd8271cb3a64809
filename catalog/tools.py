"""The tools that browse the shop; none of them needs a cart."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from django.utils.translation import gettext as _
from pydantic import Field

from catalog.answers import detail_data, groups_data, search_data
from catalog.language.text import words
from catalog.memory import Made, Visit
from catalog.models import Product, Store
from catalog.schemas import DocumentOut, Price, ProductAnswer, ResultsOut, SearchAnswer, StoreOut, StoresOut
from catalog.search import searching
from catalog.search.categories import categories, shelves
from catalog.search.moment import stock_of
from catalog.search.query import Page, Search, Sort
from catalog.search.references import named
from catalog.search.rows import Glance
from catalog.texts import detail_text, groups_text, search_text, several_currencies, store_info_text, store_line
from shopmcp.errors import InvalidArguments, NotFound
from shopmcp.mcp.arguments import CartId, Listed, Whole, ZeroIsAbsent
from shopmcp.mcp.call import Answer, Call
from shopmcp.mcp.tools import tool

Query = Annotated[
    str,
    Field(
        max_length=1000,
        description="Words in any order, Hebrew or English; plurals, glued prefixes, units, synonyms and one typo are "
        "understood. A product_id, SKU, barcode or product URL finds that product. Empty lists everything. Limit the "
        "price by max_price rather than here.",
    ),
]
Lowest = Annotated[Price | None, Field(description="Lowest price, inclusive, in the store's currency."), ZeroIsAbsent()]
Highest = Annotated[
    Price | None, Field(description="Highest price, inclusive, in the store's currency."), ZeroIsAbsent()
]
_RESULTS = 20  # on a page of `search`
_MOST_QUERIES = 5


@tool(title="List stores", browsing=True, invoking="Looking at the stores", invoked="Looked at the stores")
def list_stores(
    call: Call,
    store: Annotated[str | None, Field(max_length=40, description="Only this store, by its slug.")] = None,
) -> Answer[StoresOut]:
    """Use this when the shopper asks what the shop sells, how a store delivers, what can be returned or how to reach
    it, or before limiting a search to one category or store.

    Returns every store, or the one named: its currency, language and site, how many products can be bought, the names
    of its categories, and what it says about shipping, returns and contact. Repeat what a store says; where it says
    nothing, say so and promise nothing.
    """
    offered = shelves()
    chosen = _chosen(call, [shelf.store for shelf in offered], store)
    _speak(call, chosen or next((shelf.store for shelf in offered), None))
    stores = StoreOut.all([shelf for shelf in offered if chosen is None or shelf.store == chosen])
    if not stores:
        return Answer(_("The shop has no stores yet."), StoresOut(stores=[]))
    told = store_info_text if len(stores) == 1 else store_line
    return Answer("\n".join(map(told, stores)), StoresOut(stores=stores))


@tool(
    title="Search products",
    browsing=True,
    invoking="Searching the shop",
    invoked="Searched the shop",
    widget="products",
)
def search_products(
    call: Call,
    *,
    query: Query = "",
    queries: Annotated[
        list[Annotated[str, Field(max_length=1000)]] | None,
        Field(
            max_length=_MOST_QUERIES,
            description="Instead of query: up to five searches at once, one for each thing. The answer has a group for "
            "each, and limit counts for each.",
        ),
        Listed,
    ] = None,
    category: Annotated[
        str | None, Field(max_length=120, description="Only this category, as list_stores names it.")
    ] = None,
    min_price: Lowest = None,
    max_price: Highest = None,
    in_stock_only: Annotated[bool, Field(description="Leave out what cannot be bought now.")] = False,
    sort: Annotated[Sort, Field(description="The order; relevance puts the best match first.")] = "relevance",
    limit: Annotated[int, Field(ge=1, le=50, description="Products on a page."), Whole, ZeroIsAbsent()] = 10,
    cursor: Annotated[
        str | None, Field(max_length=2000, description="next_cursor of the last answer, with the same other arguments.")
    ] = None,
    store: Annotated[str | None, Field(max_length=40, description="Only this store, by its slug.")] = None,
    cart_id: CartId = None,  # read where calls are recorded: it says which conversation asks
) -> Answer[SearchAnswer]:
    """Use this when the shopper wants to find, browse or compare products, or you need the product_id of one.

    Search with few, plain words, such as a kind of product and what matters about it. The answer says which words a
    product lacks. Where few products have all words, the next best follow as also close. Variants of one product are
    one result that names the others. When nothing is found, try other words or one of the categories the answer offers.
    """
    several = list(dict.fromkeys(said for said in (query, *(queries or ())) if said.strip()))
    asked = Search(
        category=category or "",
        min_price=min_price,
        max_price=max_price,
        in_stock_only=in_stock_only,
        sort=sort,
    )
    grouped = bool(queries and several)
    visit = Visit((asked, store, limit, cursor, grouped, *several), "" if grouped else query)
    chosen = _chosen(call, visit.stores, store)
    asked = replace(asked, stores=(chosen.pk,) if chosen else None)
    call.hear(" ".join(several), (known.language for known in visit.stores))
    _speak(call, chosen or next(iter(visit.stores), None))

    def make() -> Made:
        if grouped:
            return _in_groups(call, asked, several, limit, cursor)
        return _found(call, replace(asked, query=query), limit, cursor, visit.seen)

    # A language that nobody asked for gives way to that of the products.
    made = visit.answer(call.language or f"({call.spoken})", make)
    if made.language:
        call.speak(made.language)
    call.notes.words, call.notes.results = made.words, made.results
    return Answer(made.text, made.data)


def _found(call: Call, asked: Search, limit: int, cursor: str | None, seen: Glance | None) -> Made:
    """Answer one query, in the language of the first product's store if none is known."""
    page = searching.search(asked, limit=limit, cursor=cursor, seen=seen)
    language = _of_first(call, [page])
    offered = [] if page.total else categories(asked.stores)
    text = search_text(page, asked.query, offered)
    if asked.is_by_price:
        text = "\n".join(filter(None, (text, several_currencies(page))))
    return Made(text, search_data(page, offered), words(asked.query), page.total, language, stock_of(page.everything))


def _in_groups(call: Call, asked: Search, queries: Sequence[str], limit: int, cursor: str | None) -> Made:
    """Answer each of several queries."""
    if cursor:
        raise InvalidArguments(
            _("A cursor belongs to one query."), fix=_("Pass it with that `query` alone, without `queries`.")
        )
    pages = [(query, searching.search(replace(asked, query=query), limit=limit)) for query in queries]
    found = [page for _query, page in pages]
    language = _of_first(call, found)
    text = groups_text(pages)
    if asked.is_by_price and (compared := next(filter(None, map(several_currencies, found)), "")):
        text = f"{text}\n{compared}"
    return Made(
        text,
        groups_data(pages),
        words(" ".join(queries)),
        sum(page.total for page in found),
        language,
        stock_of(product for page in found for product in page.everything),
    )


def _of_first(call: Call, pages: Sequence[Page]) -> str:
    """Speak the language of the first product's store, if the caller has none, and return it."""
    if first := next((product for page in pages for product in page.products), None):
        call.speak(first.store.language)
        return first.store.language
    return ""


@tool(
    title="Get product",
    browsing=True,
    invoking="Looking at the product",
    invoked="Looked at the product",
    widget="product",
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
    cart_id: CartId = None,  # as in `search_products`
) -> Answer[ProductAnswer]:
    """Use this when the shopper asks about one product: its description, stock, or the sizes and colours it has."""
    product = _product(call, product_id)
    siblings = product.siblings()
    return Answer(detail_text(product, siblings), detail_data(product, siblings))


@tool(title="Get store information", browsing=True, invoking="Asking the store", invoked="Asked the store")
def get_store_info(
    call: Call,
    store: Annotated[
        str | None,
        Field(max_length=40, description="The store's slug, as list_stores gives it; may be left out if there is one."),
    ] = None,
) -> Answer[StoreOut]:
    """Use list_stores, which tells the same."""
    offered = shelves()
    chosen = _chosen(call, [shelf.store for shelf in offered], store)
    _speak(call, chosen or next((shelf.store for shelf in offered), None))
    if not offered:
        raise NotFound(_("The shop has no stores yet."))
    if chosen is None and len(offered) > 1:
        raise InvalidArguments(
            _("There are several stores."),
            fix=_("Call again with the `store` that is meant: %(stores)s.")
            % {"stores": ", ".join(shelf.store.slug for shelf in offered[:20])},
            candidates=[{"store": shelf.store.slug, "name": shelf.store.name} for shelf in offered[:20]],
        )
    shelf = next(shelf for shelf in offered if chosen is None or shelf.store == chosen)
    info = StoreOut.of(shelf)
    return Answer(store_info_text(info), info)


@tool(
    title="Search the catalogue",
    browsing=True,
    is_exact=True,
    invoking="Searching the catalogue",
    invoked="Searched the catalogue",
)
def search(
    call: Call,
    query: Annotated[str, Field(max_length=1000, description="Words that describe the product, Hebrew or English.")],
) -> Answer[ResultsOut]:
    """Use this for research in the catalogue: it returns ids, titles and links to read with fetch.

    To shop, prefer search_products, which shows prices and stock too.
    """
    page = searching.search(Search(query), limit=_RESULTS)
    call.notes.words, call.notes.results = words(query), page.total
    results = ResultsOut.of(page)
    return Answer(results.model_dump_json(), results)


@tool(
    title="Read a product",
    browsing=True,
    is_exact=True,
    invoking="Reading about the product",
    invoked="Read about the product",
)
def fetch(
    call: Call, id: Annotated[str, Field(min_length=1, max_length=1000, description="An id that search returned.")]
) -> Answer[DocumentOut]:
    """Use this to read everything the shop says about one product that search returned.

    To shop, prefer get_product, which answers with data for the cart.
    """
    product = _product(call, id)
    text = detail_text(product, product.siblings(), len(product.description))
    document = DocumentOut.of(product, text)
    return Answer(document.model_dump_json(), document)


def _speak(call: Call, store: Store | None) -> None:
    """Answer in the caller's language, else in the store's, else in English."""
    call.speak(store.language if store else "en")


def _product(call: Call, reference: str) -> Product:
    """Return the product that is named; answer in the language of its store, a refusal in that of the store named."""
    slug = reference.partition(":")[0]
    _speak(call, Store.objects.filter(slug=slug).first() or Store.objects.oldest_first().first())
    product = named(reference)
    call.notes.products = [product.public_id]
    call.speak(product.store.language)
    return product


def _chosen(call: Call, stores: Sequence[Store], slug: str | None) -> Store | None:
    """Return the store of this slug, or None if no slug is given."""
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
