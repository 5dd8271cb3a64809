"""The kinds of signs that chats may not be told apart, and how bad each is under the policy in force."""

from typing import Literal

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

# `meet`: one shopper can see another's cart. `lose`: carts are apart, or cannot be proved to meet, but a chat can lose
# its own or share its id. `info`: no cart is in danger.
Severity = Literal["meet", "lose", "info"]


class WarningKind(models.TextChoices):
    UNKEYED = "unkeyed", _("call without a conversation id")
    MALFORMED = "malformed_id", _("malformed conversation id")
    # A text such as `null` or `default`: the client sends it for every chat.
    PLACEHOLDER = "placeholder_id", _("placeholder as a conversation id")
    SHARED = "shared_id", _("one conversation id, several places")
    ROTATING = "rotating_id", _("conversation id that changes with each call")
    UNKNOWN_HANDLE = "unknown_handle", _("unknown cart_id")
    EXPIRED_HANDLE = "expired_handle", _("cart_id of an expired cart")
    FOREIGN_HANDLE = "foreign_handle", _("cart_id of another conversation")
    SUBJECT_CHANGED = "subject_changed", _("one conversation id, two people")


def severity_of(kind: str) -> Severity:
    """Return how bad this kind of sign is now."""
    if kind == WarningKind.PLACEHOLDER.value:
        return "meet"
    if kind in (WarningKind.UNKEYED.value, WarningKind.MALFORMED.value):
        return "meet" if settings.SHOPMCP_UNKEYED_CALLS == "shared" else "lose"
    return "info" if kind == WarningKind.FOREIGN_HANDLE.value else "lose"
