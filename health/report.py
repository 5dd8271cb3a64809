"""How the shop is: all that is wrong with it now, the worst first, and what it has for sale."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Final

from django.conf import settings
from django.core.cache import cache

from carts.models import CallRecord
from health.catalogue import catalogue_troubles, last_import, stock_now
from health.running import running_troubles
from health.troubles import Trouble
from shopmcp.data_dir import last_backup

# Seconds for which pages and monitors share what was found: they ask every few seconds.
_KEPT: Final = 20
_KEY: Final = "health_of_the_shop"


@dataclass(frozen=True, slots=True)
class Health:
    """How the shop is.

    Attributes:
        products, carried: How many products can be bought, and how many are carried.
        imported_at, called_at, backed_up_at: The last good import, call of a chat and backup; None if there was none.
    """

    troubles: Sequence[Trouble]
    products: int
    carried: int
    imported_at: datetime | None
    called_at: datetime | None
    backed_up_at: datetime | None


def health_now() -> Health:
    """Find out how the shop is, except whether chats are kept apart; 25 queries at most."""
    troubles = sorted(chain(catalogue_troubles(), running_troubles()), key=lambda trouble: trouble.place)
    called_at = CallRecord.objects.newest_at()
    return Health(troubles, *stock_now(), last_import(), called_at, last_backup(settings.DATA_DIR))


def recent_health() -> Health:
    """Return what `health_now` found at most some seconds ago."""
    found: Health | None = cache.get(_KEY)
    if found is None:
        found = health_now()
        cache.set(_KEY, found, _KEPT)
    return found
