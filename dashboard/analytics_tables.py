"""The tables of the analytics page as rows of files."""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dashboard.findings import Findings
from dashboard.texts import CART_STATES, STAGES, client_name, outcome_text
from shopmcp.money import rounded

Table = tuple[Sequence[Any], Iterable[Sequence[Any]]]

MEASURES: Final = {
    "sessions": gettext_lazy("Sessions"),
    "filled": gettext_lazy("Carts filled"),
    "orders": gettext_lazy("Orders"),
    "revenue": gettext_lazy("Revenue (%(currency)s)"),
}


def _over_time(found: Findings) -> Table:
    """A row for each part of the days, with the same part of the time before."""
    course = found.course
    header = [_("From"), _("The time before: from")]
    for series in course.series:
        title = MEASURES[series.measure] % {"currency": series.currency}
        header += [title, _("%(title)s, the time before") % {"title": title}]
    # The time before may be shorter by an hour where the clocks changed.
    starts_before = [*course.starts_before, *[None] * len(course.starts)]
    rows = []
    for n, start in enumerate(course.starts):
        before = starts_before[n]
        row: list[Any] = [_moment(start), _moment(before) if before else ""]
        for series in course.series:
            row += [_number(series.now[n], series.currency), _number(series.before[n], series.currency)]
        rows.append(row)
    return header, rows


def _totals(found: Findings) -> Table:
    """The numbers of the tiles."""
    numbers = found.numbers
    header = [_("Number"), _("In these days"), _("The time before"), _("Currency")]
    rows: list[list[Any]] = [
        [
            MEASURES[series.measure] % {"currency": series.currency},
            _number(series.total, series.currency),
            _number(series.total_before, series.currency),
            series.currency,
        ]
        for series in found.course.series
    ]
    rows += [
        [_("Linked to an account"), numbers.linked, "", ""],
        [_("Abandoned carts"), numbers.abandoned, "", ""],
        [_("Lost carts"), numbers.lost, "", ""],
        [_("Unkeyed"), numbers.unkeyed, "", ""],
        [_("Duration in seconds, median"), _tenths(numbers.median_duration), "", ""],
        [_("Duration in seconds, 90 of 100 at most"), _tenths(numbers.p90_duration), "", ""],
    ]
    return header, rows


def _clients(found: Findings) -> Table:
    header = [_("Client"), _("Name it sends"), _("Sessions"), _("The time before"), _("Carts filled"), _("Orders")]
    return header, (
        (client_name(row.client), row.client, row.sessions, row.before, row.filled, row.orders) for row in found.clients
    )


def _stores(found: Findings) -> Table:
    header = [
        _("Store"), _("Slug"), _("Currency"), _("Orders"), _("Orders, the time before"), _("Revenue"),
        _("Revenue, the time before"),
    ]  # fmt: skip
    return header, (
        (
            row.name,
            row.slug,
            row.currency,
            row.orders,
            row.orders_before,
            rounded(row.revenue, row.currency),
            rounded(row.revenue_before, row.currency),
        )
        for row in found.stores
    )


def _funnel(found: Findings) -> Table:
    header = [_("Stage"), _("Sessions"), _("Share in per cent")]
    return header, ((STAGES[stage.stage][0], stage.sessions, _percent(stage.share)) for stage in found.numbers.funnel)


def _popular(found: Findings) -> Table:
    header = [_("Product"), _("Product id"), _("Seen in 100 sessions"), _("Added in 100 sessions")]
    return header, (
        (item.name, item.product_id, _tenths(item.seen), _tenths(item.added)) for item in found.numbers.products
    )


def _sold(found: Findings) -> Table:
    header = [_("Product"), _("Product id"), _("Units"), _("Revenue"), _("Currency")]
    return header, (
        (item.name, item.product_id, item.units, rounded(item.amount, item.currency), item.currency)
        for item in found.sold
    )


def _held(found: Findings) -> Table:
    header = [_("State"), _("Carts"), _("Units"), _("Value"), _("Currency")]
    return header, (
        (CART_STATES[row.state], row.carts, row.units, rounded(row.amount, row.currency), row.currency)
        for row in found.held_sums
    )


def _held_products(found: Findings) -> Table:
    header = [
        _("Product"), _("Product id"), _("Units"), _("Value"), _("Units in abandoned carts"),
        _("Value in abandoned carts"), _("Currency"),
    ]  # fmt: skip
    return header, (
        (
            row.name,
            row.product_id,
            row.units,
            rounded(row.amount, row.currency),
            row.left_units,
            rounded(row.left_amount, row.currency),
            row.currency,
        )
        for row in (found.held.products if found.held else ())
    )


def _unanswered(found: Findings) -> Table:
    header = [_("Words"), _("Calls")]
    return header, ((search.words, search.searches) for search in found.numbers.fruitless_searches)


def _refusals(found: Findings) -> Table:
    header = [_("Reason"), _("Code"), _("Tool"), _("Calls")]
    return header, (
        (outcome_text(refusal.code), refusal.code, refusal.tool, refusal.calls) for refusal in found.numbers.refusals
    )


def _speed(found: Findings) -> Table:
    header = [_("Tool"), _("Calls"), "p50 (ms)", "p95 (ms)"]
    return header, ((speed.tool, speed.calls, _tenths(speed.p50), _tenths(speed.p95)) for speed in found.numbers.tools)


def _permalinks(found: Findings) -> Table:
    return [_("Source"), _("Carts")], found.sources


# By the name of the file.
TABLES: Final[dict[str, Callable[[Findings], Table]]] = {
    "over-time": _over_time,
    "totals": _totals,
    "clients": _clients,
    "stores": _stores,
    "funnel": _funnel,
    "popular": _popular,
    "sold": _sold,
    "in-carts": _held,
    "products-in-carts": _held_products,
    "unanswered": _unanswered,
    "refusals": _refusals,
    "speed": _speed,
    "permalinks": _permalinks,
}


def _number(value: Decimal, currency: str) -> Decimal | int:
    return rounded(value, currency) if currency else int(value)


def _moment(moment: Any) -> str:
    return timezone.localtime(moment).isoformat(timespec="minutes")


def _tenths(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f}"
