"""What was made lately of the same product: texts and dictionaries that different searches show again."""

from collections.abc import Callable, Hashable
from datetime import datetime
from typing import Any, TypeVar

from catalog.models import Product

T = TypeVar("T")
# Where a product has what was made of its columns, if these are remembered. It never outlives them.
KEPT = "_kept"
_MOST = 12


def recent(product: Product, now: datetime, what: Hashable, make: Callable[[], T]) -> T:
    """Return what is made of a product with its store; the same object again, so do not change it.

    Columns and `what` decide it, with what may change without them: its stock, the store, and whether its sale is on.
    """
    kept: dict[Hashable, Any] | None = product.__dict__.get(KEPT)
    if kept is None:
        return make()
    store = product.store
    key = what, product.stock, store.slug, store.language, product.on_sale_at(now)
    if (made := kept.get(key)) is None:
        if len(kept) >= _MOST:  # of different stocks
            kept.clear()
        made = kept[key] = make()
    found: T = made
    return found
