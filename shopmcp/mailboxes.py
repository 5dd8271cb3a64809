"""E-mail addresses to which mail can go."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _


def is_mailbox(text: str) -> bool:
    """Whether mail can go there."""
    try:
        mailbox(text)
    except ValidationError:
        return False
    return True


def mailbox(text: str) -> None:
    """Refuse what no mail can go to: Django's check lets signs pass in a domain that nobody can print.

    Raises:
        ValidationError: In words.
    """
    validate_email(text)
    try:
        # As mail servers are asked for it (RFC 5890).
        text.rpartition("@")[2].encode("idna")
        is_domain = text.isprintable()
    except UnicodeError:
        is_domain = False
    if not is_domain:
        raise ValidationError(_("This is no e-mail address: its domain cannot be one."))
