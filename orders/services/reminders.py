"""Reminding shoppers of carts that they left: once, and those alone who ticked the box for it.

Such a mail is advertising, for which laws want consent that was given before and can be taken back at once.
"""

import hmac
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext

from carts.cart import CartState
from carts.services.ordering import lock_session
from carts.services.saving import load_cart
from carts.services.sessions import find_by_public_id, new_public_id
from catalog.models import Store
from offers.buyers import Buyer
from offers.models import Merchant
from orders.handoff.links import address_of, link_for
from orders.models import CartReminder, CheckoutLink
from orders.refusals import InvalidDetails, NotTaken
from outbox.services import enqueue_mail
from shopmcp.errors import NotFound, TooMany
from shopmcp.mailboxes import is_mailbox
from shopmcp.money import money
from shopmcp.throttle import Buckets, Rate

EVERY: Final = 60.0  # seconds
# Rows without an address, so that a second wish for the same cart sends nothing more.
KEPT: Final = timedelta(days=30)
_PREFIX: Final = "r_"
_SALT: Final = "orders.reminder"
_AT_ONCE: Final = 50
# Of one mailbox: whoever types the address of another fills no mailbox.
_wishes: Final = Buckets("reminders", lambda: Rate(3 / 86_400, 3))


def reminds(store: Store) -> bool:
    """Whether the store reminds shoppers who ask for it; no query if its merchant is loaded."""
    merchant: Merchant | None = getattr(store, "merchant", None)
    return merchant is not None and merchant.remind_after is not None


def ask(cart: CartState, email: str, *, agreed: bool, language: str) -> None:
    """Keep the wish to be reminded of this cart once.

    Raises:
        InvalidDetails: If the box is not ticked, or the address is none.
        NotTaken: If the store reminds nobody.
        TooMany: If too many carts are to remind this mailbox.
    """
    email, mistakes = email.strip()[:254], []
    if not is_mailbox(email):
        mistakes.append(
            InvalidDetails(
                "remind_email",
                gettext("This is no e-mail address."),
                fix=gettext("Write one such as name@example.com."),
            )
        )
    if not agreed:
        mistakes.append(InvalidDetails("remind", gettext("Tick the box if you want the reminder.")))
    if mistakes:
        raise InvalidDetails.several(mistakes)
    store = Store.objects.select_related("merchant").filter(pk=cart.store.id if cart.store else 0).first()
    if cart.id is None or store is None or not reminds(store):
        raise NotTaken(gettext("This shop sends no reminders."), fix=gettext("The cart stays as it is."))
    key = Buyer(email).email_key
    if wait := _wishes.take(key):
        raise TooMany(wait, gettext("This address is reminded of other carts already."))
    CartReminder.objects.get_or_create(cart_id=cart.id, defaults=_wish(email, key, language))
    # One that was taken back, or has another address; one that was sent stays the only one.
    CartReminder.objects.filter(cart_id=cart.id, sent_at=None).update(**_wish(email, key, language), ended_at=None)


def _wish(email: str, key: str, language: str) -> dict[str, Any]:
    return {
        "public_id": new_public_id(_PREFIX),
        "email": email,
        "email_key": key,
        "language": language,
        "asked_at": timezone.now(),
    }


def send_due() -> int:
    """Write the mails that are due into the outbox; return how many."""
    sent = 0
    due = CartReminder.objects.due(timezone.now()).order_by("id").values_list("pk", flat=True)
    for pk in list(due[:_AT_ONCE]):
        with transaction.atomic():
            sent += _send(pk)
    return sent


def _send(pk: int) -> bool:
    """Write one mail, if it is still due: another server, an order or the shopper may have been first.

    The cart is locked before its reminder, as by all that change it: its link in the mail is one that nobody has ended.
    """
    for session in CartReminder.objects.filter(pk=pk).values_list("cart__session", flat=True):
        lock_session(session)
    reminder = (
        CartReminder.objects.select_for_update(of=("self",))
        .due(timezone.now())
        .select_related("cart__session", "cart__store")
        .filter(pk=pk)
        .first()
    )
    if reminder is None:
        return False
    row = find_by_public_id(reminder.cart.session.public_id)
    state = load_cart(row, timezone.now()) if row else None
    ended = {"ended_at": timezone.now()} if state is None or not state.total else {"sent_at": timezone.now()}
    CartReminder.objects.filter(pk=pk).update(email="", **ended)
    if state is None or not state.total:
        return False
    with translation.override(reminder.language):
        _mail(reminder, state)
    return True


def _mail(reminder: CartReminder, state: CartState) -> None:
    store = reminder.cart.store
    assert store is not None  # a cart with lines has one
    link = link_for(reminder.cart_id, CheckoutLink.Scope.BUY, reminder.language)
    subject = gettext("Your cart at %(shop)s") % {"shop": store.name}
    context: dict[str, Any] = {
        "subject": subject,
        "store": store,
        "lines": [line for line in state.lines.values() if line.total],
        "total": money(state.total, state.currency, reminder.language).formatted,
        "link": address_of(link),
        "unsubscribe": address_of_end(reminder),
    }
    enqueue_mail(
        "cart.reminder",
        reminder.email,
        subject=subject,
        text=render_to_string("orders/mail/reminder.txt", context),
        html=render_to_string("orders/mail/reminder.html", context),
        language=reminder.language,
        reply_to=store.orders_email if is_mailbox(store.orders_email) else "",
        unsubscribe=context["unsubscribe"],
        dedupe_key=f"reminder:{reminder.cart_id}",
    )


def address_of_end(reminder: CartReminder) -> str:
    """Return the address by which its reader ends all reminders to their mailbox."""
    return f"{settings.PUBLIC_URL}/c/reminders/{reminder.public_id}.{_proofs(reminder.public_id)[0]}"


def of_token(token: str) -> CartReminder:
    """Return the reminder whose end this token is.

    Raises:
        NotFound: If it is none.
    """
    public_id, _dot, proof = token.partition(".")
    is_genuine = any(hmac.compare_digest(proof.encode(), expected.encode()) for expected in _proofs(public_id))
    # PostgreSQL takes no NUL, so that only what this shop made is looked for.
    found = CartReminder.objects.filter(public_id=public_id).first() if is_genuine else None
    if found is None:
        raise NotFound(
            gettext("This address ends no reminder."), fix=gettext("The reminder was deleted, or the address is cut.")
        )
    return found


def end(reminder: CartReminder) -> None:
    """End all reminders that wait for this mailbox; whoever ticks the box again is reminded again."""
    waiting = CartReminder.objects.waiting().filter(email_key=reminder.email_key)
    waiting.update(email="", ended_at=timezone.now())


def clean_up() -> None:
    """Delete old reminders, and the addresses of those whose cart was ordered."""
    CartReminder.objects.filter(asked_at__lt=timezone.now() - KEPT).delete()
    CartReminder.objects.waiting().exclude(cart__ordered_at=None).update(email="", ended_at=timezone.now())


def _proofs(public_id: str) -> list[str]:
    """The MACs of an address under the current secret key and those before."""
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return [salted_hmac(_SALT, public_id, secret, algorithm="sha256").hexdigest()[:32] for secret in secrets]
