"""Lists of orders for owners and scripts: filtered, the newest first, page by page."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Prefetch

from catalog.models import Store
from orders.models import OPEN, Order, OrderLine, OrderQuerySet, OrderState
from shopmcp import paging

# `open`: placed, confirmed or ready.
STATES = ("", "open", *OrderState.values)


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """The filters of a list of orders; empty ones do nothing.

    Attributes:
        state: `open`, or a state.
        store: The slug of a store.
        search: A number, a phone number, an e-mail address, or the beginning of the buyer's name or surname.
        by_people: Whether buyers may be searched for; else only numbers are.
        since, until: Bounds of when it was placed.
    """

    state: str = ""
    store: str = ""
    search: str = ""
    by_people: bool = False
    since: datetime | None = None
    until: datetime | None = None

    @property
    def by(self) -> str:
        """The column of which the newest come first: that of the bounds, by whose index they are found."""
        return "id" if self.since is None and self.until is None else "placed_at"

    def of(self, rows: OrderQuerySet) -> OrderQuerySet:
        """Return the orders that fit."""
        if self.state == "open":
            rows = rows.filter(state__in=OPEN)
        elif self.state:
            rows = rows.filter(state=self.state)
        if self.store:
            # By its key: a database that first reads the store reads all its orders too, and sorts them.
            key = Store.objects.filter(slug=self.store).values_list("pk", flat=True).first()
            rows = rows.none() if key is None else rows.filter(store=key)
        if self.search.strip():
            rows = rows.searched(self.search) if self.by_people else rows.numbered(self.search)
        return rows.placed_between(self.since, self.until)


def order_page(asked: OrderFilter, *, limit: int = 25, cursor: str = "") -> tuple[list[Order], str]:
    """Return a page of orders with their stores and lines, and the cursor of the next; three queries, or six.

    Raises:
        InvalidArguments: If the cursor is not of this list.
    """
    # Of a join with the store, SQLite begins with the store where one is asked for, and sorts all its orders.
    rows = Order.objects.select_related("session").prefetch_related("store")
    # Cursors of the two orders hold different things.
    of = "orders" if asked.by == "id" else "orders by day"
    rows = rows.filter(pk__in=_newest_open(asked, of, limit, cursor)) if asked.state == "open" else asked.of(rows)
    return paging.page(of, with_lines(rows), limit, cursor, by=asked.by)


def _newest_open(asked: OrderFilter, of: str, limit: int, cursor: str) -> list[int]:
    """Return the keys of a page of open orders, and of one more.

    State by state, by the index of states: asked for all at once, a database reads every order until it has found
    enough, or sorts all that are open.
    """
    columns = [asked.by, "pk"]
    found: list[tuple[Any, int]] = []
    for state in OPEN:
        rows = paging.after(of, replace(asked, state=state).of(Order.objects.all()), cursor, by=asked.by)
        found += rows.order_by(*(f"-{column}" for column in columns)).values_list(*columns)[: limit + 1]
    return [key for _by, key in sorted(found, reverse=True)[: limit + 1]]


def order_of_number(number: str) -> Order | None:
    """Return the order with this number as people write it, with all that a page of it shows."""
    rows = Order.objects.numbered(number).select_related("store", "session")
    return with_lines(rows).prefetch_related("events").first()


def orders_in_turn(asked: OrderFilter, *, most: int) -> Iterable[Order]:
    """Yield up to `most` orders that fit, the newest first, read page by page."""
    cursor, given = "", 0
    while given < most:
        page, cursor = order_page(asked, limit=min(500, most - given), cursor=cursor)
        yield from page
        given += len(page)
        if not cursor:
            return


def with_lines(rows: OrderQuerySet) -> OrderQuerySet:
    return rows.prefetch_related(Prefetch("lines", OrderLine.objects.order_by("position")))
