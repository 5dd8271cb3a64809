"""Finding products by a shopper's words: what fits, in which order, page by page."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import blake2b
from typing import Any, Literal

from django.core.signing import BadSignature, Signer
from django.db.models import Case, Count, F, Q, When
from django.db.models.expressions import Combinable
from django.utils.translation import gettext as _

from catalog.models import Product, ProductQuerySet, Store
from catalog.text import folded, words
from shopmcp.errors import InvalidArguments

Sort = Literal["relevance", "price_asc", "price_desc", "name", "newest"]
_SCORED_WORDS = 12
_EXACT = 1000


@dataclass(frozen=True, slots=True)
class Search:
    """What a shopper looks for. Prices are in the store's currency; `category` is resolved by `categories_like`."""

    query: str = ""
    stores: tuple[int, ...] | None = None
    categories: tuple[str, ...] | None = None
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    in_stock_only: bool = False
    sort: Sort = "relevance"


@dataclass(frozen=True, slots=True)
class Page:
    """A page of results; `total` counts all pages, `next_cursor` is None on the last."""

    products: list[Product] = field(default_factory=list)
    total: int = 0
    next_cursor: str | None = None


def search(asked: Search, *, limit: int = 10, cursor: str | None = None) -> Page:
    """Return one page of the products that fit, the best first.

    Every word must be found somewhere in name, category, SKU, brand or description; what the query names exactly, by
    product id, SKU, address or name, comes first. An empty query fits everything, in the order it was imported.
    Pages are keyed by the last product seen, so that later pages cost what the first did. Three queries, and up to
    three key look-ups for a query.

    Raises:
        InvalidArguments: If the cursor is none, or belongs to another search.
    """
    position = _position(cursor, asked) if cursor else None
    found_words = list(dict.fromkeys(words(asked.query)))
    exact = [product.pk for product in Product.objects.exactly(asked.query)] if asked.query.strip() else []
    rows = _within(Product.objects.listed(), asked)
    if asked.query.strip():
        rows = _fitting(rows, found_words, exact)
    total = rows.count()
    if not total:
        return Page()
    order = _ORDERS[asked.sort]
    if asked.sort == "relevance":
        rows, order = (
            (rows.annotate(score=_score(found_words, exact)), order) if asked.query.strip() else (rows, (_BY_ID,))
        )
    if position is not None:
        rows = rows.filter(_after(order, position))
    page = list(rows.select_related("store").order_by(*(column.ordering for column in order))[: limit + 1])
    more = len(page) > limit
    page = page[:limit]
    return Page(page, total, _cursor(asked, order, page[-1]) if more else None)


def categories_like(text: str, stores: Sequence[int] | None = None) -> tuple[str, ...]:
    """Return the categories that a shopper's words name: the one that is called so, or else all that hold the words."""
    names = categories(stores)
    wanted = folded(text, 300)
    if same := tuple(name for name in names if folded(name, 300) == wanted):
        return same
    return tuple(name for name in names if wanted.strip() and wanted in folded(name, 300))


def categories(stores: Sequence[int] | None = None) -> list[str]:
    """Return the names of the categories that have products, in the order of the alphabet."""
    rows = Product.objects.listed().exclude(category="")
    if stores is not None:
        rows = rows.filter(store__in=stores)
    return list(rows.order_by("category").values_list("category", flat=True).distinct())


@dataclass(frozen=True, slots=True)
class Shelf:
    """What a store offers: how many products can be bought, and in which categories."""

    store: Store
    products: int
    categories: list[str]


def shelves() -> list[Shelf]:
    """Return every store with what it offers; two queries, the second within one index."""
    buyable = Count("store", filter=Q(available=True, price__isnull=False))
    rows = Product.objects.listed().order_by("store", "category").values_list("store", "category").annotate(n=buyable)
    counted: dict[int, dict[str, int]] = {}
    for store, category, products in rows:
        counted.setdefault(store, {})[category] = products
    return [
        Shelf(store, sum(offered.values()), [category for category in offered if category])
        for store in Store.objects.all()
        for offered in [counted.get(store.pk, {})]
    ]


@dataclass(frozen=True, slots=True)
class _Column:
    """One column of an order: a field or annotation, and whether it runs downwards. Only prices may be missing."""

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


_BY_ID = _Column("id")
_ORDERS: Mapping[Sort, tuple[_Column, ...]] = {
    "relevance": (_Column("score", down=True), _BY_ID),
    "price_asc": (_Column("price"), _BY_ID),
    "price_desc": (_Column("price", down=True), _BY_ID),
    "name": (_Column("name_key"), _BY_ID),
    "newest": (_Column("id", down=True),),
}


def _within(rows: ProductQuerySet, asked: Search) -> ProductQuerySet:
    if asked.in_stock_only:
        rows = rows.in_stock()
    if asked.stores is not None:
        rows = rows.filter(store__in=asked.stores)
    if asked.categories is not None:
        rows = rows.filter(category__in=asked.categories)
    if asked.min_price is not None:
        rows = rows.filter(price__gte=asked.min_price)
    if asked.max_price is not None:
        rows = rows.filter(price__lte=asked.max_price)
    return rows


def _fitting(rows: ProductQuerySet, found_words: Sequence[str], exact: Sequence[int]) -> ProductQuerySet:
    named = Q(pk__in=exact)
    # A query of punctuation alone has no words: it fits nothing rather than everything.
    return rows.filter(Q(*(Q(search_text__contains=word) for word in found_words)) | named if found_words else named)


def _score(found_words: Sequence[str], exact: Sequence[int]) -> Combinable:
    """How well a product fits: exactly named, then by where each word stands, whole words before parts.

    What can be bought now comes before what fits as well and cannot.
    """
    whole = f" {' '.join(found_words)} "
    score: Combinable = Case(When(pk__in=exact, then=_EXACT), When(name_key=whole, then=40), default=0)
    score += Case(When(name_key__startswith=whole.rstrip(), then=8), When(name_key__contains=whole, then=6), default=0)
    for word in found_words[:_SCORED_WORDS]:
        score += Case(
            When(name_key__contains=f" {word} ", then=16),
            When(name_key__contains=f" {word}", then=12),
            When(name_key__contains=word, then=8),
            When(search_text__contains=f" {word} ", then=4),
            default=0,
        )
    can_be_bought = Q(available=True, price__isnull=False) & (Q(stock=None) | Q(stock__gt=0))
    return score + Case(When(can_be_bought, then=1), default=0)


def _after(order: Sequence[_Column], values: Sequence[Any]) -> Q:
    """What comes after the row with these values."""
    after, same = Q(pk__in=[]), Q()
    for column, value in zip(order, values, strict=True):
        after |= same & column.beyond(value)
        same &= Q(**{column.name: value})
    return after


def _signer() -> Signer:
    return Signer(salt="catalog.search.cursor")


def _fingerprint(asked: Search) -> str:
    return blake2b(repr((words(asked.query), asked)).encode(), digest_size=6).hexdigest()


def _cursor(asked: Search, order: Sequence[_Column], last: Product) -> str:
    values = [getattr(last, column.name) for column in order]
    plain = [str(value) if isinstance(value, Decimal) else value for value in values]
    return _signer().sign_object([_fingerprint(asked), *plain], compress=True)


def _position(cursor: str, asked: Search) -> list[Any]:
    fix = _("Search again without a cursor, then use each next_cursor with the same arguments.")
    try:
        search_, *values = _signer().unsign_object(cursor)
    except BadSignature:
        raise InvalidArguments(_("This cursor is none that a search gave."), fix=fix) from None
    if search_ != _fingerprint(asked):
        raise InvalidArguments(_("This cursor belongs to another search."), fix=fix)
    return list(values)


def reindex(pks: Iterable[int]) -> None:
    """Bring the search index in step with these products, listed, changed or withdrawn.

    Call it in the transaction that wrote the rows, after writing them, for rows whose `index()` was called before.
    What did not change costs a comparison. Batches of a few hundred are best.
    """
