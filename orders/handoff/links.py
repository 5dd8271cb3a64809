"""Signed links that open the page of a cart.

The token in the address is the row's public id and a MAC of it that only this server can make, so the database holds
nothing that opens a cart. Making, finding and ending links is done here; what a page does with the cart, in `pages`.
"""

import hmac
import re
from base64 import b32encode
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext

from carts.models import Cart, Session
from carts.services.linking import let_go
from carts.services.ordering import lock_session, mark_handed_over
from carts.services.sessions import new_public_id
from orders.models import CheckoutLink
from orders.models.handoff import LINK_HOLDS
from shopmcp.errors import NotFound, TooMany
from shopmcp.throttle import Buckets, Rate

# New links of one cart; a chat that asks again gets the link that there is.
new_links: Final = Buckets("links", lambda: Rate(20 / 3600, 20))
_PREFIX: Final = "l_"
_TOKEN: Final = re.compile(r"([a-z2-7]{16})([a-z2-7]{26})")
_NOBODYS: Final = f"{_PREFIX}{'a' * 16}"
_SALT: Final = "orders.checkout_link"
_PROOF_BYTES: Final = 16


def link_for(cart: int, scope: str, language: str, source: str = "") -> CheckoutLink:
    """Return a link to the cart: the newest that lasts for long enough, else a new one. Call it under the cart's lock.

    Args:
        cart: The primary key of a cart.
        scope: `view` or `buy`.
        language: Of the page, where its reader chose none.
        source: Where a permalink's shopper came from.

    Raises:
        TooMany: If too many links were made for the cart lately.
    """
    links = CheckoutLink.objects.filter(cart_id=cart, scope=scope)
    if (found := links.lasting().order_by("-id").first()) is not None:
        if found.language != language:
            found.language = language
            found.save(update_fields=["language"])
        return found
    if wait := new_links.take(str(cart)):
        raise TooMany(wait, gettext("Too many links to this cart were made lately."))
    now = timezone.now()
    return CheckoutLink.objects.create(
        public_id=new_public_id(_PREFIX),
        cart_id=cart,
        scope=scope,
        language=language,
        source=source,
        made_at=now,
        expires_at=now + LINK_HOLDS,
    )


def link_to_buy(carts: QuerySet[Cart], language: str) -> CheckoutLink | None:
    """Return a link to buy the first of these carts, looked for once more under its lock; None if none is left.

    Raises:
        TooMany: As `link_for`.
    """
    with transaction.atomic():
        for session in carts.values_list("session", flat=True)[:1]:
            lock_session(session)
        found = carts.first()
        return None if found is None else link_for(found.pk, CheckoutLink.Scope.BUY, language)


def address_of(link: CheckoutLink) -> str:
    """Return the absolute address of the page that a link opens."""
    return f"{settings.PUBLIC_URL}/c/{token_of(link)}"


def token_of(link: CheckoutLink) -> str:
    """Return the token of a link: 42 small letters and digits."""
    return link.public_id.removeprefix(_PREFIX) + _proofs(link.public_id)[0]


def open_link(token: str) -> CheckoutLink:
    """Return the link of this token, with its cart and session.

    What opens nothing is refused in the same words after the same work, whatever is wrong with it: nobody learns
    whether a link ever existed.

    Raises:
        NotFound: If the token is forged or incomplete, or its link expired, was ended, or went with its cart.
    """
    found = _TOKEN.fullmatch(token)
    public_id, proof = (_PREFIX + found[1], found[2]) if found else (_NOBODYS, "")
    # The row is looked for in any case.
    is_genuine = any(hmac.compare_digest(proof, expected) for expected in _proofs(public_id))
    link = CheckoutLink.objects.select_related("cart__session", "cart__store").filter(public_id=public_id).first()
    if link is None or not is_genuine or not link.is_open:
        raise not_usable()
    return link


def mark_opened(link: CheckoutLink) -> None:
    """Note the first time that a link was opened; its cart is handed over from then on."""
    if link.opened_at is None:
        CheckoutLink.objects.filter(pk=link.pk, opened_at=None).update(opened_at=timezone.now())
        mark_handed_over(link.cart_id)


def end_links(cart: int, scope: str = "") -> int:
    """End the open links to a cart, all or those of a scope; return how many."""
    links = CheckoutLink.objects.filter(cart_id=cart).open()
    return (links.filter(scope=scope) if scope else links).update(revoked_at=timezone.now())


def end_links_of(session: Session) -> int:
    """End the open links to the carts of a session, and what anybody got by them; return how many links.

    An account that only keeps the session's chat does not any more: it may have got the link before.
    """
    with transaction.atomic():
        lock_session(session.pk)
        let_go(session.pk)
        return CheckoutLink.objects.of_session(session).open().update(revoked_at=timezone.now())


def not_usable() -> NotFound:
    """The refusal of a link that opens nothing."""
    return NotFound(
        gettext("This link opens no cart."),
        fix=gettext("It may have expired or been ended, or a part of it is missing. Ask the chat for a new link."),
    )


def _proofs(public_id: str) -> list[str]:
    """The MACs of a public id, 128 bits each, under the current secret key and those before."""
    return [
        b32encode(salted_hmac(_SALT, public_id, secret, algorithm="sha256").digest()[:_PROOF_BYTES])
        .decode()
        .lower()
        .rstrip("=")
        for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    ]
