"""What a store offers now, remembered by each process until it changes.

Cart answers need it at every call. They read `Merchant.revision` with the cart, and only a new one costs queries here.
"""

from dataclasses import dataclass
from typing import Final

from catalog.models import Store
from offers.models import Coupon, DeliveryOption, Merchant

_MOST: Final = 1000  # stores
_COUPONS: Final = 20  # that chats tell of a store


@dataclass(frozen=True, slots=True)
class Terms:
    """The offered delivery options in order, the coupons that chats tell, and who sells; each with its store."""

    options: tuple[DeliveryOption, ...] = ()
    coupons: tuple[Coupon, ...] = ()
    merchant: Merchant | None = None


_NOTHING: Final = Terms()
_remembered: dict[int, tuple[str, Terms]] = {}


def terms_of(store_id: int | None, revision: str | None) -> Terms:
    """Return the terms of a store at a revision; without a revision it has none."""
    if store_id is None or not revision:
        return _NOTHING
    known = _remembered.get(store_id)
    if known is not None and known[0] == revision:
        return known[1]
    terms = read_terms(store_id)
    if len(_remembered) >= _MOST:
        _remembered.clear()
    # Read after the revision: what changed in between is read again at the next call, never missed.
    _remembered[store_id] = revision, terms
    return terms


def read_terms(store_id: int) -> Terms:
    """Read the terms of a store from the database."""
    store = Store.objects.select_related("merchant").get(pk=store_id)
    merchant = getattr(store, "merchant", None)
    options = tuple(DeliveryOption.objects.offered().of_store(store_id))
    coupons = tuple(Coupon.objects.told().of_store(store_id).order_by("id")[:_COUPONS])
    for option in options:
        option.store = store
    for coupon in coupons:
        coupon.store = store
    return Terms(options, coupons, merchant)
