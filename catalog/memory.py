"""Answers of searches, remembered for the next equal search.

Shoppers of one shop ask the same things, and an answer costs ten times what it takes to see that nothing changed. An
answer is kept with the moment it was made in (`catalog.search.moment`), which each call reads anew, so it is never
stale. `SHOPMCP_CACHE=off` makes every answer anew; it is the same answer.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from catalog.search.moment import Moment, now, stores_at
from catalog.search.rows import Glance, glance

# Of up to some ten kB each.
MOST = 500


@dataclass(frozen=True, slots=True)
class Made:
    """An answer and what its record says.

    Attributes:
        text, data: The answer.
        words, results: What was searched, and how much was found.
        language: That of the first product's store; empty without products.
        stock: Of the products shown: `catalog.search.moment.stock_of`.
    """

    text: str
    data: Mapping[str, Any]
    words: list[str] = field(default_factory=list)
    results: int = 0
    language: str = ""
    stock: Mapping[int, tuple[int, int]] = field(default_factory=dict)


@dataclass(slots=True)
class _Kept:
    """The answers to one search in each language, all of the same moment."""

    state: Hashable
    stock: Mapping[int, tuple[int, int]]
    answers: dict[str, Made] = field(default_factory=dict)


_kept: dict[Hashable, _Kept] = {}


class Visit:
    """A search as it meets the shop: all `stores`, the oldest first, and the answer if the shop is as when it was made.

    Args:
        asked: All that the answer depends on besides the shop and the language.
        query: What is searched, if it is one query.

    Attributes:
        seen: What was read of the query with the shop, if no answer is remembered.
    """

    def __init__(self, asked: Hashable, query: str) -> None:
        self._asked = asked
        self._found = _kept.get(asked) if settings.SHOPMCP_CACHE else None
        self.seen: Glance | None = None
        if self._found is not None:
            self._moment = now(self._found.stock)
        else:
            self.seen = glance(query)
            self._moment = Moment.of(self.seen.facts, {})
        self.stores = stores_at(self._moment.facts)

    def answer(self, language: str, make: Callable[[], Made]) -> Made:
        """Return the answer in this language, made anew if anything changed."""
        moment, found = self._moment, self._found
        if not settings.SHOPMCP_CACHE or not moment.is_known:
            return make()
        if found is None or found.state != moment.state or not moment.has_stock(found.stock):
            found = None
        elif (made := found.answers.get(language)) is not None:
            return made
        made = make()
        if found is None or found.stock != made.stock:
            found = _Kept(moment.state, made.stock)
        found.answers[language] = made
        while len(_kept) >= MOST and self._asked not in _kept:
            _kept.pop(next(iter(_kept)), None)  # the oldest
        _kept[self._asked] = found
        return made


def size() -> int:
    """Return of how many searches answers are kept."""
    return len(_kept)


def forget() -> None:
    """Forget all answers."""
    _kept.clear()
