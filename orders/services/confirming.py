"""Codes that are mailed to buyers, by which they confirm orders that are paid on delivery."""

import secrets
import unicodedata
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import get_language, gettext

from catalog.models import Store
from offers.buyers import Buyer
from offers.models import Merchant
from orders.models import Order, OrderCode
from orders.models.trust import CODE_HOLDS
from orders.refusals import CodeNeeded, InvalidDetails
from orders.services.details import Details
from outbox.services import enqueue_mail
from shopmcp.errors import TooMany
from shopmcp.throttle import Buckets, NetworkBuckets, Rate

_DIGITS: Final = 6
_SALT: Final = "orders.order_code"
_HOUR: Final = 3600
_of_carts: Final = Buckets("order-codes", lambda: Rate(5 / _HOUR, 5))
_of_mailboxes: Final = Buckets("order-codes-mailbox", lambda: Rate(5 / _HOUR, 5))
_of_networks: Final = NetworkBuckets("order-codes-network", lambda: Rate(60 / _HOUR, 60))


def is_needed(store: Store, payment: str) -> bool:
    """Whether an order that is paid so is confirmed by a code."""
    return (
        payment == Order.Payment.ON_DELIVERY and Merchant.objects.of_store(store).filter(confirm_by_code=True).exists()
    )


def is_open(cart: int, store: Store) -> bool:
    """Whether a code was mailed for the cart that can still be written; no query where the store asks for none."""
    merchant: Merchant | None = getattr(store, "merchant", None)
    return bool(merchant and merchant.confirm_by_code) and OrderCode.objects.open().filter(cart_id=cart).exists()


def demand(cart: int, store: Store, details: Details) -> None:
    """Refuse an order that has to be confirmed, and was not, by this mailbox.

    Raises:
        CodeNeeded: Then a code is mailed by `send_code`.
    """
    if not is_needed(store, details.payment):
        return
    keys = Buyer(details.email).email_keys
    if not OrderCode.objects.filter(cart_id=cart, email_key__in=keys).exclude(confirmed_at=None).exists():
        raise CodeNeeded(
            gettext("The shop confirms orders that are paid on delivery: a code was mailed to %(email)s.")
            % {"email": details.email},
            fix=gettext("Write the code below, and order again. It works for 20 minutes; nothing was ordered yet."),
        )


def send_code(cart: int, store: Store, email: str, *, network: str = "") -> None:
    """Mail a new code for the order of a cart; the one before confirms nothing any more.

    Raises:
        TooMany: If too many were mailed for the cart, to the mailbox or from the network.
    """
    key = Buyer(email).email_key
    for buckets, name in ((_of_carts, str(cart)), (_of_mailboxes, key), (_of_networks, network)):
        if name and (wait := buckets.take(name)):
            raise TooMany(
                wait,
                gettext("Too many codes were mailed lately; nothing was ordered."),
                gettext("Look for the last mail, or try again later."),
            )
    code = f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}}"
    with transaction.atomic():
        values = {
            "digest": _digests(code)[0],
            "email_key": key,
            "tries": 0,
            "expires_at": timezone.now() + CODE_HOLDS,
            "confirmed_at": None,
        }
        OrderCode.objects.update_or_create(cart_id=cart, defaults=values)
        subject = gettext("%(code)s is your code for %(shop)s") % {"code": code, "shop": store.name}
        context = {"subject": subject, "code": code, "store": store}
        enqueue_mail(
            "order.code",
            email,
            subject=subject,
            text=render_to_string("orders/mail/code.txt", context),
            html=render_to_string("orders/mail/code.html", context),
            language=get_language() or "",
        )


def confirm(cart: int, email: str, code: str) -> None:
    """Note that the buyer wrote the code that was mailed to them.

    Raises:
        InvalidDetails: If it is wrong or too old; each wrong one counts.
    """
    mine = OrderCode.objects.filter(cart_id=cart, email_key__in=Buyer(email).email_keys)
    if mine.exclude(confirmed_at=None).exists():
        return
    # Counted before it is compared: tries at once get no more of them.
    if not mine.open().update(tries=F("tries") + 1):
        raise InvalidDetails(
            "code",
            gettext("This code is no longer good."),
            fix=gettext("Empty the field and order again: a new one is mailed."),
        )
    digest = mine.values_list("digest", flat=True).get()
    typed = "".join(str(unicodedata.digit(sign)) for sign in code if sign.isdecimal())
    if not any(constant_time_compare(digest, each) for each in _digests(typed)):
        raise InvalidDetails(
            "code", gettext("This is not the code."), fix=gettext("Look at the newest mail, and write it again.")
        )
    mine.update(confirmed_at=timezone.now())


def clean_up() -> None:
    """Delete codes that are over."""
    OrderCode.objects.filter(expires_at__lt=timezone.now() - CODE_HOLDS * 72).delete()


def _digests(code: str) -> list[str]:
    """The digests of a code under the current secret key and those before."""
    return [
        salted_hmac(_SALT, code, secret, algorithm="sha256").hexdigest()
        for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    ]
