"""Codes by which another chat takes the lines of a cart: shown once on its page, good for ten minutes.

Only their digests are stored. Five wrong ones end the tries of a session for an hour; chats that begin a new session
for each try are counted by their network, and whoever has many networks, with all others.
"""

import secrets
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext

from carts.cart import CartState, Outcome
from carts.services.requests import Request
from carts.services.saving import save
from orders.handoff.bringing import Mode, bring
from orders.models import AccountCode, CheckoutLink, ResumeCode, ResumeTries
from orders.models.handoff import CODE_HOLDS
from shopmcp.errors import NotFound, TooMany
from shopmcp.throttle import Buckets, NetworkBuckets, Rate

# Without 0, 1, I and O, which people mistake for one another.
ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
LENGTH: Final = 8
MOST_WRONG: Final = 5
_TRIES_REST: Final = timedelta(hours=1)
_SALT: Final = "orders.resume_code"
new_codes: Final = Buckets("codes", lambda: Rate(10 / 3600, 10))
wrong_codes: Final = NetworkBuckets("wrong-codes", lambda: Rate(100 / 3600, 100))
# Of everybody together: with a thousand codes open at once, a day of tries finds one with a chance of 1 in 9,000.
all_wrong_codes: Final = Buckets("all-wrong-codes", lambda: Rate(5000 / 3600, 5000))
_EVERYBODY: Final = "*"


class WrongCode(NotFound):
    """No cart has this code now."""


def new_code(link: CheckoutLink) -> str:
    """Return a new code for the cart of a link to buy; the one before opens nothing any more.

    Raises:
        TooMany: If too many codes were made for the cart lately.
    """
    if wait := new_codes.take(str(link.cart_id)):
        raise TooMany(wait, gettext("Too many codes for this cart were made lately."))
    code, now = made(), timezone.now()
    values = {"digest": digests_of(code)[0], "made_at": now, "expires_at": now + CODE_HOLDS, "used_at": None}
    ResumeCode.objects.update_or_create(cart_id=link.cart_id, defaults=values)
    return code


def made() -> str:
    """Return a code that nobody can guess."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def written(code: str) -> str:
    """Return a code as people read it: two groups of four."""
    return f"{code[: LENGTH // 2]}-{code[LENGTH // 2 :]}"


def read(text: str) -> str:
    """Return the code that somebody typed; empty if it cannot be one."""
    code = "".join(text.upper().replace("-", " ").split())
    return code if len(code) == LENGTH and set(code) <= set(ALPHABET) else ""


def find(text: str, network: str) -> ResumeCode | AccountCode:
    """Return the open code that somebody typed, with its cart and session: of a cart, or of an account.

    Raises:
        WrongCode: If there is none.
        TooMany: If too many wrong ones came from this network, or from all.
    """
    if _is_full(wrong_codes, network):
        raise TooMany(60, gettext("Too many wrong codes came from this network."))
    if _is_full(all_wrong_codes, _EVERYBODY):
        raise TooMany(60, gettext("Too many wrong codes were tried in this shop lately."))
    code = read(text)
    found = _found(code) if code else None
    if found is None:
        wrong_codes.take(network)
        all_wrong_codes.take(_EVERYBODY)
        raise WrongCode(
            gettext("This code opens no cart: it is wrong, was used, or is older than ten minutes."),
            fix=gettext("Ask the shopper for the code again, or for a new one from the page of the cart."),
        )
    return found


def check_tries(session: int) -> None:
    """Refuse if the session tried too many wrong codes within an hour.

    Raises:
        TooMany: With the time until it may try again.
    """
    tries = ResumeTries.objects.filter(session_id=session, wrong__gte=MOST_WRONG).first()
    if tries is not None and (left := tries.since + _TRIES_REST - timezone.now()) > timedelta(0):
        raise TooMany(
            int(left.total_seconds()) + 1,
            gettext("This chat tried too many wrong codes, so it may try none for an hour."),
            fix=gettext("Ask the shopper to go on in the chat or on the page that has the cart."),
        )


def count_wrong(session: int) -> None:
    """Count a wrong code of a session; call it under the session's lock."""
    tries, _ = ResumeTries.objects.get_or_create(session_id=session)
    now = timezone.now()
    tries.wrong = tries.wrong + 1 if tries.since > now - _TRIES_REST and tries.wrong < MOST_WRONG else 1
    tries.since = now
    tries.save()


def source_of(text: str) -> list[int]:
    """Return the key of the session of the cart whose code somebody typed, if it is one."""
    rows = ResumeCode.objects.filter(digest__in=digests_of(read(text)))
    return list(rows.values_list("cart__session", flat=True))


def resume(state: CartState, code: ResumeCode, mode: Mode, request: Request | None = None) -> Outcome:
    """Add the lines of the code's cart to a cart, and save; `move` takes them out of the other. Both chats hear of it.

    Args:
        state: Loaded under its session's lock.
        code: As `find` returned it.
        mode: Whether the other cart keeps its lines.
        request: The request that this answers.

    Raises:
        InvalidArguments: If the code is of this very cart.
        WrongCode: If another chat used the code meanwhile.
        NotForSale, CartLimit: If nothing can be added; the code stays good.
    """
    # First: a wrong code is counted in this transaction, and any other refusal takes the use back.
    if not ResumeCode.objects.open().filter(pk=code.pk).update(used_at=timezone.now()):
        raise WrongCode(gettext("This code has just been used."), fix=gettext("Ask the shopper for a new one."))
    return save(state, "resume_cart", bring(code.cart, state, mode), undo_to=state.version, request=request)


def _found(code: str) -> ResumeCode | AccountCode | None:
    digests = digests_of(code)
    of_carts = ResumeCode.objects.open().select_related("cart__session").filter(cart__ordered_at=None)
    of_people = AccountCode.objects.open().select_related("cart__session", "person__user")
    return of_carts.filter(digest__in=digests).first() or of_people.filter(digest__in=digests).first()


def _is_full(buckets: Buckets, name: str) -> bool:
    burst = buckets.rate.burst
    return buckets.used(name) * burst > burst - 1


def digests_of(code: str) -> list[str]:
    """Return the digests of a code under the current secret key and those before."""
    return [
        salted_hmac(_SALT, code, secret, algorithm="sha256").hexdigest()[:43]
        for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    ]
