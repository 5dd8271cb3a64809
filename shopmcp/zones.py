"""The time zone of the person who reads one of the owner's pages."""

from zoneinfo import ZoneInfo, available_timezones

from django.http import HttpRequest

# Set by static/dashboard/live.js, because only the browser knows it.
ZONE_COOKIE = "timezone"
_ZONES = frozenset(available_timezones())


def zone_of(request: HttpRequest) -> ZoneInfo | None:
    """Return the reader's time zone; None if the browser has not told it."""
    name = request.COOKIES.get(ZONE_COOKIE, "")
    return ZoneInfo(name) if name in _ZONES else None
