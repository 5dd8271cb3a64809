"""Stores and products in the JSON API."""

from typing import Annotated

from django.http import HttpRequest
from django.utils.translation import gettext
from ninja import Router
from ninja.params.functions import Query

from catalog.answers import Data, detail_data, search_data
from catalog.models import Product, Store
from catalog.schemas import Price, ProductDetailOut, SearchOut, StoreOut, StoresOut
from catalog.search.categories import categories, shelves
from catalog.search.query import Search, Sort
from catalog.search.searching import search
from shopmcp.api_types import Cursor, ErrorOut, name, text
from shopmcp.errors import NotFound

products = Router(tags=["products"])
stores = Router(tags=["stores"])


@stores.get("", response=StoresOut, summary="List stores", operation_id="list_stores")
def list_stores(request: HttpRequest) -> StoresOut:
    """Every store, with how many of its products can be bought, and its categories."""
    return StoresOut(stores=StoreOut.all(shelves()))


@products.get(
    "", response={200: SearchOut, 404: ErrorOut}, summary="List or search products", operation_id="list_products"
)
def list_products(
    request: HttpRequest,
    query: Annotated[str, text(1000, "Words to search for, as chats do; empty lists everything.")] = "",
    category: Annotated[str, text(120, "Only this category.")] = "",
    min_price: Annotated[Price | None, Query(description="Lowest price, in the store's currency.")] = None,
    max_price: Annotated[Price | None, Query(description="Highest price, in the store's currency.")] = None,
    in_stock_only: Annotated[bool, Query(description="Leave out what cannot be bought now.")] = False,
    sort: Annotated[Sort, Query(description="The order; `relevance` puts the best match first.")] = "relevance",
    store: Annotated[str, text(40, "Only this store, by its slug.")] = "",
    limit: Annotated[int, Query(ge=1, le=50, description="How many to a page.")] = 25,
    cursor: Cursor = "",
) -> Data:
    """The products that fit, by the same search that chats use.

    When nothing is found, `categories` lists all categories.
    """
    ids = _ids(store)
    asked = Search(
        query=query,
        stores=ids,
        category=category,
        min_price=min_price,
        max_price=max_price,
        in_stock_only=in_stock_only,
        sort=sort,
    )
    page = search(asked, limit=limit, cursor=cursor or None)
    return search_data(page, [] if page.total else categories(ids), whole=True)


@products.get("/{path:product_id}", response=ProductDetailOut, summary="Get a product", operation_id="get_product")
def get_product(
    request: HttpRequest, product_id: Annotated[str, name(300, "The product_id of a product.", "shop:honey")]
) -> Data:
    """One product with everything known about it, even if the store no longer sells it."""
    product = Product.objects.select_related("store").filter(public_id=product_id).first()
    if product is None:
        raise NotFound(
            gettext("There is no product “%(reference)s”.") % {"reference": product_id[:80]},
            fix=gettext("List or search the products and use the product_id of one of them."),
        )
    return detail_data(product, product.siblings(), None)


def _ids(slug: str) -> tuple[int, ...] | None:
    if not slug.strip():
        return None
    store = Store.objects.filter(slug=slug.strip().lower()).first()
    if store is None:
        raise NotFound(
            gettext("There is no store “%(slug)s”.") % {"slug": slug[:40]},
            fix=gettext("List the stores and use the slug of one of them."),
        )
    return (store.pk,)
