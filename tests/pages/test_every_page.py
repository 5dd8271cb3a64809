"""Every page is whole on every screen, light and dark, in both languages.

`.ci/run` opens each page in both languages and looks at it twice in each, so that it was seen in every width, light and
dark. `make pages` looks at each in all combinations.
"""

import os
from urllib.parse import urlsplit

import pytest

from tests.dashboard.browsing import AXE, broken_rules
from tests.pages.marks import unmarked
from tests.pages.places import PLACES
from tests.pages.shop import shop_with_everything

WIDTHS = (320, 390, 820, 1280)
OWN = ("127.0.0.1", "another.localhost")
# Set by `make pages`.
EVERY = bool(os.environ.get("EVERY_SCREEN"))
CASES = [
    pytest.param(place, language, number, id=f"{place} {language}")
    for number, place in enumerate(PLACES)
    for language in ("en", "he")
]


@pytest.fixture(scope="module")
def shop(one_browser, tmp_path_factory):
    with shop_with_everything(tmp_path_factory.mktemp("shop"), one_browser) as shop:
        yield shop


def screens(number, language):
    """The widths of a page in a language, each with whether it is dark.

    Four pages after each other, in one language and the other, have every width in every look.
    """
    if EVERY:
        return [(width, dark) for width in WIDTHS for dark in (False, True)]
    first = (number + 2 * (language == "he")) % 4
    dark = bool(number // 4 % 2) != (language == "he")
    return [(WIDTHS[first], dark), (WIDTHS[(first + 1) % 4], not dark)]


# Scripts hear of a new look with the next frame, and colours take their time to change.
SETTLE = """
new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))).then(() =>
  document.getAnimations().filter(change => change instanceof CSSTransition).forEach(change => change.finish()))
"""
# What reaches beyond the edges of the screen, the innermost first.
WIDER = """
document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll("body *")]
  .map(e => [e.getBoundingClientRect(), e.outerHTML.slice(0, 120)])
  .filter(([{ left, right, width }]) => width && (right > innerWidth + 1 || left < -1))
  .map(([, text]) => text).reverse().slice(0, 5).concat(document.documentElement.scrollWidth)
"""


@pytest.mark.parametrize(("place", "language", "number"), CASES)
def test_a_page_is_whole_on_every_screen_light_and_dark(shop, place, language, number):
    browser = shop.browser
    shop.enter(place.who, language)
    looks = screens(number, language)
    browser.look_like(width=looks[0][0], dark=looks[0][1], language=language)
    browser.open(f"{shop.url}{shop.path(place.path)}")
    if place.does:
        place.does(shop)

    told = browser.evaluate("[document.documentElement.lang, document.dir]")
    assert not place.words or told == [language, "rtl" if language == "he" else "ltr"]
    assert browser.evaluate("document.querySelectorAll('h1').length") == place.heads
    for width, dark in looks:
        browser.look_like(width=width, dark=dark, language=language)
        browser.evaluate(SETTLE)
        assert browser.evaluate(WIDER) == [], (width, dark)
        if AXE:
            assert broken_rules(browser) == [], (width, dark)
    if language == "he" and place.words:
        assert unmarked(browser) == []
    # Chromium reports a page that answers 404 as an error.
    assert [told for told in browser.complaints if not place.status or f"status of {place.status}" not in told] == []
    assert all(urlsplit(url).hostname in OWN or url.startswith("data:") for url in browser.requested)
