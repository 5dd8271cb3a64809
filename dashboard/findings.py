"""All that the analytics page and its files show of a range of days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Self

from analytics.breakdown import ClientNumbers, StoreNumbers, clients, known_clients, stores
from analytics.counts import at_one_moment
from analytics.held import Carts, Held, held
from analytics.over_time import Course, over_time
from analytics.reports import Summary, summary_with
from analytics.sales import SoldProduct, best_sellers
from analytics.services import Batch
from dashboard.forms import PeriodForm
from orders.models import PermalinkCount

# Of permalinks, the most first.
_SOURCES = 20
_SOLD = 10


@dataclass(frozen=True, slots=True)
class Findings:
    """The numbers of the days from `since` to `until`, of one client or, if that is empty, of all."""

    since: date
    until: date
    client: str
    numbers: Summary
    course: Course
    known_clients: Sequence[str]
    clients: Sequence[ClientNumbers]
    stores: Sequence[StoreNumbers]
    sold: Sequence[SoldProduct]
    sources: Sequence[tuple[str, int]]
    held: Held | None

    @classmethod
    def of(cls, form: PeriodForm) -> Self:
        """Return what a validated form asks for."""
        since, until = form.days
        client = form.chosen_client

        def read(waiting: Batch) -> tuple[Summary, Course, list[str], list[ClientNumbers]]:
            course = over_time(waiting, since, until, client)
            numbers = summary_with(waiting, course.first, course.end, client)
            names = known_clients(waiting, course)
            return numbers, course, names, [] if client else clients(waiting, course, names)

        numbers, course, names, by_client = at_one_moment(read)
        return cls(
            since=since,
            until=until,
            client=client,
            numbers=numbers,
            course=course,
            known_clients=names,
            clients=by_client,
            stores=stores(course, client),
            sold=best_sellers(numbers.since, numbers.until, client, most=_SOLD),
            held=held(),
            sources=[] if client else PermalinkCount.objects.by_source(since, until)[:_SOURCES],
        )

    @property
    def held_sums(self) -> Sequence[Carts]:
        """What open carts hold, by state and currency."""
        return self.held.sums(self.client) if self.held else []

    @property
    def revenue(self) -> list[tuple[str, Decimal]]:
        """The amount of each currency."""
        return [(sum.currency, Decimal(sum.amount)) for sum in self.numbers.revenue]
