"""What all rows of one file share: how its amounts and dates are written, and what was noticed."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from decimal import Decimal

from django.utils import timezone

from catalog.feeds.amounts import Evidence, Style
from catalog.feeds.records import Refused


@dataclass
class Reading:
    """A pass over the rows of a file.

    Attributes:
        currency: Of prices that name none.
        base_url: What relative addresses are relative to; empty if that is not known.
        zone: Of dates that name none.
        add_tax: What is added to prices before tax, in percent.
        allow_unpriced: Whether a row whose price is not understood stays, without a price.
        style: What points and commas in prices are.
        month_first: Whether `1/2/2026` is the second of January; None if the dates of the file contradict each other.
        points_group_stock: Whether `1.000` pieces are a thousand, as they are where prices have decimals behind commas.
        amounts: What the prices show.
        open_stocks: How many counts of pieces are such.
        days_first, months_first, open_dates: How many dates show that order, and how many show none.
        unread_prices, unread_price: The number of prices that were not understood, and the first of them.
        now: When the pass begins.
        expired: The number of products that the file offers no longer.
        rounded: The number of prices with more decimals than their currency has.
        warnings: What else was noticed, by line.
    """

    currency: str
    base_url: str = ""
    zone: tzinfo = UTC
    add_tax: Decimal | None = None
    allow_unpriced: bool = False
    style: Style = field(default_factory=Style)
    month_first: bool | None = False
    points_group_stock: bool = False
    amounts: Evidence = field(default_factory=Evidence)
    open_stocks: int = 0
    days_first: int = 0
    months_first: int = 0
    open_dates: int = 0
    unread_prices: int = 0
    unread_price: str = ""
    now: datetime = field(default_factory=timezone.now)
    expired: int = 0
    rounded: int = 0
    warnings: list[Refused] = field(default_factory=list)

    def points_show_thousands(self) -> bool:
        """Whether the prices of the file, or the owner's word, say that points group thousands."""
        if self.style.only:
            return self.style.only == ","
        return self.amounts.groups_by_point()

    def months_come_first(self) -> bool | None:
        """What the dates of the file show; if they show nothing, as it was assumed."""
        if self.days_first and self.months_first:
            return None
        return bool(self.months_first) if self.days_first or self.months_first else self.month_first
