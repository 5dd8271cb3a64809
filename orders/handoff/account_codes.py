"""Codes of an account, by which its shopper proves in a chat that the chat is theirs.

As the codes of carts they are shown once, are good for ten minutes and one chat, and are stored as digests (`codes`).
"""

from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from accounts.models import Person
from accounts.services.people import lock
from carts.cart import CartState, Notice, Outcome
from carts.models import Cart
from carts.services.linking import prove
from carts.services.other_carts import offer
from carts.services.requests import Request
from carts.services.saving import joined, save
from orders.handoff.bringing import Mode, bring
from orders.handoff.codes import WrongCode, digests_of, made, read
from orders.models import AccountCode
from orders.models.handoff import CODE_HOLDS
from shopmcp.errors import NotFound, ShopError, TooMany
from shopmcp.throttle import Buckets, Rate

new_codes: Final = Buckets("account-codes", lambda: Rate(20 / 3600, 20))


class SignedOut(ShopError):
    """The browser's session was ended meanwhile."""

    code = "signed_out"


def new_code(person: Person, cart: str = "") -> str:
    """Return a new code of the account; the one before opens nothing any more.

    Args:
        person: Whose account it is, as the browser that asks is signed in.
        cart: The public id of an open cart of theirs that the code brings along.

    Raises:
        SignedOut: If the sessions of browsers were ended meanwhile.
        TooMany: If too many codes were made lately.
        NotFound: If the person has no such cart.
    """
    if wait := new_codes.take(str(person.pk)):
        raise TooMany(wait, gettext("Too many codes of this account were made lately."))
    code, now = made(), timezone.now()
    with transaction.atomic():
        if not lock(person.user_id, person.user.password):
            raise SignedOut(gettext("You were signed out meanwhile."), fix=gettext("Sign in again."))
        brings = Cart.objects.open().of_person(person.pk).filter(public_id=cart).first() if cart else None
        if cart and brings is None:
            raise NotFound(
                gettext("This cart is not open any more."), fix=gettext("Look at your carts as they are now.")
            )
        values = {
            "cart": brings,
            "digest": digests_of(code)[0],
            "made_at": now,
            "expires_at": now + CODE_HOLDS,
            "used_at": None,
        }
        AccountCode.objects.update_or_create(person=person, defaults=values)
    return code


def hold(text: str) -> None:
    """Lock the account of the code that somebody typed, if it is one; before the chat that `connect` opens it to."""
    code = read(text)
    of = AccountCode.objects.filter(digest__in=digests_of(code)).values_list("person__user", flat=True)
    for user in of if code else ():
        lock(user)


def source_of(text: str) -> list[int]:
    """Return the key of the session whose cart the code that somebody typed brings along, if it is one."""
    mine = AccountCode.objects.filter(digest__in=digests_of(read(text))).exclude(cart=None)
    return list(mine.values_list("cart__session", flat=True))


def connect(state: CartState, code: AccountCode, mode: Mode, request: Request | None = None) -> Outcome:
    """Open the account of a code to the chat, once; bring the code's cart along, or else offer the newest other one.

    Args:
        state: Loaded under its session's lock, which was taken after `hold`.
        code: As `codes.find` returned it.
        mode: Whether the other cart keeps its lines.
        request: The request that this answers.

    Raises:
        LinkedElsewhere: If the chat was proved for another account; the code stays good.
        WrongCode: If another chat used the code meanwhile.
    """
    now = timezone.now()
    # First: a wrong code is counted in this transaction, and any other refusal takes the use back. By columns of the
    # row alone: through a join, PostgreSQL would not look again at a row that another chat has just used.
    mine = AccountCode.objects.filter(pk=code.pk, digest=code.digest, used_at=None, expires_at__gt=now)
    if not mine.update(used_at=now):
        raise WrongCode(gettext("This code has just been used."), fix=gettext("Ask the shopper for a new one."))
    prove(state.session_id, code.person)
    asked, state = state, joined(state, code.person_id)
    notices = [
        Notice("linked", gettext("This chat belongs to the shopper's account now: list_orders shows all orders."))
    ]
    if code.cart is not None and code.cart_id != state.id:
        try:
            notices += bring(code.cart, state, mode)
        # The chat is linked; that its cart did not come is told beside it.
        except ShopError as refusal:
            notices.append(Notice("not_added", refusal.message))
    elif state.holder is None and (other := offer(code.person_id, state.session_id)) is not None:
        notices.append(other)
    outcome = save(state, "resume_cart", notices, undo_to=state.version, request=request)
    asked.told = state.told
    return outcome
