"""What an owner does about a warning: mark it as fixed, mute it, listen to it again.

A warning is one kind of sign from one client. Marking it as fixed closes it until it happens again; muting it closes it
until it is opened. Calls are counted either way.
"""

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext

from carts.models import SessionWarning
from shopmcp.errors import NotFound

# Clients name themselves, so their number has no bound; a page shows the latest.
MOST_SHOWN = 200


def open_warnings(limit: int = MOST_SHOWN) -> list[SessionWarning]:
    """Return the open warnings, the latest first; one query."""
    return list(SessionWarning.objects.open().newest_first()[:limit])


def settled_warnings(limit: int = MOST_SHOWN) -> list[SessionWarning]:
    """Return what is fixed or muted, the latest first; one query."""
    return list(SessionWarning.objects.settled().newest_first()[:limit])


def mark_fixed(pk: int) -> SessionWarning:
    """Close the warning until it happens again.

    Raises:
        NotFound: If there is no such warning.
    """
    return _settle(pk, fixed_at=timezone.now())


def mute(pk: int) -> SessionWarning:
    """Close the warning for good: this client's calls of this kind are expected.

    Raises:
        NotFound: If there is no such warning.
    """
    return _settle(pk, muted_at=timezone.now())


def unmute(pk: int) -> SessionWarning:
    """Listen to the warning again; it is open unless it was marked as fixed since it last happened.

    Raises:
        NotFound: If there is no such warning.
    """
    return _settle(pk, muted_at=None)


def reopen(pk: int) -> SessionWarning:
    """Open the warning, whether it was marked as fixed or muted.

    Raises:
        NotFound: If there is no such warning.
    """
    return _settle(pk, fixed_at=None, muted_at=None)


def _settle(pk: int, **moments: datetime | None) -> SessionWarning:
    # These columns alone: calls are being counted into the others meanwhile.
    if not SessionWarning.objects.filter(pk=pk).update(**moments):
        raise NotFound(
            gettext("There is no such warning."), fix=gettext("List the warnings and use the id of one of them.")
        )
    return SessionWarning.objects.get(pk=pk)
