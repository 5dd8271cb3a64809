"""Bringing the lines of one chat's cart into another chat's."""

from collections.abc import Iterable
from typing import Final, Literal

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext

from carts import queries
from carts.caller import Caller
from carts.cart import CartState, Notice, Outcome
from carts.models import Cart, Session
from carts.news import CONTINUED, MOVED, with_news
from carts.people import person_of
from carts.services.requests import Request
from carts.services.saving import load_cart, locked_elsewhere, save
from carts.services.sessions import find_by_digests, find_by_public_id, way_in
from carts.sources import ELSEWHERE
from orders.handoff.pages import copy_lines
from shopmcp.errors import InvalidArguments, NotFound

Mode = Literal["add", "move"]
_OWN_CART: Final = "c_"


def bring(source: Cart, target: CartState, mode: Mode) -> list[Notice]:
    """Add the lines of a cart to another; `move` takes them out of the first, whose chat hears of it. Save the other.

    Args:
        source: An open cart, with its session.
        target: Loaded under its session's lock.
        mode: Whether the source keeps its lines.

    Raises:
        InvalidArguments: If both are one.
        NotFound: If the source is empty or was closed.
        NotForSale, CartLimit: If nothing can be added.
    """
    if source.pk == target.id:
        raise InvalidArguments(
            gettext("This code is of this chat's own cart."), fix=gettext("Show the cart with view_cart.")
        )
    row = find_by_public_id(source.session.public_id)
    found = load_cart(row, timezone.now()) if row else CartState(0, "")
    if found.id != source.pk or not found.lines:
        raise NotFound(gettext("The cart of this code is empty now."), fix=gettext("Search for the products instead."))
    said = Notice("resumed", gettext("The products of the other cart were added to this one."))
    notices = [said, *copy_lines(found, target)]
    if (coupon := found.terms.coupon) is not None and coupon != target.terms.coupon:
        text = gettext(
            "The coupon %(code)s stayed with the other cart: apply it here with apply_coupon if it is wanted."
        )
        notices.append(Notice("coupon_left", text % {"code": coupon.code}))
    _tell_source(found, mode, is_own=source.session_id == target.session_id)
    return notices


def bring_own(state: CartState, code: str, mode: Mode, request: Request | None = None) -> Outcome:
    """Bring a cart of the person to whom the chat belongs, by the public id that an offer or `/my/` names.

    Raises:
        NotFound: If the person has no such open cart, or the chat belongs to nobody; in the same words.
        NotForSale, CartLimit: As `bring`.
    """
    # Its own too, which it left for the one cart.
    theirs = Q(session__person=state.person or 0) | Q(session=state.session_id)
    mine = Cart.objects.open().filter(theirs, public_id=code.strip())
    if state.person is None or (source := mine.select_related("session").first()) is None:
        raise NotFound(
            gettext("This code opens no cart here."),
            fix=gettext("Ask the shopper for a code from the page of the cart, or from their account."),
        )
    return save(state, "resume_cart", bring(source, state, mode), undo_to=state.version, request=request)


def hold(caller: Caller, sources: Iterable[int]) -> None:
    """Lock the chat with the sessions of the carts that it brings, in one order, in the transaction at hand.

    Two chats that bring each other's carts at once would wait for each other else.
    """
    keys = set(sources)
    digests, handle = way_in(caller)
    row = caller.home or (find_by_digests(digests) if digests else find_by_public_id(handle) if handle else None)
    if not keys or row is None:
        return
    person = person_of(caller.call, row)
    rows = Session.objects.filter(Q(pk__in=keys | {row.id}) | Q(one_cart_of=person or 0)).in_locking_order()
    list(rows.select_for_update().values_list("pk"))


def is_offer(code: str) -> bool:
    """Whether the text names a cart as an offer does."""
    return code.strip().startswith(_OWN_CART)


def _tell_source(source: CartState, mode: Mode, *, is_own: bool) -> None:
    """Empty the other cart if it is moved, and have its chat hear of it, unless that is the one at hand."""
    with locked_elsewhere(source.session_public_id) as left:
        left.is_elsewhere = left.is_elsewhere and not is_own
        if mode == "move":
            for pk in source.lines.keys() & left.lines.keys():
                left.remove(pk)
        news = with_news(left.news, MOVED if mode == "move" else CONTINUED)
        save(left, ELSEWHERE, [], undo_to=left.version)
        if not is_own:
            queries.write_news.run(id=left.session_id, news=news)
