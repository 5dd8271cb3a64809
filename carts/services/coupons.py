"""The coupon of a cart."""

from django.utils.translation import gettext

from carts.cart import CartState, Outcome
from carts.services.requests import Request
from carts.services.saving import save
from offers.models.coupons import code_key
from offers.services.coupons import find_coupon
from shopmcp.errors import CouponRefused


def apply_coupon(state: CartState, code: str, request: Request | None = None, *, network: str = "") -> Outcome:
    """Apply the coupon of this code in place of another, and save; an empty code takes the coupon off.

    A coupon whose minimum is not reached yet, or that covers nothing now, is applied too: it works once it can.

    Args:
        state: Loaded under its session's lock.
        code: As somebody typed it.
        request: The request that this answers.
        network: Where the code comes from, for the limits.

    Raises:
        CouponRefused: If the cart is empty, its currency is not the store's, or as `find_coupon`.
        TooMany: If too many codes were tried in this session, or too many wrong ones in this network.
    """
    terms = state.terms
    if not code.strip():
        terms.coupon = None
    elif terms.coupon is None or terms.coupon.code_key != code_key(code):
        if state.store is None or not state.lines:
            raise CouponRefused(
                gettext("The cart is empty, so no coupon can be applied to it yet."),
                fix=gettext("Put something into it with add_to_cart, then apply the coupon."),
            )
        if state.store.currency != state.currency:
            raise CouponRefused(
                gettext("The store's coupons are in %(currency)s, and this cart is in another currency.")
                % {"currency": state.store.currency},
                fix=gettext("Buy without a coupon."),
            )
        terms.coupon = find_coupon(state.store.id, code, by=state.session_public_id, network=network)
    return save(state, "apply_coupon", [], undo_to=state.version, request=request)
