"""Checks of messages and webhooks."""

from base64 import b64decode
from binascii import Error
from collections.abc import Callable, Iterator

from django.utils import timezone
from django.utils.translation import gettext as _

from maintenance.checks.finding import Finding, named
from outbox.models import Endpoint, Message, MessageQuerySet

_PREFIX = "whsec_"


def outcomes() -> Iterator[Finding]:
    """Messages that were both sent and given up."""
    both = Message.objects.exclude(sent_at=None).exclude(failed_at=None)
    if both.exists():
        yield Finding(
            "message_outcome",
            _("Messages are both sent and given up: %(messages)s.") % {"messages": _some(both)},
            _("Mending takes them for sent."),
            lambda: both.update(failed_at=None),
        )


def destinations() -> Iterator[Finding]:
    """Messages that wait, and go nowhere."""
    lost = Message.objects.waiting().filter(endpoint=None, destination="")
    if lost.exists():
        yield Finding(
            "message_destination",
            _("Messages wait that go nowhere: %(messages)s.") % {"messages": _some(lost)},
            _("Mending gives them up."),
            lambda: lost.update(failed_at=timezone.now()),
        )


def secrets() -> Iterator[Finding]:
    """Webhooks that cannot be signed."""
    unsigned = [endpoint for endpoint in Endpoint.objects.all() if not _signs(endpoint.secret)]
    if unsigned:
        yield Finding(
            "webhook_secret",
            _("Webhooks have no secret that signs, so nothing is sent to them: %(webhooks)s.")
            % {"webhooks": named(unsigned)},
            _("Change their secrets on the dashboard's page Webhooks, and give the new ones to their systems."),
        )


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (outcomes, destinations, secrets)


def _some(messages: MessageQuerySet) -> str:
    return named(list(messages.order_by("id").values_list("public_id", flat=True)[:100]))


def _signs(secret: str) -> bool:
    """As Standard Webhooks has it: 24 to 64 bytes in base64."""
    try:
        return secret.startswith(_PREFIX) and 24 <= len(b64decode(secret[len(_PREFIX) :], validate=True)) <= 64
    except (Error, ValueError):
        return False
