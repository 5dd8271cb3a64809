"""Removing a store together with what was counted of it, if it is the demo."""

from analytics.reset import reset_numbers
from catalog.demo import STORE as DEMO
from orders.services.stores import Removed, remove_store


def is_demo(slug: str) -> bool:
    """Whether the store is the demo, whose visitors count in no number once it is gone."""
    return slug == DEMO["slug"]


def remove_with_numbers(slug: str) -> Removed:
    """Remove the store, or pause one that sold; with the demo, the numbers start afresh.

    Not one transaction: the removal goes on beside calls, a few carts at a time. What comes between the two at worst
    is counted no more, and `reset_numbers` can be asked for by itself.

    Raises:
        ShopError: As `remove_store`; then nothing was forgotten.
    """
    done = remove_store(slug)
    if is_demo(slug) and not done.orders:
        reset_numbers()
    return done
