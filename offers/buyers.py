"""Buyers as coupons know them: keyed digests of e-mail and phone, which tell nobody who it was."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.utils.crypto import salted_hmac

# The last digits of a phone number are the same with a country's code and without.
_PHONE_DIGITS: Final = 9
# Domains whose mailboxes ignore points in the name.
_POINTLESS: Final = frozenset({"gmail.com", "googlemail.com"})


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who buys, by e-mail, phone or both, and by account; two buyers who share one of them are the same.

    Attributes:
        person: The key of the `accounts.Person`; None for a guest.
    """

    email: str = ""
    phone: str = ""
    person: int | None = None

    @property
    def email_key(self) -> str:
        """The digest of the normalised e-mail; empty without one."""
        return _digests("email", normalised_email(self.email))[0]

    @property
    def phone_key(self) -> str:
        """The digest of the normalised phone; empty without one."""
        return _digests("phone", normalised_phone(self.phone))[0]

    @property
    def email_keys(self) -> list[str]:
        """The digests under each secret key, the current one first; none without an e-mail."""
        return list(filter(None, _digests("email", normalised_email(self.email))))

    @property
    def phone_keys(self) -> list[str]:
        """As `email_keys`, of the phone."""
        return list(filter(None, _digests("phone", normalised_phone(self.phone))))


def digests_of(buyer: Buyer, secret: str = "") -> list[str]:
    """Return the digests of both contacts under each secret key.

    Args:
        secret: A further key, of a shop that is being restored; empty for none.
    """
    also = [secret] if secret else []
    contacts = (("email", normalised_email(buyer.email)), ("phone", normalised_phone(buyer.phone)))
    return [digest for kind, value in contacts for digest in _digests(kind, value, also) if digest]


def normalised_email(email: str) -> str:
    """Return the address of the mailbox: in small letters, without `+tag`; empty if it is no address."""
    name, at, domain = unicodedata.normalize("NFKC", email).strip().casefold().rpartition("@")
    name = name.partition("+")[0]
    if domain in _POINTLESS:
        name, domain = name.replace(".", ""), "gmail.com"
    return f"{name}@{domain}" if at and name and domain else ""


def normalised_phone(phone: str) -> str:
    """Return the last digits of the number, the same with a country's code and without; empty if there are too few."""
    digits = "".join(str(unicodedata.digit(sign)) for sign in phone if sign.isdigit())
    return digits[-_PHONE_DIGITS:] if len(digits) >= _PHONE_DIGITS - 2 else ""


def _digests(kind: str, value: str, also: Sequence[str] = ()) -> tuple[str, ...]:
    if not value:
        return ("",)
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS, *also)
    return tuple(
        salted_hmac(f"offers.buyer.{kind}", value, secret=secret, algorithm="sha256").hexdigest() for secret in secrets
    )
