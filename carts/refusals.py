"""The words for a call whose conversation has no cart here. Which of them applies is decided in `sessions`."""

from django.conf import settings
from django.utils.translation import gettext

from shopmcp.errors import CartExpired, SessionNeeded, UnknownCart


def unknown_cart(*, keyed: bool) -> UnknownCart:
    """For a cart_id that this server never gave out.

    Args:
        keyed: The call names its conversation, so it needs none.
    """
    if keyed:
        fix = gettext("Leave cart_id out: this chat's cart is found without it.")
    else:
        fix = gettext("Pass the cart_id exactly as an earlier answer gave it, or none to start a new cart.")
    return UnknownCart(gettext("This cart_id opens no cart here."), fix=fix)


def foreign_cart() -> UnknownCart:
    """For a cart_id beside the id of another conversation."""
    return UnknownCart(
        gettext("This cart_id belongs to another conversation."),
        fix=gettext("Leave cart_id out: this chat has a cart of its own."),
    )


def expired_cart() -> CartExpired:
    """For a cart_id whose session is gone."""
    return CartExpired(
        gettext("This cart was not used for long and has expired."),
        fix=gettext("Leave cart_id out; add_to_cart starts a new cart."),
    )


def nameless() -> SessionNeeded:
    """For a call that names no conversation, by the shop's policy for such calls."""
    if settings.SHOPMCP_UNKEYED_CALLS == "refuse":
        return SessionNeeded(
            gettext("This chat sends no conversation id, and this shop keeps no cart without one."),
            fix=gettext("Call debug_session: it says what arrived and what the shop's owner can do."),
        )
    return SessionNeeded(
        gettext("This chat sends no conversation id, so its cart is found by the cart_id alone."),
        fix=gettext("Pass the cart_id that an earlier answer gave; if there is none yet, add_to_cart starts a cart."),
    )
