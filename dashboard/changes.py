"""Numbers in words: by how much one differs from that of the time before."""

from decimal import Decimal

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from analytics.over_time import Series
from shopmcp.money import money


def written(value: Decimal | int, currency: str) -> str:
    """Return a count, or an amount in the reader's locale."""
    return money(Decimal(value), currency, get_language() or "en").formatted if currency else f"{value:,}"


def change(series: Series) -> SafeString:
    """Return the difference between a range and the one before in per cent, with its sign and a word."""
    now, before = series.total, series.total_before
    if not before:
        return format_html("{}", _("none in the time before"))
    if now == before:
        return format_html("{}", _("as in the time before"))
    share = round(100 * (now - before) / before)
    words = _("more than the %(before)s before") if now > before else _("less than the %(before)s before")
    sign = "+" if now > before else "\N{MINUS SIGN}"
    return format_html(
        "<bdi>{}{} %</bdi> {}", sign, f"{abs(share):,}", words % {"before": written(before, series.currency)}
    )
