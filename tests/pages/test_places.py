"""Each address of the shop is a page that is looked at, or is known to show none."""

import re

from django.urls import URLPattern, get_resolver, resolve
from django.urls.exceptions import Resolver404

from tests.pages.places import NO_PAGES, PLACES

KNOWN = {name for names in NO_PAGES.values() for name in names}
# Their pages are Django's and Ninja's own; those that people see first are among the places.
OTHERS = ("admin", "api")


def views(patterns, route=""):
    """Each view of the shop, with what stands for it: the name of its address, or else the route."""
    for pattern in patterns:
        here = f"{route}{pattern.pattern}"
        if isinstance(pattern, URLPattern):
            yield pattern.callback, pattern.name or here
        elif pattern.namespace not in OTHERS:
            yield from views(pattern.url_patterns, here)


def looked_at():
    for place in PLACES:
        for path in (place.like, place.path):
            try:  # what stands in braces is of no importance to most addresses
                yield resolve(re.sub(r"\{\w+\}", "1", path).partition("?")[0]).func
            except Resolver404:
                continue


def test_each_address_that_shows_a_page_is_looked_at():
    seen = set(looked_at())
    seen |= {view for view, name in views(get_resolver().url_patterns) if name in KNOWN}
    missing = {name for view, name in views(get_resolver().url_patterns) if view not in seen}

    assert missing == set(), "they belong into tests/pages/places.py"


def test_what_is_known_to_show_no_page_is_there():
    assert {name for _view, name in views(get_resolver().url_patterns)} >= KNOWN


def test_no_place_is_named_twice():
    assert len({str(place) for place in PLACES}) == len(PLACES)
