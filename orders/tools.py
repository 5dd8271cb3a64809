"""The tools that lead out of a chat. Their docstrings are read by the model that calls them."""

from datetime import UTC
from typing import Annotated, Literal

from django.utils.translation import get_language, gettext
from pydantic import Field

from carts import people
from carts.caller import Caller, session_needed
from carts.cart import CartState, Outcome
from carts.models import Cart
from carts.people import person_of
from carts.schemas import CartOut
from carts.services import once
from carts.services.requests import Request, first_outcome
from carts.services.saving import load_cart, locked_cart
from carts.services.sessions import find, find_for_cart
from carts.tools import RequestId, changed, request_of
from orders.handoff import account_codes, codes, links
from orders.handoff.again import order_again
from orders.handoff.bringing import bring_own, hold, is_offer
from orders.handoff.permalinks import keep
from orders.models import AccountCode, CheckoutLink, ResumeCode
from orders.numbers import read_number
from orders.schemas import CheckoutLinkOut, OrdersOut, order_out
from orders.services.again import order_of_chat, orders_of_chat
from orders.texts import link_text, orders_text
from shopmcp.db.savepoint import change
from shopmcp.errors import InvalidArguments, NotFound, ShopError
from shopmcp.mcp.arguments import CartId
from shopmcp.mcp.call import Answer, Call
from shopmcp.mcp.tools import tool

_MOST_ORDERS = 20


@tool(title="Link to the cart", idempotent=True, invoking="Making a link…", invoked="Link made")
def get_checkout_link(
    call: Call,
    scope: Annotated[
        Literal["buy", "view"],
        Field(description="`buy` lets the shopper change and order the cart there; `view` only shows it."),
    ] = "buy",
    cart_id: CartId = None,
) -> Answer[CheckoutLinkOut]:
    """Use this when the shopper wants to order, pay, or see the cart outside of this chat: it gives a link that opens
    the cart in a browser, without signing in. The link works for a day; ask again for a new one. Give the shopper the
    link as it is."""
    caller = Caller(call, cart_id)
    if caller.shares_cart:
        link = _link_to_copy(caller, scope)
    elif caller.is_unkeyed:
        find_for_cart(caller)
        raise session_needed()
    else:
        with locked_cart(caller) as cart:
            _refuse_empty(cart)
            assert cart.id is not None
            link = links.link_for(cart.id, scope, _language())
            once.tell(call, cart)
    told = CheckoutLinkOut(
        url=links.address_of(link),
        scope=scope,
        expires_at=f"{link.expires_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
    )
    return Answer(link_text(told, is_copy=caller.shares_cart), told)


@tool(title="Continue a cart", scopes="cart orders", invoking="Fetching the cart…", invoked="Cart fetched")
def resume_cart(
    call: Call,
    code: Annotated[
        str,
        Field(
            min_length=1,
            max_length=40,
            description="The code that the shopper read on the page of a cart or of their account; the code that an "
            "earlier answer offered; or the number of an order, for the same again.",
        ),
    ],
    mode: Annotated[
        Literal["add", "move"],
        Field(description="`add` leaves the products in the other cart too; `move` takes them out of it."),
    ] = "add",
    cart_id: CartId = None,
    request_id: RequestId = None,
) -> Answer[CartOut]:
    """Use this when the shopper gives a code from the page of another cart or of their account, to go on with it here,
    or wants the same again as in an earlier order: it adds those products to the cart of this conversation. A code of
    an account also links this conversation to it."""
    caller = Caller(call, cart_id)
    if caller.shares_cart:
        caller.speak()
        raise InvalidArguments(
            gettext("All chats without a conversation id share this cart, so no other cart is brought into it."),
            fix=gettext("Add the products with add_to_cart, or go on in a browser with get_checkout_link."),
        )
    request = request_of(caller, request_id, (code, mode))
    if read_number(code) is not None:
        _check_is_known(caller)
        with locked_cart(caller) as cart:
            again = first_outcome(cart, request) or order_again(cart, code, request)
        return changed(caller, again)
    if is_offer(code):
        return changed(caller, _brought(caller, code, mode, request))
    # A chat that passes no cart_id gets a session by this call: a wrong code must not make one.
    found = codes.find(code, call.network) if caller.is_unkeyed else None
    refusal: ShopError | None = None
    with change():
        people.hold(call)
        account_codes.hold(code)
        hold(caller, [*codes.source_of(code), *account_codes.source_of(code)])
        with locked_cart(caller) as cart:
            outcome = first_outcome(cart, request)
            if outcome is None:
                codes.check_tries(cart.session_id)
                try:
                    outcome = _resumed(caller, cart, found or codes.find(code, call.network), mode, request)
                except codes.WrongCode as wrong:
                    # Raised before anything was changed, and counted in this transaction.
                    codes.count_wrong(cart.session_id)
                    refusal = wrong
    if outcome is None:
        assert refusal is not None
        raise refusal
    return changed(caller, outcome)


@tool(title="List orders", read_only=True, scopes="orders", invoking="Looking at the orders…", invoked="Orders shown")
def list_orders(
    call: Call,
    order: Annotated[
        str | None,
        Field(min_length=1, max_length=40, description="The number of one order, to see it in full."),
    ] = None,
    cart_id: CartId = None,
) -> Answer[OrdersOut]:
    """Use this when the shopper asks what became of an order, or what was ordered: it tells each order's state, its sum
    and the link of its page, the newest first. It knows the orders of this conversation; if the shopper linked it to
    their account, those of all their chats and of the web too."""
    caller = Caller(call, cart_id)
    if caller.shares_cart:
        caller.speak()
        raise InvalidArguments(
            gettext("All chats without a conversation id share one cart here, so their orders are not told apart."),
            fix=gettext("Open the order's page by the link that the shop mailed."),
        )
    # Whom a token names has orders in every chat.
    row = find_for_cart(caller) if call.person is None else find(caller)
    session, person = row.id if row else None, person_of(call, row)
    if order is not None:
        found = [order_of_chat(session, person, order)]
    elif session is None and person is None:
        found = []
    else:
        found = list(orders_of_chat(session, person).select_related("store").newest_first()[:_MOST_ORDERS])
    told = OrdersOut(orders=[order_out(each, in_full=order is not None) for each in found])
    return Answer(orders_text(told, found), told)


def _brought(caller: Caller, code: str, mode: Literal["add", "move"], request: Request | None) -> Outcome:
    _check_is_known(caller)
    with change():
        people.hold(caller.call)
        hold(caller, Cart.objects.filter(public_id=code.strip()).values_list("session", flat=True))
        with locked_cart(caller) as cart:
            return first_outcome(cart, request) or bring_own(cart, code, mode, request)


def _resumed(
    caller: Caller,
    cart: CartState,
    code: ResumeCode | AccountCode,
    mode: Literal["add", "move"],
    request: Request | None,
) -> Outcome:
    if isinstance(code, AccountCode):
        if caller.can_meet:
            raise InvalidArguments(
                gettext("This chat sends a placeholder as its id, as others do, so it is not linked to an account."),
                fix=gettext("The shopper can open an account in a browser, on the shop's page /my/."),
            )
        return account_codes.connect(cart, code, mode, request)
    return codes.resume(cart, code, mode, request)


def _check_is_known(caller: Caller) -> None:
    """Refuse a chat that names neither a conversation nor a person: it has no orders, and gets no session by asking."""
    if caller.call.person is None:
        find_for_cart(caller)


def _link_to_copy(caller: Caller, scope: str) -> CheckoutLink:
    """A link to a copy of the cart that all chats without an id share: whoever has it may not change theirs."""
    row = find_for_cart(caller)
    shared = load_cart(row, caller.now) if row else CartState(0, "")
    _refuse_empty(shared)
    call = caller.call
    return keep(shared, scope=scope, language=_language(), network=call.network, call=call)


def _refuse_empty(cart: CartState) -> None:
    if not cart.lines:
        raise NotFound(
            gettext("The cart is empty, so there is nothing to hand over."),
            fix=gettext("Put products into it with add_to_cart first."),
        )


def _language() -> str:
    """The language that this call is answered in."""
    return get_language() or "en"
