"""The other open carts of a person, which a chat that the person proved may be told of and bring in."""

from datetime import timedelta
from typing import Final

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext

from carts.cart import Notice
from carts.models import Cart, CartQuerySet

OTHER_CART: Final = "other_cart"


def open_carts(person: int) -> CartQuerySet:
    """Return the carts of the person's chats that hold something, with their sessions; the latest change first."""
    return Cart.objects.filled().of_person(person).select_related("session").order_by("-updated_at", "-id")


def offer(person: int, session: int | None) -> Notice | None:
    """Return the sentence that offers the person's other cart to a chat; None if there is none.

    The code in it is the cart's public id, which opens nothing to anybody else.
    """
    if (cart := open_carts(person).exclude(session=session).first()) is None:
        return None
    text = ngettext(
        "The shopper has a cart with %(count)s item from %(day)s in another chat: resume_cart with the code %(code)s "
        "brings it here. Ask before you do it.",
        "The shopper has a cart with %(count)s items from %(day)s in another chat: resume_cart with the code %(code)s "
        "brings it here. Ask before you do it.",
        cart.item_count,
    )
    return Notice(OTHER_CART, text % {"count": cart.item_count, "day": day_of(cart), "code": cart.public_id})


def day_of(cart: Cart) -> str:
    """Return the day on which a cart was changed last, as people say it."""
    day, today = timezone.localdate(cart.updated_at), timezone.localdate()
    if day == today:
        return gettext("today")
    if day == today - timedelta(days=1):
        return gettext("yesterday")
    return date_format(day, "DATE_FORMAT")
