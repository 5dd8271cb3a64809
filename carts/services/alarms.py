"""Alarms to the owner about chats that may not be told apart."""

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from carts.caller import shop_language
from carts.warning_kinds import WarningKind, severity_of
from outbox.alarms import raise_alarm


def new_warning(kind: str, client: str, *, is_first: bool) -> None:
    """Alarm the owner of a client's first warning of a kind, in the current transaction.

    Args:
        kind: One of `WarningKind`.
        client: As the client names itself.
        is_first: Whether no client had a warning of this kind before. Of other kinds than those by which carts can
            meet, only that one is worth an alarm.
    """
    can_meet = severity_of(kind) == "meet"
    if not settings.SHOPMCP_NOTIFY or not (can_meet or is_first):
        return
    with translation.override(shop_language()):
        subject = _("Chats can see each other's carts") if can_meet else _("A new warning about chats")
        text = _("%(kind)s. The client: %(client)s. The page of warnings says what it means and how to mend it.")
        raise_alarm(
            f"isolation_{kind}",
            subject,
            text % {"kind": WarningKind(kind).label, "client": client or "?"},
            warning=kind,
            client=client,
            carts_can_meet=can_meet,
        )
