"""Browsing without a query: all products within bounds, page by page."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from django.db import connection
from django.db.models import BigIntegerField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL

from catalog.models import Store
from catalog.models.imports import visible
from catalog.models.search_index import PRICED, SOLD_OUT, Entry, clock, priced
from catalog.search.cache import remembered
from catalog.search.engines import Scope, engine, rows_of
from catalog.search.engines.base import FEW, VISIBLE
from catalog.search.loading import loaded
from catalog.search.query import Facets, Page, Search, Sort
from shopmcp import paging

_COUNTED = 1000
# Store, category, number of products, lowest and highest price.
_Count = tuple[int, str, int, int | None, int | None]


def browse(asked: Search, scope: Scope, limit: int, position: Sequence[Any] | None) -> Page:
    """Return one page of the products within the bounds; of variants, the one imported first.

    Keyset pagination makes later pages as cheap as the first. The total stops at a thousand and is cached.
    """
    if scope.stores is None and scope.categories is not None:
        # The index of categories begins with the store.
        scope = replace(scope, stores=tuple(Store.objects.values_list("pk", flat=True)))
    every = _within(_counting(scope), scope)
    total, facets = remembered(
        ("browse", scope), lambda: (_one_of_each(every, scope).order_by()[: _COUNTED + 1].count(), _facets(scope))
    )
    if not total:
        return Page()
    order = _ORDERS[asked.sort]
    # Many matches: walk an index in the wanted order until the page is full. Few matches: find and sort them all.
    walked = total > _COUNTED and order[0].name != "price"
    rows = _one_of_each(_within(_counting(scope), scope, led=not walked), scope)
    if position is not None:
        rows = rows.filter(_after(order, position))
    page = _first(rows, order, limit + 1)
    shown, more = page[:limit], len(page) > limit
    products, variants = loaded([(pk, group) for pk, group, *_ in shown], scope)
    return Page(
        products,
        variants,
        min(total, _COUNTED),
        total > _COUNTED,
        paging.seal(asked.listed, *shown[-1][2:]) if more else None,
        facets=facets,
    )


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of an order. Only prices may be NULL."""

    name: str
    down: bool = False

    @property
    def ordering(self) -> Any:
        column = F(self.name)
        if self.down:
            return column.desc()
        return column.asc(nulls_last=True if self.name == "price" else None)

    def beyond(self, value: Any) -> Q:
        """The condition for rows after this value, by this column alone."""
        if value is None:
            return Q(pk__in=[])
        further = Q(**{f"{self.name}__{'lt' if self.down else 'gt'}": value})
        return further | Q(price=None) if self.name == "price" else further


_BY_ID = _Column("product")
_DEAREST = _Column("price", down=True)
_ORDERS: Mapping[Sort, tuple[_Column, ...]] = {
    "relevance": (_BY_ID,),
    "price_asc": (_Column("price"), _BY_ID),
    "price_desc": (_DEAREST, _Column("product", down=True)),
    "name": (_Column("title"), _BY_ID),
    "newest": (_Column("product", down=True),),
}


def _first(rows: QuerySet[Entry], order: Sequence[_Column], limit: int) -> list[tuple[Any, ...]]:
    """The product, group and sort values of the first rows; rows without a price come last."""
    columns = [column.name for column in order]
    ordered = rows.order_by(*(column.ordering for column in order)).values_list("product", "group_key", *columns)
    if order[0] != _DEAREST:
        return list(ordered[:limit])
    # PostgreSQL cannot use the index for DESC NULLS LAST, so rows without a price are a second query.
    found = list(ordered.filter(price__isnull=False)[:limit])
    return found + list(ordered.filter(price=None)[: limit - len(found)])


def _one_of_each(rows: QuerySet[Entry], scope: Scope) -> QuerySet[Entry]:
    """Of variants, keep the one within the bounds that was imported first."""
    earlier = _within(_counting(scope), scope, led=False).filter(
        group_key=OuterRef("group_key"), product__lt=OuterRef("product")
    )
    return rows.filter(Q(group_key="") | ~Exists(earlier))


def _counting(scope: Scope) -> QuerySet[Entry]:
    """The entries that count at the moment of the search."""
    return Entry.objects.filter(visible(), priced(scope.now))


def _within(rows: QuerySet[Entry], scope: Scope, *, led: bool = True) -> QuerySet[Entry]:
    """The rows within the bounds. Unless `led`, SQLite uses no index of stores or prices for them.

    PostgreSQL has statistics and chooses by itself.
    """
    led = led or connection.vendor != "sqlite"
    # No index is used for a sum. Without one, SQLite would walk the index of keys and sort all of its rows.
    sums = {name: ExpressionWrapper(F(name) + 0, BigIntegerField()) for name in ("key", "store_id", "price")}
    rows = rows.alias(
        place=sums["key"],
        shop=F("store_id") if led else sums["store_id"],
        cost=F("price") if led else sums["price"],
    )
    if scope.stores is not None:
        rows = rows.filter(shop__in=_any_of(scope.stores, "bigint"))
    if scope.categories is not None:
        rows = rows.filter(category__in=_any_of(scope.categories, "text"))
    if scope.min_price is not None:
        rows = rows.filter(cost__gte=scope.min_price)
    if scope.max_price is not None:
        rows = rows.filter(cost__lte=scope.max_price)
    return rows.filter(place__lt=SOLD_OUT) if scope.in_stock_only else rows


def _any_of(values: Sequence[Any], kind: Literal["text", "bigint"]) -> Sequence[Any] | RawSQL:
    return values if len(values) <= FEW else RawSQL(engine().each(kind), [engine().many(values)])


def _after(order: Sequence[_Column], values: Sequence[Any]) -> Q:
    """The condition for rows after the one with these values."""
    after, same = Q(pk__in=[]), Q()
    for column, value in zip(order, values, strict=True):
        after |= same & column.beyond(value)
        same &= Q(**{column.name: value})
    return after


def _facets(scope: Scope) -> Facets:
    """The number of products by category, each variant counted, and the range of prices."""
    bounded = scope.min_price is not None or scope.max_price is not None
    return Facets.of(_between(scope) if bounded else _counted(scope))


def _counted(scope: Scope) -> list[_Count]:
    bounds, params = scope.conditions(engine())
    if scope.in_stock_only:
        bounds += f" AND e.key + 0 < {SOLD_OUT}"
    return rows_of(
        "SELECT e.store_id, e.category, COUNT(*), MIN(e.price), MAX(e.price) "
        f"FROM catalog_entry e {engine().within('entry_by_category')} WHERE {bounds} GROUP BY e.store_id, e.category",
        params,
    )


def _between(scope: Scope) -> Iterator[_Count]:
    """The counts within bounds on prices, from cached prices, because most bounds are used only once."""
    for (store, category, in_stock), prices in remembered("prices", _prices).items():
        if (
            (scope.stores is None or store in scope.stores)
            and (scope.categories is None or category in scope.categories)
            and (in_stock or not scope.in_stock_only)
        ):
            low = 0 if scope.min_price is None else bisect_left(prices, scope.min_price)
            high = len(prices) if scope.max_price is None else bisect_right(prices, scope.max_price)
            if low < high:
                yield store, category, high - low, prices[low], prices[high - 1]


def _prices() -> dict[tuple[int, str, bool], Sequence[int]]:
    """All prices in ascending order, by store, category, and whether in stock."""
    shelves: dict[tuple[int, str, bool], list[int]] = {}
    sql = (
        f"SELECT e.store_id, e.category, e.key + 0 < {SOLD_OUT}, e.price "
        f"FROM catalog_entry e {engine().within('entry_by_category')} WHERE e.price IS NOT NULL "
        f"AND {VISIBLE} AND {PRICED.format('e')}"
    )
    for store, category, in_stock, price in rows_of(sql, [now := clock(), now]):
        shelves.setdefault((store, category, bool(in_stock)), []).append(price)
    return {shelf: array("q", sorted(prices)) for shelf, prices in shelves.items()}
