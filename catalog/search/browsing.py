"""Looking around without words: everything within bounds, page by page, however many there are."""

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
from catalog.models.search_index import SOLD_OUT, Entry
from catalog.search.cache import remembered
from catalog.search.engines import Scope, engine, rows_of
from catalog.search.engines.base import FEW, VISIBLE
from catalog.search.query import MOST_VARIANTS, Facets, Page, Search, Sort
from catalog.search.rows import products_by_pk
from shopmcp import paging

_COUNTED = 1000
# Store, category, how many, the lowest price and the highest.
_Count = tuple[int, str, int, int | None, int | None]


def browse(asked: Search, scope: Scope, limit: int, position: Sequence[Any] | None) -> Page:
    """Return one page of everything within the bounds; of a product with variants, the one imported first.

    Pages are keyed by the last product seen, so that later pages cost what the first did; at most a thousand are
    counted, once for each state of the catalogue.
    """
    if scope.stores is None and scope.categories is not None:
        # The index of categories begins with the store.
        scope = replace(scope, stores=tuple(Store.objects.values_list("pk", flat=True)))
    every = _within(Entry.objects.filter(visible()), scope)
    total, facets = remembered(
        ("browse", scope), lambda: (_one_of_each(every, scope).order_by()[: _COUNTED + 1].count(), _facets(scope))
    )
    if not total:
        return Page()
    order = _ORDERS[asked.sort]
    # Of many within a range of prices the first in another order are soon found in that order; few are soon sorted.
    walked = total > _COUNTED and order[0].name != "price"
    rows = _one_of_each(_within(Entry.objects.filter(visible()), scope, led=not walked), scope)
    if position is not None:
        rows = rows.filter(_after(order, position))
    page = _first(rows, order, limit + 1)
    shown, more = page[:limit], len(page) > limit
    members = _members(every, [group for _, group, *_ in shown if group])
    products = products_by_pk([pk for pk, *_ in shown] + [pk for pks in members.values() for pk in pks])
    return Page(
        [products[pk] for pk, *_ in shown if pk in products],
        {
            pk: [products[other] for other in members[group] if other != pk and other in products]
            for pk, group, *_ in shown
            if len(members.get(group, ())) > 1
        },
        min(total, _COUNTED),
        total > _COUNTED,
        paging.seal(asked.listed, *shown[-1][2:]) if more else None,
        facets=facets,
    )


@dataclass(frozen=True, slots=True)
class _Column:
    """One column of an order, and whether it runs downwards. Only prices may be missing."""

    name: str
    down: bool = False

    @property
    def ordering(self) -> Any:
        column = F(self.name)
        if self.down:
            return column.desc()
        return column.asc(nulls_last=True if self.name == "price" else None)

    def beyond(self, value: Any) -> Q:
        """What comes after a row with this value, by this column alone."""
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
    """The products, groups and places of the first rows in an order; what has no price comes last."""
    columns = [column.name for column in order]
    ordered = rows.order_by(*(column.ordering for column in order)).values_list("product", "group_key", *columns)
    if order[0] != _DEAREST:
        return list(ordered[:limit])
    # By itself, for nothing leads down an index of PostgreSQL and to what has no price in the end.
    found = list(ordered.filter(price__isnull=False)[:limit])
    return found + list(ordered.filter(price=None)[: limit - len(found)])


def _one_of_each(rows: QuerySet[Entry], scope: Scope) -> QuerySet[Entry]:
    """Of each product the variant within the bounds that was imported first."""
    earlier = _within(Entry.objects.filter(visible()), scope, led=False).filter(
        group_key=OuterRef("group_key"), product__lt=OuterRef("product")
    )
    return rows.filter(Q(group_key="") | ~Exists(earlier))


def _within(rows: QuerySet[Entry], scope: Scope, *, led: bool = True) -> QuerySet[Entry]:
    """The rows within the bounds; unless `led`, no index of stores or prices is to be taken before another one.

    PostgreSQL knows how many rows a bound leaves, and needs no telling.
    """
    led = led or connection.vendor != "sqlite"
    # A sum is in no index. That of the keys would always be walked, and all of it put in another order.
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
    """What comes after the row with these values."""
    after, same = Q(pk__in=[]), Q()
    for column, value in zip(order, values, strict=True):
        after |= same & column.beyond(value)
        same &= Q(**{column.name: value})
    return after


def _members(every: QuerySet[Entry], groups: Sequence[str]) -> dict[str, list[int]]:
    """The variants of each group, in the order they were imported."""
    members = dict[str, list[int]]()
    if groups:
        rows = every.filter(group_key__in=groups).order_by("product").values_list("group_key", "product")
        for group, pk in rows[: len(groups) * 50]:
            variants = members.setdefault(group, [])
            if len(variants) <= MOST_VARIANTS:
                variants.append(pk)
    return members


def _facets(scope: Scope) -> Facets:
    """How many there are of each category, variants counted singly, and the range of prices."""
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
    """What has a price within the bounds, of which every shopper names others."""
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
    """All prices in their order, by store, category, and whether it is in stock."""
    shelves: dict[tuple[int, str, bool], list[int]] = {}
    sql = (
        f"SELECT e.store_id, e.category, e.key + 0 < {SOLD_OUT}, e.price "
        f"FROM catalog_entry e {engine().within('entry_by_category')} WHERE e.price IS NOT NULL AND {VISIBLE}"
    )
    for store, category, in_stock, price in rows_of(sql):
        shelves.setdefault((store, category, bool(in_stock)), []).append(price)
    return {shelf: array("q", sorted(prices)) for shelf, prices in shelves.items()}
