"""What is asked of a search, and what it answers."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from hashlib import blake2b
from typing import Literal, Self

from catalog.language.text import words
from catalog.models import Product
from catalog.search.engines import Candidate
from catalog.search.rows import currencies_of

Sort = Literal["relevance", "price_asc", "price_desc", "name", "newest"]
MOST_VARIANTS = 20  # shown beside a product
_MOST_FACETS = 20


@dataclass(frozen=True, slots=True)
class Search:
    """What a shopper looks for; prices are in the store's currency.

    `category` is a shopper's words for categories; `search` finds the `categories` that they name.
    """

    query: str = ""
    stores: tuple[int, ...] | None = None
    categories: tuple[str, ...] | None = None
    category: str = ""
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    in_stock_only: bool = False
    sort: Sort = "relevance"

    @property
    def is_by_price(self) -> bool:
        """Whether prices decide what is found, or in which order."""
        return self.sort in ("price_asc", "price_desc") or self.min_price is not None or self.max_price is not None

    @property
    def listed(self) -> str:
        """The kind of list for cursors: one for each search, however it is written, whatever its `category` names."""
        low, high = (price if price is None else price.normalize() for price in (self.min_price, self.max_price))
        named = None if self.category else self.categories
        bounds = replace(self, query="", category="", categories=named, min_price=low, max_price=high)
        asked = (bool(self.query.strip()), words(self.query), self.category.strip().casefold(), bounds)
        return f"search.{blake2b(repr(asked).encode(), digest_size=6).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Facets:
    """The products found, by category and price.

    Attributes:
        categories: The most frequent categories first, each with its number of products, variants counted singly.
        lowest: The lowest price; None if nothing has a price, or prices are in several currencies.
        highest: The highest price; None as `lowest` is.
        store: A store whose currency the prices are in.
        partial: Whether more products fit than were counted.
    """

    categories: list[tuple[str, int]] = field(default_factory=list)
    lowest: Decimal | None = None
    highest: Decimal | None = None
    store: int | None = None
    partial: bool = False

    @classmethod
    def of_candidates(cls, found: Sequence[Candidate], *, partial: bool) -> Self:
        """Sum up what was found, each product once."""
        categories = Counter(candidate.category for candidate in found)
        del categories[""]
        prices = [candidate.price for candidate in found if candidate.price is not None]
        stores = {candidate.store for candidate in found}
        return cls._made(categories, stores, prices, partial=partial)

    @classmethod
    def of(cls, counts: Iterable[tuple[int, str, int, int | None, int | None]], *, partial: bool = False) -> Self:
        """Sum up counts: each with its store, category, number, lowest and highest price in thousandths."""
        categories, stores, prices = Counter[str](), set[int](), list[int]()
        for store, category, number, *bounds in counts:
            stores.add(store)
            prices += [price for price in bounds if price is not None]
            if category:
                categories[category] += number
        return cls._made(categories, stores, prices, partial=partial)

    @classmethod
    def _made(cls, categories: Counter[str], stores: set[int], prices: Sequence[int], *, partial: bool) -> Self:
        listed = sorted(categories.items(), key=lambda pair: (-pair[1], pair[0]))[:_MOST_FACETS]
        if not prices or (len(stores) > 1 and len(currencies_of(stores)) > 1):
            return cls(listed, partial=partial)
        return cls(listed, Decimal(min(prices)) / 1000, Decimal(max(prices)) / 1000, min(stores), partial)


@dataclass(frozen=True, slots=True)
class PriceBounds:
    """The words of a query that speak of a price, and the bounds they were taken for; without bounds they were ignored.

    They are `sure` if they can mean nothing but a price.
    """

    said: str
    lowest: Decimal | None = None
    highest: Decimal | None = None
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Page:
    """A page of results.

    Attributes:
        products: The best variant of each product found, with its store.
        also_close: Products that have all words but one, where few have all.
        lacking: The words that a product lacks, by the key of its identity.
        variants: All other variants, by the key of the identity of a product above.
        total: How many products all pages hold together; variants of one product count once.
        at_least: Whether more products than `total` may fit.
        next_cursor: None on the last page.
        dropped: Folded words of the query that were ignored because no product shown has them.
        partly: Whether no product fits all remaining words, so that these fit most of them.
        wishes: The parts of the query that were searched one by one because no product fits them together.
        price_bounds: The words of the query that speak of a price, if any.
        facets: What all pages hold.
    """

    products: list[Product] = field(default_factory=list)
    variants: dict[int, list[Product]] = field(default_factory=dict)
    total: int = 0
    at_least: bool = False
    next_cursor: str | None = None
    dropped: tuple[str, ...] = ()
    partly: bool = False
    wishes: tuple[str, ...] = ()
    price_bounds: PriceBounds | None = None
    facets: Facets = field(default_factory=Facets)
    also_close: list[Product] = field(default_factory=list)
    lacking: dict[int, tuple[str, ...]] = field(default_factory=dict)

    @property
    def shown(self) -> list[Product]:
        return [*self.products, *self.also_close]

    @property
    def everything(self) -> list[Product]:
        """The products shown, and their variants."""
        return [*self.shown, *(variant for variants in self.variants.values() for variant in variants)]
