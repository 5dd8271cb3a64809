"""The products that a caller names, found by index look-ups alone.

What may have been meant is searched later, to complete a refusal: a search in the transaction would stop the changes of
others.
"""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext

from carts import queries
from carts.cart import CartState
from carts.queries import PRODUCT_WIDTH
from carts.sold import SoldItem, StoreInfo
from catalog.models import Product
from catalog.search.references import id_named
from shopmcp.errors import Ambiguous, NotForSale, NotFound, ShopError

_MOST_CANDIDATES = 10
# For so many of the references of a call it is searched what may have been meant.
_SEARCHED = 3


def find_item(reference: str, now: datetime) -> tuple[SoldItem, StoreInfo]:
    """Return the product that a reference names, at its price of that moment, with its store.

    Raises:
        NotFound, Ambiguous: If it names no product, or several; as `id_named`, to be completed.
    """
    row = queries.product_by_public_id.first(public_id=reference, now=now)
    if row is None:
        row = queries.product_by_public_id.first(public_id=id_named(reference), now=now)
    if row is None:  # an import was published in between
        raise NotFound(gettext("The shop's products have just changed."), fix=gettext("Try again in a moment."))
    return SoldItem._make(row[:PRODUCT_WIDTH]), StoreInfo._make(row[PRODUCT_WIDTH:])


def find_items(wanted: Sequence[tuple[str, int]], cart: CartState) -> list[tuple[SoldItem, StoreInfo, int]]:
    """Return the products that the references name, each once, with its store and the sum of its quantities.

    Args:
        wanted: References with quantities.
        cart: As it was loaded; its moment decides which sales are on.

    Raises:
        NotFound, Ambiguous: As `find_item`; one refusal tells all of them.
    """
    found: dict[int, tuple[SoldItem, StoreInfo, int]] = {}
    refusals: dict[str, ShopError] = {}
    for reference, quantity in wanted:
        if reference in refusals:
            continue
        try:
            item, store = _held(cart, reference) or find_item(reference, cart.now)
        except (NotFound, Ambiguous) as refusal:
            refusals[reference] = refusal
            continue
        before = found[item.id][2] if item.id in found else 0
        found[item.id] = item, store, before + quantity
    if refusals:
        raise _together(list(refusals.values()))
    return list(found.values())


def _held(cart: CartState, public_id: str) -> tuple[SoldItem, StoreInfo] | None:
    """The product of a line that can be bought: it was loaded with the cart, and need not be read again."""
    if cart.store is None:
        return None
    items = (line.product for line in cart.lines.values())
    return next(((item, cart.store) for item in items if item.public_id == public_id and item.for_sale), None)


def with_siblings(refusal: NotForSale, item: SoldItem) -> NotForSale:
    """Return the refusal with the variants of the product that can be bought."""
    product = Product.objects.select_related("store").filter(identity=item.id).first()
    siblings = product.siblings() if product else ()
    offered = [sibling.as_candidate() for sibling in siblings if sibling.for_sale and sibling.in_stock]
    if not offered:
        return refusal
    return NotForSale(
        refusal.message,
        fix=gettext("Offer the shopper one of those instead, or something similar by search_products."),
        candidates=offered[:_MOST_CANDIDATES],
    )


def _together(refusals: Sequence[ShopError]) -> ShopError:
    """One refusal that tells all of them, so that the caller can correct everything at once."""
    together = _joined(refusals)
    first, others = refusals[:_SEARCHED], refusals[_SEARCHED:]
    together.complete = lambda: _joined([*(each.complete() if each.complete else each for each in first), *others])
    return together


def _joined(refusals: Sequence[ShopError]) -> ShopError:
    first = refusals[0]
    messages = dict.fromkeys(refusal.message for refusal in refusals)
    candidates = {str(candidate): candidate for refusal in refusals for candidate in refusal.candidates}
    return type(first)(" ".join(messages), fix=first.fix, candidates=list(candidates.values())[:_MOST_CANDIDATES])
