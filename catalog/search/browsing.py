"""Looking around without words: everything within bounds, page by page, however many there are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import BigIntegerField, Count, Exists, ExpressionWrapper, F, Max, Min, OuterRef, Q, QuerySet

from catalog.entries import SOLD_OUT, Entry
from catalog.models import ImportRun
from catalog.search.asking import Facets, Page, Search, Sort, cursor_after
from catalog.search.engines import Scope
from catalog.search.loading import load
from catalog.search.remembered import remembered

_COUNTED = 10_000
_MOST_VARIANTS = 20
_MOST_FACETS = 20


def visible() -> QuerySet[Entry]:
    """The entries that count now."""
    running = ImportRun.objects.open().values("pk")
    return Entry.objects.filter(Q(arriving=None) | ~Q(arriving__in=running), Q(leaving=None) | Q(leaving__in=running))


def browse(asked: Search, scope: Scope, limit: int, position: Sequence[Any] | None) -> Page:
    """Return one page of everything within the bounds; of a product with variants, the one imported first.

    Pages are keyed by the last product seen, so that later pages cost what the first did; at most ten thousand are
    counted, once for each state of the catalogue.
    """
    every = _within(visible(), scope)
    earlier = _within(visible(), scope).filter(group_key=OuterRef("group_key"), product__lt=OuterRef("product"))
    rows = every.filter(Q(group_key="") | ~Exists(earlier))
    total, facets = remembered(("browse", scope), lambda: (rows.order_by()[: _COUNTED + 1].count(), _facets(every)))
    if not total:
        return Page()
    order = _ORDERS[asked.sort]
    if position is not None:
        rows = rows.filter(_after(order, position))
    columns = [column.name for column in order]
    page = list(
        rows.order_by(*(column.ordering for column in order)).values_list("product", "group_key", *columns)[: limit + 1]
    )
    shown, more = page[:limit], len(page) > limit
    members = _members(every, [group for _, group, *_ in shown if group])
    products = load([pk for pk, *_ in shown] + [pk for pks in members.values() for pk in pks])
    return Page(
        [products[pk] for pk, *_ in shown if pk in products],
        {
            pk: [products[other] for other in members[group] if other != pk and other in products]
            for pk, group, *_ in shown
            if len(members.get(group, ())) > 1
        },
        min(total, _COUNTED),
        total > _COUNTED,
        cursor_after(asked, shown[-1][2:]) if more else None,
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
        last = True if self.name == "price" else None
        return column.desc(nulls_last=last) if self.down else column.asc(nulls_last=last)

    def beyond(self, value: Any) -> Q:
        """What comes after a row with this value, by this column alone."""
        if value is None:
            return Q(pk__in=[])
        further = Q(**{f"{self.name}__{'lt' if self.down else 'gt'}": value})
        return further | Q(price=None) if self.name == "price" else further


_BY_ID = _Column("product")
_ORDERS: Mapping[Sort, tuple[_Column, ...]] = {
    "relevance": (_BY_ID,),
    "price_asc": (_Column("price"), _BY_ID),
    "price_desc": (_Column("price", down=True), _BY_ID),
    "name": (_Column("title"), _BY_ID),
    "newest": (_Column("product", down=True),),
}


def _within(rows: QuerySet[Entry], scope: Scope) -> QuerySet[Entry]:
    if scope.stores is not None:
        rows = rows.filter(store__in=scope.stores)
    if scope.categories is not None:
        rows = rows.filter(category__in=scope.categories)
    if scope.min_price is not None:
        rows = rows.filter(price__gte=scope.min_price)
    if scope.max_price is not None:
        rows = rows.filter(price__lte=scope.max_price)
    # Not the key itself: its index would be walked, and all of it put in another order.
    place = ExpressionWrapper(F("key") + 0, BigIntegerField())
    return rows.alias(place=place).filter(place__lt=SOLD_OUT) if scope.in_stock_only else rows


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
            if len(variants) <= _MOST_VARIANTS:
                variants.append(pk)
    return members


def _facets(every: QuerySet[Entry]) -> Facets:
    """How many there are of each category, variants counted singly, and the range of prices."""
    counted = (
        every.order_by()
        .values_list("store", "category")
        .annotate(n=Count("key"), lowest=Min("price"), highest=Max("price"), currency=Min("store__currency"))
    )
    categories, prices = dict[str, int](), list[tuple[int, int]]()
    stores, currencies = set[int](), set[str]()
    for store, category, n, lowest, highest, currency in counted:
        stores.add(store)
        currencies.add(currency)
        if category:
            categories[category] = categories.get(category, 0) + n
        if lowest is not None:
            prices.append((lowest, highest))
    listed = sorted(categories.items(), key=lambda pair: (-pair[1], pair[0]))[:_MOST_FACETS]
    if not prices or len(currencies) > 1:
        return Facets(listed)
    low, high = min(low for low, _ in prices), max(high for _, high in prices)
    return Facets(listed, Decimal(low) / 1000, Decimal(high) / 1000, min(stores))
