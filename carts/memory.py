"""The lines of carts, remembered from call to call, and what a look at them showed.

Reading the lines with their products takes longer than all else that a look at a cart reads. They are kept with the
version of the cart and the token of the catalogue (`catalog.models.search_index.Revision`), and each call reads both
with its session, a change after it has locked it. So they are never stale, whoever changed the cart or the catalogue.

Only carts are kept whose lines nothing else changes. A sale with dates changes them by the clock, counted stock by
orders, and news about a line, such as a new price, by the answer that tells it. `SHOPMCP_CACHE=off` reads all lines
at each call; the answers are the same.
"""

from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any, Final, NamedTuple

from django.conf import settings

from carts.cart import CartState, LineState
from carts.queries import SessionRow
from carts.sold import StoreInfo

# Lines in all; a cart counts as one more. Each takes about a kB.
MOST: Final = 10_000
# Of a cart: a chat has one language, and asks anew when its store changes.
_MOST_SHOWN: Final = 2


# An answer as text and as data.
Shown = tuple[str, dict[str, Any]]


class _Kept(NamedTuple):
    version: int
    catalogue: int
    lines: Mapping[int, LineState]
    # By the language of the answer and the store, which changes on its own.
    shown: dict[tuple[str, StoreInfo], Shown]

    @property
    def size(self) -> int:
        return len(self.lines) + 1


# By the public ids of the carts, which no other cart ever gets; the oldest first.
_kept: dict[str, _Kept] = {}
_lock = Lock()
_count = 0


def lines_of(row: SessionRow) -> Mapping[int, LineState] | None:
    """Return the lines of the session's open cart as they are now; None if they must be read."""
    if row.catalogue is None or (kept := _kept.get(row.cart_public_id or "")) is None or not settings.SHOPMCP_CACHE:
        return None
    return kept.lines if kept.version == row.version and kept.catalogue == row.catalogue else None


def shown(cart: CartState, language: str, store: StoreInfo, make: Callable[[], Shown]) -> Shown:
    """Return what a look at a cart shows, made anew unless the same cart was shown before; do not change it.

    Args:
        cart: As it was loaded, with nothing to tell beside its lines.
        language: Of the text.
        store: Of the cart.
        make: Makes the answer.
    """
    kept = _kept.get(cart.public_id) if cart.is_remembered else None
    if kept is None or (kept.version, kept.catalogue) != (cart.version, cart.catalogue):
        return make()
    if (found := kept.shown.get((language, store))) is None:
        found = make()
        if len(kept.shown) >= _MOST_SHOWN:
            kept.shown.clear()
        kept.shown[language, store] = found
    return found


def keep(cart: CartState) -> None:
    """Remember the lines of a cart as it was read or committed, if nothing but its version and catalogue changes them.

    Call it when the transaction at hand is committed: the version of one that is rolled back will be another change's.
    """
    global _count  # noqa: PLW0603 - it belongs to `_kept`
    if cart.catalogue is None or not settings.SHOPMCP_CACHE:
        return
    # Of remembered lines, those are as they were that the change did not touch.
    new = [cart.lines[pk] for pk in cart.before if pk in cart.lines] if cart.is_remembered else cart.lines.values()
    is_steady = all(line.is_as_told and line.product.is_steady for line in new)
    with _lock:
        if (before := _kept.pop(cart.public_id, None)) is not None:
            _count -= before.size
        if not is_steady:
            return
        kept = _kept[cart.public_id] = _Kept(cart.version, cart.catalogue, dict(cart.lines), {})
        _count += kept.size
        while _count > MOST:
            _count -= _kept.pop(next(iter(_kept))).size


def size() -> int:
    """Return how many lines and carts are remembered."""
    return _count


def forget() -> None:
    """Forget all of them; the database knows them."""
    global _count  # noqa: PLW0603 - it belongs to `_kept`
    with _lock:
        _kept.clear()
        _count = 0
