"""A running shop with accounts, and what a browser looks for on its pages."""

import pytest

from tests.dashboard.browsing import AXE, broken_rules
from tests.live import GOODS, LiveServer
from tests.orders.test_in_browser import TAKES_ORDERS


@pytest.fixture(scope="session")
def shop(one_browser, tmp_path_factory):
    """A shop with mail, which goes nowhere."""
    with LiveServer(tmp_path_factory.mktemp("shop") / "data", EMAIL_URL="smtp://127.0.0.1:9") as server:
        goods = server.data_dir / "goods.csv"
        goods.write_text(GOODS)
        server.manage("import_products", str(goods), "--store", "shop", "--currency", "ILS")
        server.manage("shell", "-c", TAKES_ORDERS)
        yield server


def look(browser, language):
    """Whether the page is whole on a phone, in that language, light and dark."""
    assert browser.evaluate("[document.documentElement.lang, document.querySelectorAll('h1').length]") == [language, 1]
    for dark in (False, True):
        browser.look_like(width=390, language=language, dark=dark)
        assert browser.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        if AXE:
            assert broken_rules(browser) == []
    browser.look_like(width=390, language=language, scripts=False)
