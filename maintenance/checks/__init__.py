"""The checks of `manage.py doctor`: each yields what it finds."""

from collections.abc import Callable, Iterator

from django.db import connection
from django.utils.translation import gettext as _

from catalog.search.rebuild import Progress
from maintenance.checks import analytics, carts, catalogue, database, offers, orders, outbox, payments
from maintenance.checks.finding import Finding
from maintenance.snapshot import unchanging
from shopmcp.errors import ShopError

__all__ = ["Finding", "examine", "mend"]

# Rows that point at nothing come first: what counts rows looks at what is left of them.
_CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    *database.CHECKS,
    *carts.CHECKS,
    *offers.CHECKS,
    *catalogue.CHECKS,
    *orders.CHECKS,
    *payments.CHECKS,
    *analytics.CHECKS,
    *outbox.CHECKS,
)
# Mending one thing may show another, such as the number of items of a cart that lost a line.
_ROUNDS = 3


def examine(progress: Progress) -> list[Finding]:
    """Look at the whole shop as one moment has it, beside live traffic.

    Raises:
        ShopError: If there is no shop, or one of another version.
    """
    with unchanging(connection) as shop:
        if not shop.migrations:
            raise ShopError(_("There is no shop in the database."), fix=_("Look at DATABASE_URL and SHOPMCP_DATA_DIR."))
        if not shop.is_current:
            raise ShopError(
                _("The database is of an earlier version."),
                fix=_("Start the shop once with manage.py serve, then try again."),
            )
        if damaged := list(database.damaged_file()):
            return damaged  # what else is read from such a file may be wrong
        return [finding for check in progress(_CHECKS, _("Checking"), len(_CHECKS)) for finding in check()]


def mend(progress: Progress) -> tuple[list[Finding], list[Finding]]:
    """Mend what can be mended; return that, and what is left. Raises as `examine`."""
    mended = list[Finding]()
    for _round in range(_ROUNDS):
        found = examine(progress)
        can_be = [finding for finding in found if finding.mend is not None]
        if not can_be:
            break
        for finding in can_be:
            finding.mend and finding.mend()
        mended += can_be
    else:
        found = examine(progress)
    return mended, found
