"""The tool for coupons; its docstring is read by the model that calls it."""

from typing import Annotated

from pydantic import Field

from carts.caller import Caller
from carts.schemas import CartOut
from carts.services import coupons
from carts.services.requests import first_outcome
from carts.services.saving import locked_cart
from carts.tools import RequestId, changed, request_of
from shopmcp.mcp.arguments import CartId
from shopmcp.mcp.call import Answer, Call
from shopmcp.mcp.tools import tool


@tool(title="Apply a coupon", idempotent=True, invoking="Applying the coupon…", invoked="Coupon applied")
def apply_coupon(
    call: Call,
    code: Annotated[str, Field(max_length=100, description="The code as the shopper said it; empty takes it off.")],
    cart_id: CartId = None,
    request_id: RequestId = None,
) -> Answer[CartOut]:
    """Use this when the shopper has a coupon code: it applies the coupon to the cart, in place of another, and says
    what it takes off or why it does not. Never guess a code."""
    caller = Caller(call, cart_id)
    request = request_of(caller, request_id, code)
    with locked_cart(caller) as cart:
        outcome = first_outcome(cart, request) or coupons.apply_coupon(cart, code, request, network=call.network)
    return changed(caller, outcome)
