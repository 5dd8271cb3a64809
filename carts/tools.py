"""The cart's tools. Their docstrings are read by the model that calls them."""

import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Annotated, Any

from django.conf import settings
from django.utils.translation import gettext
from pydantic import BaseModel, ConfigDict, Field

from carts import looks, memory
from carts.caller import SHARED, Caller
from carts.cart import MAX_QUANTITY, Notice, Outcome
from carts.conversation import UNKEYED, received
from carts.digests import public_id_of
from carts.models import Session
from carts.offers import offers_of
from carts.schemas import CartOut, DebugOut, cart_data
from carts.services import carts
from carts.services.other_carts import find_or_offer
from carts.services.requests import Request, first_outcome
from carts.services.saving import locked_cart, shown_cart
from carts.services.sessions import find, has_expired
from carts.texts import by_handle, cart_text, debug_text, repeated
from catalog.schemas import Price
from shopmcp.errors import InvalidArguments
from shopmcp.mcp.arguments import CartId, IgnoredBeside, Listed, NeverNull, Whole, ZeroIsAbsent
from shopmcp.mcp.call import Answer, Call, nothing
from shopmcp.mcp.tools import tool
from shopmcp.money import money

_MAX_ITEMS = 50
_PRODUCT_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}:\S{1,255}")

ProductId = Annotated[
    str,
    Field(
        min_length=1,
        max_length=1000,
        description="The product_id of a search result. A unique SKU, the product's URL or its exact name also work.",
    ),
]
Quantity = Annotated[
    int | None,
    Field(ge=1, le=MAX_QUANTITY, description="How many to add: 1, or with replaces the old quantity, if left out."),
    Whole,
    NeverNull(),
]
RequestId = Annotated[
    str | None,
    Field(
        min_length=1,
        max_length=64,
        description="An id of your own for this change: a call that repeats it changes nothing twice.",
    ),
]


Budget = Annotated[
    Price | None,
    Field(description="What the shopper wants to spend; answers then tell what is left."),
    ZeroIsAbsent(),
]


class Item(BaseModel):
    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)

    product_id: ProductId
    quantity: Quantity = None


@tool(title="Add to cart", invoking="Adding to the cart…", invoked="Added to the cart")
def add_to_cart(
    call: Call,
    product_id: Annotated[ProductId | None, Field(description="The product to add, by its product_id.")] = None,
    quantity: Annotated[Quantity, IgnoredBeside("items")] = None,
    items: Annotated[
        list[Item] | None,
        Field(min_length=1, max_length=_MAX_ITEMS, description="Several products at once, instead of product_id."),
        Listed,
    ] = None,
    replaces: Annotated[
        ProductId | None,
        Field(description="The product_id in the cart that this takes the place of, in one change: for a swap."),
    ] = None,
    budget: Budget = None,
    cart_id: CartId = None,
    request_id: RequestId = None,
) -> Answer[CartOut]:
    """Use this when the shopper wants to buy something: it adds one product, or several as `items`, to the cart of
    this conversation. What is in the cart already is added up. A cart holds products of one store and one currency. If
    one of the items is refused, none is added; of what is short in stock as much is added as there is, with a
    notice."""
    caller = Caller(call, cart_id)
    wanted = _wanted(caller, product_id, quantity, items, replaces)
    arguments: object = wanted if replaces is None else (wanted, replaces)
    request = request_of(caller, request_id, (arguments, str(budget)) if budget else arguments)
    with locked_cart(caller) as cart:
        outcome = first_outcome(cart, request) or carts.add_items(
            cart, wanted, request, replaces=replaces, budget=budget, speak=caller.speak_as
        )
    return changed(caller, outcome)


@tool(title="Change quantity", idempotent=True, invoking="Changing the cart…", invoked="Cart changed")
def update_cart_item(
    call: Call,
    product_id: ProductId,
    quantity: Annotated[
        int,
        Field(ge=0, le=MAX_QUANTITY, description="The new quantity, not a difference; 0 removes the product."),
        Whole,
    ],
    budget: Budget = None,
    cart_id: CartId = None,
    request_id: RequestId = None,
) -> Answer[CartOut]:
    """Use this when the shopper wants a certain quantity of a product: it sets that quantity, whether or not the
    product is in the cart yet."""
    _note_products(call, [product_id])
    caller = Caller(call, cart_id)
    request = request_of(caller, request_id, (product_id, quantity, str(budget)) if budget else (product_id, quantity))
    with locked_cart(caller) as cart:
        outcome = first_outcome(cart, request) or carts.set_quantity(
            cart, product_id, quantity, request, budget=budget, speak=caller.speak_as
        )
    return changed(caller, outcome)


@tool(
    title="Remove from cart",
    destructive=True,
    idempotent=True,
    invoking="Removing from the cart…",
    invoked="Removed from the cart",
)
def remove_from_cart(
    call: Call, product_id: ProductId, cart_id: CartId = None, request_id: RequestId = None
) -> Answer[CartOut]:
    """Use this when the shopper no longer wants a product: it takes the product out of the cart, whatever its
    quantity."""
    _note_products(call, [product_id])
    caller = Caller(call, cart_id)
    request = request_of(caller, request_id, product_id)
    with locked_cart(caller) as cart:
        outcome = first_outcome(cart, request) or carts.remove_item(cart, product_id, request)
    return changed(caller, outcome)


@tool(
    title="View cart",
    read_only=True,
    invoking="Looking into the cart…",
    invoked="Cart shown",
    widget="cart",
    scopes="cart",
    again=looks.again,
)
def view_cart(call: Call, cart_id: CartId = None) -> Answer[CartOut]:
    """Use this to see what this conversation's cart holds, at today's prices, with the total and whatever the shopper
    should be told."""
    caller = Caller(call, cart_id)
    row = find_or_offer(caller)
    cart = shown_cart(caller, row, may_offer=True)
    if row is None and not cart.session_id:
        cart.expiry_untold = has_expired(caller)
    notices = cart.notices((cart.store or caller.first_store).language)
    return _answer(caller, Outcome(cart, notices=notices), is_change=False)


@tool(title="Clear cart", destructive=True, idempotent=True, invoking="Emptying the cart…", invoked="Cart emptied")
def clear_cart(call: Call, cart_id: CartId = None, request_id: RequestId = None) -> Answer[CartOut]:
    """Use this only when the shopper wants to start over: it takes everything out of the cart. undo_cart_change brings
    it back."""
    caller = Caller(call, cart_id)
    request = request_of(caller, request_id, None)
    with locked_cart(caller) as cart:
        outcome = first_outcome(cart, request) or carts.clear_cart(cart, request)
    return changed(caller, outcome)


@tool(title="Undo a cart change", invoking="Undoing…", invoked="Undone")
def undo_cart_change(
    call: Call,
    version: Annotated[
        int | None,
        Field(ge=1, le=2_000_000_000, description="The version of the cart to go back to; clear_cart empties it."),
        Whole,
        ZeroIsAbsent(),
    ] = None,
    cart_id: CartId = None,
    request_id: RequestId = None,
) -> Answer[CartOut]:
    """Use this when the shopper takes back what was done to the cart: without a version it undoes the newest change
    that was not itself undone; called again, the one before."""
    caller = Caller(call, cart_id)
    request = request_of(caller, request_id, version)
    with locked_cart(caller) as cart:
        outcome = first_outcome(cart, request) or carts.undo_change(cart, version, request)
    return changed(caller, outcome)


@tool(title="Debug session", read_only=True, invoking="Checking the session…", invoked="Session checked")
def debug_session(call: Call, cart_id: CartId = None) -> Answer[DebugOut]:
    """Use this to check that this conversation has a cart of its own: it tells which session the shop sees, where the
    id came from, and what to do if conversations are not told apart."""
    caller = Caller(call, cart_id)
    call.notes.may_begin_session = False
    row = find(caller)
    state = shown_cart(caller, row)
    store = state.store or caller.first_store
    report = DebugOut(
        session=UNKEYED if caller.shares_cart else row.public_id if row else None,
        source=caller.source,
        isolated=not caller.can_meet,
        active_sessions=Session.objects.real().active().capped_count(),
        item_count=state.item_count,
        total=money(state.total, state.currency or store.currency, store.language),
        received=list(received(call)),
        hints=_hints(caller, row is not None, uses_one_cart=state.holder is not None),
    )
    call.remark = ""
    return Answer(debug_text(report), report)


def _wanted(
    caller: Caller, product_id: str | None, quantity: int | None, items: Sequence[Item] | None, replaces: str | None
) -> list[tuple[str, int | None]]:
    """The products that the arguments name, each with a quantity: None for that of the replaced product."""
    if (product_id is None) == (items is None):
        caller.speak()
        raise InvalidArguments(
            gettext("Say what to add: either product_id or items, not both."),
            fix=gettext("Call again with one of them."),
        )
    asked = [(item.product_id, item.quantity) for item in items or ()]
    if product_id is not None:
        asked = [(product_id, quantity)]
    _note_products(caller.call, [reference for reference, _ in asked])
    is_swap = replaces is not None and len(asked) == 1
    return asked if is_swap else [(reference, 1 if n is None else n) for reference, n in asked]


def _note_products(call: Call, references: Sequence[str]) -> None:
    """Note the product ids; other text that a caller sends in their place stays out of the statistics."""
    call.notes.products = [reference for reference in references if _PRODUCT_ID.fullmatch(reference)]


def changed(caller: Caller, outcome: Outcome) -> Answer[CartOut]:
    """The cart after a change, or after a change that was made before."""
    if outcome.repeats is None:
        caller.call.notes.version = outcome.version
        caller.call.notes.products = outcome.products or caller.call.notes.products
    return _answer(caller, outcome, is_change=True)


def _answer(caller: Caller, outcome: Outcome, *, is_change: bool) -> Answer[CartOut]:
    """The cart as text and as data. The text includes the call's remark, so the remark is cleared."""
    state = outcome.state
    if caller.shares_cart:
        outcome = replace(outcome, notices=[*outcome.notices, Notice("shared_cart", str(SHARED))])
    caller.call.remark, caller.call.untold = "", nothing
    offers, store = offers_of(state), state.store or caller.first_store

    def show() -> tuple[str, dict[str, Any]]:
        cart = cart_data(outcome, store, by_handle=caller.needs_handle, offers=offers)
        endings = _endings(caller, outcome, cart)
        return cart_text(outcome, cart, is_change=is_change, offers=offers, endings=endings), cart

    if is_change or outcome.notices or offers or caller.needs_handle:
        return Answer(*show())
    answer = Answer[CartOut](*memory.shown(state, caller.call.spoken, store, show))
    if state.is_remembered:
        looks.keep(caller, answer)
    return answer


def _endings(caller: Caller, outcome: Outcome, cart: Mapping[str, Any]) -> list[str]:
    endings = []
    if outcome.repeats is not None:
        endings.append(repeated(outcome, is_shared=caller.shares_cart))
    if caller.needs_handle:
        endings.append(by_handle(cart["cart_id"], is_new=caller.is_unkeyed))
    return endings


def request_of(caller: Caller, request_id: str | None, arguments: object) -> Request | None:
    """The request that this call makes; the tool and its arguments must be the same when it comes again."""
    if request_id is None:
        return None
    if public_id_of(request_id) is not None:
        raise InvalidArguments(
            gettext("This request_id is a cart_id."), fix=gettext("Pass it as cart_id, and a request_id of your own.")
        )
    digest = sha256(json.dumps([caller.call.tool, arguments]).encode()).digest()
    return Request(request_id, urlsafe_b64encode(digest).decode().rstrip("="), is_shared=caller.shares_cart)


def _hints(caller: Caller, has_session: bool, *, uses_one_cart: bool) -> list[str]:
    hints = []
    if uses_one_cart:
        hints.append(gettext("This chat uses the one cart of the shopper's account, which all their chats use."))
    if caller.conversation.malformed:
        text = gettext("%(names)s came, but not as text of 1 to 256 plain characters, so it was ignored.")
        hints.append(text % {"names": ", ".join(caller.conversation.malformed)})
    if caller.conversation.is_placeholder:
        text = gettext(
            "%(name)s came with a placeholder such as null, default or 0. Each chat that sends it gets the same cart: "
            "the client must send another id for each chat."
        )
        hints.append(text % {"name": caller.source})
    if caller.shares_cart:
        hints.append(str(SHARED))
        hints.append(gettext("The shop's owner can set SHOPMCP_UNKEYED_CALLS=isolate to give each chat its own."))
    elif caller.is_unkeyed and settings.SHOPMCP_UNKEYED_CALLS == "refuse":
        hints.append(gettext("This shop keeps no cart for a chat without a conversation id."))
    elif caller.is_unkeyed:
        hints.append(
            gettext("No conversation id came. add_to_cart starts a cart; pass the cart_id it gives with later calls.")
        )
    if caller.is_unkeyed:
        hints.append(
            gettext(
                "To have conversations told apart by themselves, the client must send an id in _meta, such as "
                "openai/session, or the owner must add its key to SHOPMCP_SESSION_KEYS."
            )
        )
    elif has_session and caller.needs_handle:
        hints.append(gettext("This chat is known by its cart_id alone: pass it with every cart call."))
    return hints
