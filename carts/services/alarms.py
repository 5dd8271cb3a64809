"""Alarms to the owner about chats that may not be told apart."""

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from carts.caller import shop_language
from carts.models import SessionWarning
from outbox.alarms import raise_alarm


def new_warning(warning: SessionWarning, *, is_first: bool) -> None:
    """Alarm the owner of a client's first warning of a kind, in the current transaction.

    Args:
        is_first: Whether no client had a warning of this kind before. Of other kinds than those by which carts can
            meet, only that one is worth an alarm.
    """
    can_meet = warning.kind == SessionWarning.Kind.UNKEYED and settings.SHOPMCP_UNKEYED_CALLS == "shared"
    if not settings.SHOPMCP_NOTIFY or not (can_meet or is_first):
        return
    with translation.override(shop_language()):
        subject = _("Chats can see each other's carts") if can_meet else _("A new warning about chats")
        text = _("%(kind)s. The client: %(client)s. The page of warnings says what it means and how to mend it.")
        raise_alarm(
            f"isolation_{warning.kind}",
            subject,
            text % {"kind": warning.text, "client": warning.client or "?"},
            warning=warning.kind,
            client=warning.client,
            carts_can_meet=can_meet,
        )
