"""Messages of the outbox in words: what each tells, and why one was not sent."""

import re

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from outbox.models import KINDS, TEST, Message

# By how the kind begins, for mail and alarms.
_SUBJECTS: tuple[tuple[str, Promise], ...] = (
    ("order.code", _("A code that confirms an order")),
    ("order.", _("Mail about an order")),
    ("cart.reminder", _("A reminder of a cart")),
    ("account.", _("A code to sign in with")),
    ("staff.sign_in", _("A link to sign in with")),
    ("alarm.", _("An alarm of the shop")),
    (TEST, _("A test")),
)
_ANSWERED = re.compile(r"the receiver answered (\d{3})")
# By how a stored reason begins: mostly the name of an exception of Python.
_REASONS: tuple[tuple[str, Promise], ...] = (
    ("SMTPAuthenticationError", _("The mail server does not take the name or the password in EMAIL_URL.")),
    ("SMTPRecipientsRefused", _("The mail server does not take mail to this address.")),
    ("SMTPSenderRefused", _("The mail server does not take mail from DEFAULT_FROM_EMAIL.")),
    ("SMTP", _("The mail server refused the message.")),
    ("gaierror", _("The name of the host is not known.")),
    ("ConnectionRefusedError", _("Nothing listens at the address.")),
    ("TimeoutError", _("It did not answer in time.")),
    ("SSL", _("No encrypted connection came about: look at its certificate.")),
    ("ConnectionResetError", _("The other side ended the connection.")),
    ("RemoteDisconnected", _("The other side ended the connection.")),
    ("OSError", _("It cannot be reached over the network.")),
    (
        "the host is not on the public network",
        _("The address is in a private network; SHOPMCP_WEBHOOKS_PRIVATE allows it."),
    ),
    ("the host is on the public network", _("The address is on the public network, where only https is sent.")),
)


def subject_of(message: Message) -> str:
    """What the message tells."""
    if message.endpoint_id is not None and message.kind in KINDS:
        return str(KINDS[message.kind])
    return next((str(words) for begin, words in _SUBJECTS if message.kind.startswith(begin)), message.kind)


def reason_of(message: Message) -> str:
    """Why the last try failed; empty if it did not, and for a reason that has no words here."""
    if found := _ANSWERED.match(message.last_error):
        return _answered(int(found[1]))
    return next((str(words) for begin, words in _REASONS if message.last_error.startswith(begin)), "")


def _answered(status: int) -> str:
    if status == 410:
        said = gettext("The receiver answered that the address is gone (%(status)d).")
    elif 300 <= status < 400:
        said = gettext("The receiver wants another address (%(status)d); give the webhook that one.")
    elif status in (401, 403):
        said = gettext("The receiver does not let the shop in (%(status)d).")
    elif status == 404:
        said = gettext("The receiver knows no such address (%(status)d).")
    elif status == 429:
        said = gettext("The receiver wants fewer messages for now (%(status)d).")
    elif status >= 500:
        said = gettext("The receiver has a fault of its own (%(status)d).")
    else:
        said = gettext("The receiver does not take the message (%(status)d).")
    return said % {"status": status}
