"""What was done outside of a session's chat, and the chat has not heard: the text of `Session.news`.

It is JSON: a list of `[code, text]`, and of `[CHANGED, {product: [name, before, after]}]` for changes of quantities.

News of the cart are repeated by reads until the answer of a write has told them. News with a code that begins as one of
ONCE are of something else, such as an order: the next answer tells them, and no later one (`carts.services.once`).
"""

import json
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from django.utils.translation import gettext, gettext_lazy

ORDER: Final = "order_"  # the kind of the event follows
KEPT: Final = "kept_with_account"
ONCE: Final = (ORDER, KEPT)
CHANGED: Final = "changed_in_browser"
CONTINUED: Final = "continued_elsewhere"
ONE_CART_BEGUN: Final = "one_cart"
ONE_CART_LEFT: Final = "one_cart_left"
MOVED: Final = "moved_elsewhere"
TERMS: Final = "terms_changed_in_browser"
# Older news give way: a chat that never answers must not grow its row.
MOST: Final = 20
_SENTENCES: Final = {
    CONTINUED: gettext_lazy("Another chat added the products of this cart to its own; they are still here too."),
    MOVED: gettext_lazy("Another chat moved the products of this cart into its own."),
    ONE_CART_BEGUN: gettext_lazy(
        "This chat uses the one cart of the shopper's account now, as all chats of the account do."
    ),
    ONE_CART_LEFT: gettext_lazy(
        "This chat does not use the one cart of the shopper's account any more: it has a cart of its own again."
    ),
}


class Moved(NamedTuple):
    """The quantity of a product before and after."""

    product: int
    name: str
    before: int
    after: int


def told(news: str) -> list[tuple[str, str]]:
    """Return the code and the sentence of each piece of news, in the reader's language."""
    return [(code, _sentence(code, text)) for code, text in _read(news)]


def with_news(news: str, code: str, text: str = "") -> str:
    """Return the news with one more sentence; a code with a sentence of its own needs no text."""
    return _written([*_read(news), [code, text]])


def with_all(news: str, more: str) -> str:
    """Return the news with others behind them."""
    return _written([*_read(news), *_read(more)]) if more else news


def told_once(news: str) -> list[tuple[str, str]]:
    """Return those of them that only one answer tells."""
    return [pair for pair in told(news) if pair[0].startswith(ONCE)]


def without(news: str, start: str | tuple[str, ...]) -> str:
    """Return the news without those whose code begins so."""
    return _written([entry for entry in _read(news) if not entry[0].startswith(start)])


def with_changes(news: str, changes: Iterable[Moved]) -> str:
    """Return the news with changes of quantities; of a product that changed again, it tells the sum."""
    entries = _read(news)
    sums: dict[str, Any] = next((text for code, text in entries if code == CHANGED), {})
    for product, name, before, after in changes:
        first = sums[str(product)][1] if str(product) in sums else before
        sums[str(product)] = [name, first, after]
    sums = {product: moved for product, moved in sums.items() if moved[1] != moved[2]}
    others = [entry for entry in entries if entry[0] != CHANGED]
    return _written([*others, [CHANGED, sums]] if sums else others)


def _sentence(code: str, told: str | dict[str, Any]) -> str:
    if isinstance(told, str):
        return told or str(_SENTENCES[code])
    changes = "; ".join(f"{name}: {before} → {after}" for name, before, after in told.values())
    return gettext("The shopper changed the cart in the browser: %(changes)s.") % {"changes": changes}


def _read(news: str) -> list[Any]:
    return list(json.loads(news)) if news else []


def _written(entries: list[Any]) -> str:
    return json.dumps(entries[-MOST:], ensure_ascii=False) if entries else ""
