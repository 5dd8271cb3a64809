"""What the owner's pages say in place of names that machines use."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_OUTCOMES: dict[str, str | Promise] = {
    "ok": _("done"),
    "invalid_arguments": _("unclear request"),
    "not_found": _("no such product or version"),
    "ambiguous": _("several products fit"),
    "not_for_sale": _("cannot be bought"),
    "cart_limit": _("more than a cart may hold"),
    "session_needed": _("no conversation id"),
    "unknown_cart": _("unknown cart_id"),
    "cart_expired": _("expired cart"),
    "request_id_reused": _("request_id used twice"),
    "busy": _("database did not answer"),
    "internal_error": _("fault of the shop"),
}


def outcome_text(code: str) -> str:
    """Return the outcome of a call in words, or its code where there are none."""
    return str(_OUTCOMES.get(code, code))
