"""The other open carts of a person, which a chat that the person proved may be told of and bring in."""

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext

from carts.caller import Caller
from carts.cart import Notice
from carts.models import Cart, CartQuerySet, Session
from carts.queries import SessionRow
from carts.services.sessions import find_for_cart
from carts.sources import ELSEWHERE
from shopmcp.errors import SessionNeeded

OTHER_CART: Final = "other_cart"
# What chat clients call themselves begins so, or holds this.
_KNOWN: Final = (
    ("openai", "ChatGPT"),
    ("chatgpt", "ChatGPT"),
    ("claude", "Claude"),
    ("vscode", "VS Code"),
    ("visual studio code", "VS Code"),
    ("gemini", "Gemini"),
    ("cursor", "Cursor"),
    ("copilot", "Copilot"),
)


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


def find_or_offer(caller: Caller) -> SessionRow | None:
    """Return the caller's session for a read of its cart, as `sessions.find_for_cart` does.

    Raises:
        SessionNeeded: If the call names no conversation; with the offer of the cart of the person whom its token names.
        WriteNeeded, UnknownCart, CartExpired: As `sessions.find`.
    """
    try:
        return find_for_cart(caller)
    except SessionNeeded as refusal:
        person = None if settings.SHOPMCP_UNKEYED_CALLS == "refuse" else caller.call.person
        if person is None or (other := offer(person, None)) is None:
            raise
        raise SessionNeeded(refusal.message, fix=f"{refusal.fix} {other.text}") from None


def is_offered(caller: Caller, row: SessionRow | None, person: int) -> bool:
    """Whether a chat without a cart of its own is to be told of the person's other one; it is told once.

    Args:
        caller: Who calls.
        row: The chat's session; None if it has none yet.
        person: Whom a token names, or for whom the chat was proved.
    """
    if not _hears(caller) or (row is not None and (row.cart_id is not None or _was_offered(row))):
        return False
    return open_carts(person).exclude(session=row.id if row else None).exists()


def take_offer(caller: Caller, row: SessionRow, person: int) -> Notice | None:
    """Return the offer to a chat whose session is locked, and note that it was told; None if it is not to be told."""
    if row.cart_id is not None or not _hears(caller) or _was_offered(row) or (other := offer(person, row.id)) is None:
        return None
    Session.objects.filter(pk=row.id).update(other_cart_offered=True)
    return other


def _hears(caller: Caller) -> bool:
    """Whether one chat alone reads the answer, and a model in it: a widget's answer is read by the shopper."""
    return not (caller.can_meet or caller.conversation.by_widget)


def _was_offered(row: SessionRow) -> bool:
    return Session.objects.filter(pk=row.id, other_cart_offered=True).exists()


def offer_own(cart: int) -> Notice | None:
    """Return the sentence that offers a chat that left its own cart what that holds; None if it is empty."""
    if (own := Cart.objects.filled().filter(pk=cart).first()) is None:
        return None
    text = gettext(
        "What the cart of this chat held before stays there: resume_cart with the code %(code)s brings it here. Ask "
        "before you do it."
    )
    return Notice(OTHER_CART, text % {"code": own.public_id})


def day_of(cart: Cart) -> str:
    """Return the day on which a cart was changed last, as people say it."""
    day, today = timezone.localdate(cart.updated_at), timezone.localdate()
    if day == today:
        return gettext("today")
    if day == today - timedelta(days=1):
        return gettext("yesterday")
    return date_format(day, "DATE_FORMAT")


def name_of(session: Session) -> str:
    """Return where a cart or a chat comes from, as shoppers know it."""
    if session.holds_one_cart:
        return gettext("All your chats")
    if session.source == ELSEWHERE:
        return gettext("The shop's own page")
    told = f"{session.client} {session.source}".casefold()
    return next((name for sign, name in _KNOWN if sign in told), session.client or gettext("A chat"))
