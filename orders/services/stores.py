"""Removing a store that never sold, and pausing one that did: its orders point at its products."""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import ProtectedError
from django.utils import translation
from django.utils.translation import gettext

from carts.services.cleanup import remove_carts, wait_for_carts
from catalog.imports.removing import remove, withdraw_all, without_imports
from catalog.models import Store
from catalog.search.index import revise
from orders.models import Order
from shopmcp.errors import Kept, NotFound


@dataclass(frozen=True, slots=True)
class Removed:
    """What became of a store: it was removed, or it was paused and keeps its orders."""

    products: int = 0
    carts: int = 0
    orders: int = 0


def remove_store(slug: str) -> Removed:
    """Remove a store with its products and the carts that hold them, whose chats are told; pause one that sold.

    Raises:
        NotFound: If there is no such store; it names those there are.
        ImportRunning: If an import of the store is running.
        Kept: If somebody put a product into a cart meanwhile; running it again goes on.
    """
    store = Store.objects.filter(slug=slug).first()
    if store is None:
        raise NotFound(
            gettext("There is no store “%(slug)s”.") % {"slug": slug[:40]},
            fix=gettext("Stores: %(slugs)s.") % {"slugs": ", ".join(Store.objects.values_list("slug", flat=True))},
        )
    with without_imports(slug) as run:
        # Before the look: an order that is being placed holds its cart's session, and later ones are refused.
        _pause(store)
        wait_for_carts(store)
        if sold := Order.objects.filter(store=store).count():
            return Removed(orders=sold)
        products = withdraw_all(store, run)
        with translation.override(store.language):
            told = gettext("The store %(name)s was closed, and its products were taken out of the cart.")
            carts = remove_carts(store, told % {"name": store.name})
        try:
            remove(store, run)
        except ProtectedError:
            raise Kept(
                gettext("A product came into a cart while the store was being removed."),
                fix=gettext("Run the command again; it goes on where it ended."),
            ) from None
    return Removed(products, carts)


def _pause(store: Store) -> None:
    """Let the store take no orders; a sentence of the owner that says why is kept."""
    with transaction.atomic():
        current = Store.objects.select_for_update().get(pk=store.pk)
        if current.paused:
            return
        with translation.override(store.language):
            current.paused = gettext("this store is closed.")
        current.save(update_fields=["paused"])
        revise([store.pk])
