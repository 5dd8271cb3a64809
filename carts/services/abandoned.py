"""Telling the shop's systems of carts that were left without an order."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.utils import timezone

from carts.models import Cart
from outbox.models import Endpoint
from outbox.services import announce

EVERY: Final = 60.0  # seconds
# After a start of the server, as far back as this.
_BACK: Final = timedelta(hours=1)
_KIND: Final = "cart.abandoned"


class AbandonedCarts:
    """Tells of each cart once when its session has been quiet for SHOPMCP_ABANDONED_AFTER, and again if it changed.

    Args:
        clock: Returns the time.
    """

    def __init__(self, *, clock: Callable[[], datetime] = timezone.now) -> None:
        self._clock = clock
        self._told_to: datetime | None = None

    def look(self) -> int:
        """Tell of the carts that were left since the last look; return how many."""
        until = self._clock() - settings.SHOPMCP_ABANDONED_AFTER
        since, self._told_to = self._told_to or until - _BACK, until
        if not any(endpoint.wants(_KIND, "") for endpoint in Endpoint.objects.all()):
            return 0
        left = Cart.objects.filter(
            ordered_at=None,
            # What became of others in the store's own checkout is not known here.
            left_at=None,
            item_count__gt=0,
            session__is_check=False,
            session__last_seen_at__gt=since,
            session__last_seen_at__lte=until,
        )
        told = 0
        for cart in left.select_related("session", "store").order_by("pk").iterator():
            announce(
                _KIND,
                {
                    "cart": cart.public_id,
                    "session": cart.session.public_id,
                    "items": cart.item_count,
                    "currency": cart.currency,
                    "last_seen_at": cart.session.last_seen_at,
                },
                store=cart.store.slug if cart.store else None,
                # Of several servers one tells it.
                dedupe_key=f"{_KIND}:{cart.public_id}:{cart.version}",
            )
            told += 1
        return told
