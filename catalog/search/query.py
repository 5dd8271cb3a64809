"""What is asked of a search, and what it answers."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from hashlib import blake2b
from typing import Any, Literal

from django.core.signing import BadSignature, Signer
from django.utils.translation import gettext as _

from catalog.language.text import words
from catalog.models import Product
from shopmcp.errors import InvalidArguments

Sort = Literal["relevance", "price_asc", "price_desc", "name", "newest"]


@dataclass(frozen=True, slots=True)
class Search:
    """What a shopper looks for. Prices are in the store's currency; `categories` are what `category` stands for now."""

    query: str = ""
    stores: tuple[int, ...] | None = None
    categories: tuple[str, ...] | None = None
    category: str = ""
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    in_stock_only: bool = False
    sort: Sort = "relevance"

    @property
    def fingerprint(self) -> str:
        """Tells this search from others, however it is written, and whatever its category stands for meanwhile."""
        low, high = (price if price is None else price.normalize() for price in (self.min_price, self.max_price))
        named = None if self.category else self.categories
        bounds = replace(self, query="", category="", categories=named, min_price=low, max_price=high)
        asked = (bool(self.query.strip()), words(self.query), self.category.strip().casefold(), bounds)
        return blake2b(repr(asked).encode(), digest_size=6).hexdigest()


@dataclass(frozen=True, slots=True)
class Facets:
    """What was found, by category and by price: the most frequent categories first, prices of one currency only.

    They are `partial` where more fit than were looked at.
    """

    categories: list[tuple[str, int]] = field(default_factory=list)
    lowest: Decimal | None = None
    highest: Decimal | None = None
    store: int | None = None
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Budget:
    """What became of words that speak of a price: the bounds they were taken for; none if they were left out."""

    said: str
    lowest: Decimal | None = None
    highest: Decimal | None = None
    # Whether they can mean nothing else.
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Page:
    """A page of results.

    Attributes:
        products: The best variant of each product found, with its store.
        variants: By primary key of a product above, its other variants that were found too.
        total: How many products all pages hold, variants of one counted once.
        at_least: Whether there may be more than `total`, which is as far as was counted.
        next_cursor: None on the last page.
        dropped: Words of the query that nothing fits, as they were folded; the rest was searched for.
        partly: Whether no product fits all the words that remain, so that these fit most of them.
        wishes: What was looked for one after another, each for itself, because no product is all of it; else empty.
        budget: The words of the query that speak of a price, which no product was to hold; or None.
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
    budget: Budget | None = None
    facets: Facets = field(default_factory=Facets)


def cursor_after(asked: Search, position: Sequence[Any]) -> str:
    """Return the cursor of what comes after this position, for the same search."""
    return _signer().sign_object([asked.fingerprint, *position], compress=True)


def position_of(cursor: str, asked: Search) -> tuple[Any, ...]:
    """Return the position that a cursor holds.

    Raises:
        InvalidArguments: If no search gave it, or another one did.
    """
    fix = _("Search again without a cursor, then use each next_cursor with the same arguments.")
    try:
        search_, *values = _signer().unsign_object(cursor)
    except BadSignature:
        raise InvalidArguments(_("This cursor is none that a search gave."), fix=fix) from None
    if search_ != asked.fingerprint:
        raise InvalidArguments(_("This cursor belongs to another search."), fix=fix)
    return tuple(values)


def _signer() -> Signer:
    return Signer(salt="catalog.search.cursor")
