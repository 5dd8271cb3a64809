"""Making, signing in, sweeping and ending the accounts of shoppers."""

from datetime import timedelta
from secrets import token_hex
from typing import Final

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts import ending
from accounts.models import Person

# An address that was typed and never verified: nobody's account.
_UNVERIFIED_KEPT: Final = timedelta(days=1)
_SWEPT_AT_ONCE: Final = 500
MOST_ADDRESSES: Final = 10


def user_for(email: str) -> User | None:
    """Return the user who signs in by this address, made if there is none.

    None if the address is that of a shopper who became one of the staff, or was switched off: no code opens these.
    """
    email = email.lower()
    found = _holder(email)
    # The name follows from the address, so that of two requests at once one makes the user.
    name = "shopper-" + salted_hmac("accounts.shopper", email, algorithm="sha256").hexdigest()[:24]
    with transaction.atomic():
        try:
            with transaction.atomic():
                made = get_user_model().objects.create_user(name if found is None else f"{name}-{token_hex(8)}", email)
                EmailAddress.objects.create(user=made, email=email, primary=True)
                # Written and taken back for an address that is known: the time of the answer must not tell that it is.
                transaction.set_rollback(found is not None)
            found = found or made
        except IntegrityError:
            found = found or _holder(email)
    return found if found is not None and found.is_active and not found.is_staff else None


def note_sign_in(user: User) -> Person:
    """Return the person of a user who has just signed in by a code."""
    person, is_new = Person.objects.get_or_create(user=user)
    if not is_new:
        person.seen_at = timezone.now()
        person.save(update_fields=["seen_at"])
    return person


def person_here(request: HttpRequest) -> Person | None:
    """Return who is signed in on a shopper's page; their user is as it was when the session was found good."""
    user = request.user
    if not isinstance(user, User) or (person := Person.objects.filter(user=user.pk).first()) is None:
        return None
    person.user = user
    return person


def save_details(person: Person, *, name: str, phone: str, language: str) -> None:
    """Keep what the checkout is filled in with, and the language of pages and mails; texts are clean already."""
    person.name, person.phone, person.language = name, phone, language
    person.save(update_fields=["name", "phone", "language"])


def remember_address(person: Person, *, street: str, street_more: str, city: str, postal_code: str) -> None:
    """Keep an address as the one that was used last; of many the oldest gives way."""
    values = {"street": street, "street_more": street_more, "city": city, "postal_code": postal_code}
    with transaction.atomic():
        if not person.addresses.filter(**values).update(used_at=timezone.now()):
            person.addresses.create(**values)
        kept = person.addresses.order_by("-used_at", "-id").values_list("pk", flat=True)[:MOST_ADDRESSES]
        person.addresses.exclude(pk__in=list(kept)).delete()


def forget_address(person: Person, address: int) -> None:
    """Delete an address of the person, if it is theirs."""
    person.addresses.filter(pk=address).delete()


def lock(user: int, password: str | None = None) -> bool:
    """Lock an account until the transaction ends, and return whether it is there.

    Whoever opens the account to a program or a chat, and whoever ends that, does it one after the other. It is the
    first lock that a transaction takes, before those of tokens and chats.

    Args:
        user: The key of its user.
        password: As it was when the browser was let in; it is another one once the sessions were ended.
    """
    rows = User.objects.filter(pk=user) if password is None else User.objects.filter(pk=user, password=password)
    return bool(rows.order_by().select_for_update(no_key=True).values_list("pk"))


def delete(person: Person) -> None:
    """Delete an account, with the sessions of its browsers, its tokens, code and addresses; call it in a transaction.

    Whoever is about to open it to a program or a chat is waited for, and finds nothing to open afterwards.
    """
    lock(person.user_id)
    ending.end_programs_and_chats(person)
    person.user.delete()


def sign_out_everywhere(person: Person) -> None:
    """End all sessions of the person's browsers: each holds a digest of what this replaces."""
    person.user.set_unusable_password()
    person.user.save(update_fields=["password"])


def sweep_unverified() -> int:
    """Delete users whose address was typed a day ago and never verified; return how many."""
    verified = EmailAddress.objects.filter(user=OuterRef("pk"), verified=True)
    typed = EmailAddress.objects.filter(user=OuterRef("pk"), verified=False)
    old = get_user_model().objects.filter(
        Exists(typed),
        ~Exists(verified),
        person=None,
        is_staff=False,
        last_login=None,
        date_joined__lt=timezone.now() - _UNVERIFIED_KEPT,
    )
    swept = 0
    while keys := list(old.values_list("pk", flat=True)[:_SWEPT_AT_ONCE]):
        with transaction.atomic():
            get_user_model().objects.filter(pk__in=keys).delete()
        swept += len(keys)
    return swept


def has_accounts() -> bool:
    """Whether shoppers can sign in: a code can be mailed."""
    return settings.MAIL_IS_SET


def _holder(email: str) -> User | None:
    rows = EmailAddress.objects.filter(email=email).select_related("user").order_by("-verified", "id")
    return next((row.user for row in rows), None)
