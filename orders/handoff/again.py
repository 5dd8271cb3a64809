"""The same again: an earlier order of a conversation, or of its person, is put into its cart."""

from django.utils import timezone
from django.utils.translation import gettext

from carts.cart import CartState, LineState, Notice, Outcome
from carts.queries import STORE_FIELDS
from carts.refusals import not_for_sale
from carts.services.requests import Request
from carts.services.saving import items_of, save
from carts.sold import StoreInfo
from catalog.models import Store
from orders.handoff.pages import copy_lines
from orders.services.again import order_of_chat
from shopmcp.money import money


def order_again(state: CartState, number: str, request: Request | None = None) -> Outcome:
    """Add what an order of the conversation or its person held to its cart, at today's prices, if it can be bought.

    Args:
        state: Loaded under its session's lock.
        number: The order's, as people write it.
        request: The request that this answers.

    Raises:
        NotFound: If they have no such order.
        NotForSale, CartLimit: If nothing can be added.
    """
    order = order_of_chat(state.session_id, state.person, number)
    lines = list(order.lines.filter(first_quantity__gt=0))
    items = items_of([line.product_id for line in lines], timezone.now())
    source = CartState(0, "", currency=order.currency)
    source.store = StoreInfo._make(Store.objects.values_list(*STORE_FIELDS).get(pk=order.store_id))
    gone = list[Notice]()
    for line in lines:
        if line.product_id not in items:  # deleted for good, as undo finds it too
            gone.append(Notice("not_added", not_for_sale(line.name, is_withdrawn=True, lacks_price=False).message))
            continue
        item = items[line.product_id].counted_in(order.currency)
        source.lines[item.id] = LineState(item, line.first_quantity, line.unit_price, line.unit_price)
    said = Notice("again", gettext("What order %(number)s held was added.") % {"number": order.shown_number})
    if not source.lines:
        raise not_for_sale(lines[0].name, is_withdrawn=True, lacks_price=False)
    notices = [said, *gone, *copy_lines(source, state), *_dearer_or_cheaper(source)]
    return save(state, "resume_cart", notices, undo_to=state.version, request=request)


def _dearer_or_cheaper(source: CartState) -> list[Notice]:
    """Say which products cost something else than in the order."""
    locale = source.store.language if source.store else ""
    text = gettext("The price of %(name)s changed from %(old)s to %(new)s.")
    found = []
    for line in source.lines.values():
        then, now = line.price_when_added, line.product.price
        if line.product.for_sale and now is not None and now != then:
            old, new = (money(price, source.currency, locale).formatted for price in (then, now))
            found.append(Notice("price_changed", text % {"name": line.product.name, "old": old, "new": new}))
    return found
