"""Carts that go on to the store's own checkout, in another shop system."""

from django.utils import translation
from django.utils.translation import gettext

from carts.cart import CartState
from carts.services.ordering import leave_for_own_checkout, tell_chat
from carts.services.saving import locked_elsewhere
from catalog.models import Product, Store
from offers.models import Merchant
from offers.own_checkouts import Handover, Item, handover
from orders.handoff.pages import behind, of_link
from orders.models import CheckoutLink
from orders.refusals import NotTaken
from orders.services.quoting import Quote, quote
from shopmcp.money import money

# The news of a chat whose shopper went there.
LEFT = "left_for_checkout"


def handover_of(state: CartState, store: Store) -> Handover | None:
    """Return where the cart goes on; None if the store has no checkout of its own.

    Args:
        state: A cart with lines.
        store: Its store.
    """
    merchant: Merchant | None = getattr(store, "merchant", None)
    if merchant is None or not merchant.has_own_checkout:
        return None
    quoted = quote(state, store)
    currency = state.currency or store.currency
    sums = {"sum": money(quoted.sums.total, currency, "en").amount, "currency": currency}
    coupon = state.terms.coupon
    return handover(
        merchant.own_checkout,
        merchant.own_checkout_address,
        _items(quoted),
        coupon=coupon.code if coupon else "",
        sums=sums,
    )


def leave(link: CheckoutLink, version: int) -> Handover:
    """Mark the cart of a link as taken to the store's own checkout, and return where that is. Its chat hears of it.

    Raises:
        PageBehind: If the cart changed since the page was made.
        NotTaken: If nothing of it can be ordered there now.
        Ordered: If it was ordered here meanwhile.
    """
    with locked_elsewhere(link.cart.session.public_id) as state:
        of_link(link, state)
        if version != state.version:
            raise behind()
        store = Store.objects.filter(pk=state.store.id if state.store else 0).first()
        found = handover_of(state, store) if store and state.lines and not store.paused else None
        if store is None or found is None or not found.is_possible:
            raise NotTaken(
                gettext("This cart cannot go to the shop's own checkout now."), fix=gettext("The cart stays as it is.")
            )
        leave_for_own_checkout(state)
        if state.is_elsewhere:
            with translation.override(store.language):
                told = gettext(
                    "The shopper went to the shop's own checkout with this cart. Whether it was ordered there is not "
                    "known here: ask the shopper."
                )
            tell_chat(state.session_id, LEFT, told)
    return found


def _items(quoted: Quote) -> list[Item]:
    keys = [line.item.id for line in quoted.lines]
    rows = Product.objects.filter(identity__in=keys).values_list("identity", "sku", "external_id", "url")
    known = {key: facts for key, *facts in rows}
    items = []
    for line in quoted.lines:
        sku, own_id, url = known.get(line.item.id, ("", "", ""))
        items.append(Item(line.item.name, sku, own_id, line.quantity, url))
    return items
