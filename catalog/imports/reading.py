"""Reading a product file into the spool, twice if only its end says how its prices and dates are written."""

import re
from collections.abc import Callable, Iterable, Iterator

from django.utils.translation import gettext as _

from catalog.feeds import FeedEntry, Record, Refused, Skipped, Unreadable, read_feed
from catalog.feeds.amounts import Style
from catalog.feeds.locales import month_comes_first
from catalog.feeds.prices import BeforeTax, names_currency
from catalog.feeds.reading import Reading
from catalog.feeds.refusals import before_tax, columns_of, discounts_of, has_other_prices, unknown_state, unpriced
from catalog.feeds.rows import RowRefused, RowSkipped, read_row, read_sku
from catalog.feeds.source import Source
from catalog.feeds.words import NotUnderstood
from catalog.imports.report import ImportReport
from catalog.imports.spool import Double, Spool
from catalog.models import Store
from catalog.search.rebuild import Progress

# Formats in which a column for the stock may have any name.
_PLAIN = ("csv", "json", "jsonl")
# Fields by which a file leaves out its lines.
_HIDING = ("published", "hidden", "eligible", "visibility", "expires")
_HEBREW = re.compile("[\u05d0-\u05ea]")


def read_into(
    spool: Spool,
    source: Source,
    form: str,
    report: ImportReport,
    progress: Progress,
    watched: Callable[[Iterable[FeedEntry]], Iterable[FeedEntry]] = iter,
) -> None:
    """Spool the rows of a file; of rows with one SKU, the first with a price.

    Raises:
        Unreadable: If the file cannot be read, was understood only half, or has no product.
    """
    store = report.store
    reading = _first_reading(source, store)
    _pass(spool, progress(watched(read_feed(source, form)), _("Reading")), report, reading, source)
    style = _style(source, reading)
    month_first = reading.months_come_first() if reading.open_dates else reading.month_first
    points_group_stock = reading.open_stocks > 0 and reading.points_show_thousands()
    if (style, month_first, points_group_stock) != (reading.style, reading.month_first, False):
        # The file's own cells say that it is written otherwise than was assumed.
        spool.clear()
        report.begin_again()
        reading = _first_reading(source, store)
        reading.style, reading.month_first, reading.points_group_stock = style, month_first, points_group_stock
        _pass(spool, progress(watched(read_feed(source, form)), _("Reading")), report, reading, source)
    report.warnings.extend(reading.warnings)
    report.refused.sort(key=lambda refused: refused.line)
    report.warnings.sort(key=lambda warning: warning.line)
    if not source.options.allow_unpriced:
        report.skipped += spool.drop_parents()
    spool.group_variants()
    report.unresolved, report.without_image = spool.unresolved, spool.without_image
    if "" in report.currencies:
        report.assumed_currency = store.currency
    elif len(report.currencies) == 1:
        (store.currency,) = report.currencies
        spool.count_unpriced_in(store.currency)
    if not source.options.allow_unpriced and _is_unpriced(source, report, reading, len(spool)):
        raise unpriced(source, reading.unread_price)
    if not len(spool):
        reasons = "; ".join(f"{refused.line}: {refused.reason}" for refused in report.refused[:3])
        if report.skipped and not reasons:
            reasons = _("All of its lines say that the shop does not show them (%(columns)s).") % {
                "columns": ", ".join(f"“{source.naming.held[of]}”" for of in _HIDING if of in source.naming.held)
            }
        raise Unreadable(_("%(file)s holds no product.") % {"file": source.name}, fix=reasons)
    report.remarks.extend(_remarks(source, reading, form))


def _is_unpriced(source: Source, report: ImportReport, reading: Reading, rows: int) -> bool:
    """Whether hardly a price of the file was understood."""
    if not report.priced:
        return rows > 0 or reading.unread_prices > 0
    few = report.priced * 10 < rows
    return reading.unread_prices > 4 * report.priced or (few and has_other_prices(source))


def _first_reading(source: Source, store: Store) -> Reading:
    options = source.options
    return Reading(
        currency=store.currency,
        base_url=store.base_url,
        zone=store.zone,
        add_tax=options.add_tax,
        allow_unpriced=options.allow_unpriced,
        style=Style(only=options.decimal),
        month_first=month_comes_first(store.zone, store.currency),
    )


def _style(source: Source, reading: Reading) -> Style:
    """What points and commas in the prices of the file are.

    Raises:
        Unreadable: If all of them may be thousands or decimals.
    """
    if source.options.decimal:
        return reading.style
    point, comma = reading.amounts.point_is(), reading.amounts.comma_is()
    if point is not None and comma is not None:
        return Style(point, comma)
    example = reading.amounts.example
    raise Unreadable(
        _("The prices of %(file)s, such as “%(price)s”, may be thousands or have three decimals.")
        % {"file": source.name, "price": example},
        fix=_("Say what “%(price)s” is: --decimal %(other)s (thousands) or --decimal %(sign)s (three decimals).")
        % {"price": example, "sign": "," if "," in example else ".", "other": "." if "," in example else ","},
    )


def _pass(spool: Spool, entries: Iterable[FeedEntry], report: ImportReport, reading: Reading, source: Source) -> None:
    for entry in entries:
        match entry:
            case Refused():
                report.refused.append(entry)
            case Skipped():
                report.skipped += 1
            case Record():
                _read_record(entry, spool, report, reading, source)


def _read_record(record: Record, spool: Spool, report: ImportReport, reading: Reading, source: Source) -> None:
    try:
        row = read_row(record, reading)
    except RowSkipped:
        report.skipped += 1
        return
    except RowRefused as refusal:
        report.refused.append(Refused(record.line, str(refusal), _sku_of(record)))
        return
    except BeforeTax:
        raise before_tax(source) from None
    except NotUnderstood as value:
        raise unknown_state(source, value) from None
    report.priced += bool(row.price)
    if report.may_assume_currency and row.price is not None:
        report.currencies.add(row.currency if names_currency(record.fields) else "")
    for told in spool.add(row, hebrew=_HEBREW.search(row.name) is not None):
        line, sku = (told.goes.line, told.goes.sku) if isinstance(told, Double) else (told.row.line, told.sku)
        report.warnings.append(Refused(line, told.reason, sku))


def _remarks(source: Source, reading: Reading, form: str) -> Iterator[str]:
    """What the owner should know first."""
    held, unread = source.naming.held, columns_of(source)
    if (
        form in _PLAIN
        and held.keys().isdisjoint({"stock", "available"})
        and next(source.naming.unread(), None) is not None
    ):
        yield _(
            "No column for the stock was understood, so nothing is counted. Columns that were not read: %(columns)s. "
            'If one of them holds the stock: --map stock="…".'
        ) % {"columns": unread}
    if discounts := discounts_of(source):
        yield _(
            "Columns about discounts were not read, so they lower no price: %(columns)s. If the shop sells for less, "
            'have its export write the lower price into a column of its own, and map it: --map sale_price="…".'
        ) % {"columns": discounts}
    if reading.expired:
        yield _("Products that were left out, because their expiration date has passed: %(count)d.") % {
            "count": reading.expired
        }
    if reading.rounded:
        yield _("Prices with more decimals than their currency has, which were rounded half up: %(count)d.") % {
            "count": reading.rounded
        }
    if reading.open_dates and not reading.days_first and not reading.months_first:
        example = _("month/day") if reading.month_first else _("day/month")
        yield _(
            "Dates of sales such as 1/2/2026 were read as %(order)s: no date of the file says which comes first."
        ) % {"order": example}


def _sku_of(record: Record) -> str:
    try:
        return read_sku(record.fields)
    except RowRefused:
        return ""
