"""What open carts hold at this moment, and what of it was left: money by currency, and units of products.

With a million sessions this takes seconds, so that a server adds it up beside its requests.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from time import perf_counter
from typing import Final

from django.conf import settings
from django.db.models import Case, CharField, Count, F, Q, Sum, Value, When
from django.utils import timezone

from carts.browse import LOST_AFTER
from carts.models import Line
from carts.sources import ELSEWHERE
from shopmcp.background import Renewed
from shopmcp.db.workers import lanes

_PRODUCTS: Final = 20
# How long the result is used, in times of what it took: at most a hundredth of one processor.
_REST: Final = 100


@dataclass(frozen=True, slots=True)
class Carts:
    """Open carts with something in them, of one state, client and currency.

    Attributes:
        state: `open`, `abandoned` (quiet for SHOPMCP_ABANDONED_AFTER) or `lost` (for LOST_AFTER).
        units: How many pieces the carts hold; `amount` is what those cost now that can be bought.
    """

    state: str
    client: str
    currency: str
    carts: int
    units: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class HeldProduct:
    """A product in carts; `left` counts the abandoned and lost ones alone."""

    product_id: str
    name: str
    currency: str
    units: int
    amount: Decimal
    left_units: int
    left_amount: Decimal


@dataclass(frozen=True, slots=True)
class Held:
    """What carts hold; the products with the largest amounts first."""

    at: datetime
    seconds: float
    carts: Sequence[Carts]
    products: Sequence[HeldProduct]

    def sums(self, client: str) -> list[Carts]:
        """Return the carts of one client, or of all clients together if `client` is empty, by state and currency."""
        found: dict[tuple[str, str], Carts] = {}
        for row in self.carts:
            if client in ("", row.client):
                had = found.get((row.state, row.currency), Carts(row.state, client, row.currency, 0, 0, Decimal(0)))
                found[row.state, row.currency] = Carts(
                    row.state, client, row.currency, had.carts + row.carts, had.units + row.units,
                    had.amount + row.amount,
                )  # fmt: skip
        return sorted(found.values(), key=lambda row: (_STATES.index(row.state), row.currency))


_STATES: Final = ("open", "abandoned", "lost")


def held() -> Held | None:
    """Return what carts hold, at most some time ago; None until a server has added it up for the first time."""
    return _newest.get() if lanes.started else add_up()


def add_up() -> Held:
    """Add up what carts hold now; two queries over all open carts."""
    started, now = perf_counter(), timezone.now()
    quiet = Q(cart__session__last_seen_at__lte=now - settings.SHOPMCP_ABANDONED_AFTER)
    state = Case(
        When(cart__session__last_seen_at__lte=now - LOST_AFTER, then=Value("lost")),
        When(quiet, then=Value("abandoned")),
        default=Value("open"),
        output_field=CharField(),
    )
    # What became of those that were taken to a store's own checkout is not known here.
    lines = Line.objects.with_worth(now).filter(
        cart__ordered_at=None, cart__left_at=None, cart__item_count__gt=0, cart__session__is_check=False
    )
    lines = lines.exclude(cart__session__source=ELSEWHERE).order_by()
    sums = lines.values_list(state, "cart__session__client", "cart__currency")
    products = (
        lines.values_list(F("sold__public_id"), F("sold__name"), "cart__currency").annotate(
            units=Sum("quantity"),
            amount=Sum("worth"),
            left=Sum("quantity", filter=quiet, default=0),
            left_amount=Sum("worth", filter=quiet, default=Decimal(0)),
        )
    ).order_by("-amount", "-units", "cart__currency")
    return Held(
        at=now,
        carts=[
            Carts(*row)
            for row in sums.annotate(carts=Count("cart", distinct=True), units=Sum("quantity"), sum=Sum("worth"))
        ],
        # A product without a version that counts has no name, and costs nothing.
        products=[HeldProduct(*row) for row in products[:_PRODUCTS] if row[0] is not None],
        seconds=perf_counter() - started,
    )


_newest: Final = Renewed(add_up, every=lambda held: held.seconds * _REST, lasting=True)
