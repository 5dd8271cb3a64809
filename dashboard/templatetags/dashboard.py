"""Filters for amounts, times and lengths of time, and links from numbers to sessions."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django import template
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, ngettext

from catalog.models import STATIC_IMAGE, Product
from dashboard.changes import change, written
from dashboard.texts import action_text, client_name, outcome_text
from orders.images import key_of
from shopmcp.money import money

register = template.Library()

_TECHNICAL = re.compile(
    r"((?:docker compose exec shop )?\S*python\S* manage\.py \w+|--[a-z-]+ \S+|_meta"
    r"|[A-Za-z][\w.]*(?:[_/=][\w.,-]*\w)+)"
)
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400

register.filter("outcome", outcome_text)
register.filter("action", action_text)
register.filter("written", written)
register.filter("change", change)
register.filter("client_name", client_name)


@register.filter
def in_currency(amount: Decimal | None, currency: str) -> SafeString:
    """An amount in the reader's locale, isolated from the direction of the text around it."""
    if amount is None or not currency:
        return SafeString("–")
    return format_html("<bdi>{}</bdi>", money(amount, currency, get_language() or "en").formatted)


@register.filter
def price_now(product: Product) -> Decimal | None:
    """The price of the moment: a sale begins and ends by the clock."""
    return product.price_at(timezone.now())


@register.filter
def price_before(product: Product) -> Decimal | None:
    """The price before a reduction that counts now."""
    return product.former_price_at(timezone.now())


@register.filter
def picture(product: Product) -> str:
    """The address of our own copy of a product's image, because pages load none from elsewhere; empty for none."""
    if product.image.startswith(STATIC_IMAGE):
        return static(product.image.removeprefix(STATIC_IMAGE))
    return reverse("cart-image", args=[f"{product.identity_id}-{key_of(product.image)}"]) if product.image else ""


@register.filter
def unlocalised(amount: Decimal) -> str:
    """An amount as a form takes it: with a point, and no more digits than it has."""
    return f"{amount.normalize():f}"


@register.filter
def duration(seconds: timedelta | float | None) -> str:
    """A length of time, in the two largest units."""
    if seconds is None:
        return "–"
    whole = round(seconds.total_seconds() if isinstance(seconds, timedelta) else seconds)
    if whole < _MINUTE:
        return gettext("%(n)s s") % {"n": whole}
    if whole < _HOUR:
        return gettext("%(n)s min") % {"n": round(whole / _MINUTE)}
    if whole < _DAY:
        return gettext("%(h)s h %(m)s min") % {"h": whole // _HOUR, "m": whole % _HOUR // _MINUTE}
    return ngettext("%(n)s day", "%(n)s days", whole // _DAY) % {"n": whole // _DAY}


@register.filter
def ago(moment: datetime | None) -> SafeString | str:
    """How long ago, with the exact time as `datetime` and as a tooltip."""
    if moment is None:
        return "–"
    local = timezone.localtime(moment)
    past = max((timezone.now() - moment).total_seconds(), 0)
    if past < 10:
        text = gettext("just now")
    elif past < _DAY:
        text = gettext("%(length)s ago") % {"length": duration(past)}
    else:
        text = date_format(local, "SHORT_DATETIME_FORMAT")
    exact = date_format(local, "DATETIME_FORMAT")
    return format_html('<time datetime="{}" title="{}">{}</time>', local.isoformat(timespec="seconds"), exact, text)


@register.filter
def capped(count: int, cap: int = 10_000) -> str:
    """A count that stops at the cap."""
    return f"{count:,}+" if count >= cap else f"{count:,}"


@register.filter
def percent(share: float | None) -> str:
    """A share from 0 to 1 as a percentage; a dash for None."""
    return "–" if share is None else f"{share:.0%}" if share in (0, 1) else f"{share * 100:.1f}%"


@register.filter
def technical(text: str) -> SafeString:
    """A sentence with its technical names isolated from the text's direction."""
    parts = _TECHNICAL.split(str(text))
    pieces = [format_html('<bdi class="id">{}</bdi>' if n % 2 else "{}", part) for n, part in enumerate(parts)]
    return format_html_join("", "{}", ((piece,) for piece in pieces))


@register.filter
def lookup(mapping: dict[Any, Any], key: Any) -> Any:
    return mapping.get(key)


@register.simple_tag(takes_context=True)
def file_link(context: Mapping[str, Any], table: str, title: str) -> SafeString:
    """A link to the table with that heading as a file, of the page's days and client."""
    asked = {name: context[name] for name in ("since", "until", "client") if context[name]}
    address = f"{reverse('dashboard-analytics-export', args=[table])}?{urlencode(asked)}"
    return format_html('<a class="file" href="{}">CSV<span class="unseen">: {}</span></a>', address, title)


@register.simple_tag(takes_context=True)
def sessions_link(context: Mapping[str, Any], **filters: str) -> str:
    """The address of the sessions behind a number: with the page's days and client, and these filters."""
    of_page = {name: context[name].isoformat() for name in ("since", "until")} | {"client": context["client"]}
    chosen = {name: text for name, text in (of_page | filters).items() if text}
    return f"{reverse('dashboard-sessions')}?{urlencode(chosen)}"
