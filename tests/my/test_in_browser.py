"""A shopper with a phone: from the page of a cart to the account, without scripts, in both languages."""

import re

import pytest

from tests.dashboard.browsing import AXE, broken_rules
from tests.live import GOODS, LiveServer
from tests.orders.test_in_browser import TAKES_ORDERS

CODE = """
from outbox.models import Message
print(Message.objects.filter(kind="account.login-code").latest("id").payload["text"])
"""


@pytest.fixture(scope="module")
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


@pytest.mark.parametrize("language", ["en", "he"])
def test_a_shopper_keeps_a_cart_and_links_a_chat(shop, browser, language):
    def chat(name, tool, **arguments):
        return shop.call_tool(tool, meta={"openai/session": f"{name} {language}"}, **arguments)

    chat("A", "add_to_cart", product_id="shop:honey", quantity=2)
    link = chat("A", "get_checkout_link")["structuredContent"]["url"]
    browser.look_like(width=390, language=language, scripts=False)
    browser.open(f"{link}?lang={language}")
    browser.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true; })")
    browser.click_through("a[href*='/my/keep/']")
    look(browser, language)
    browser.evaluate(f"document.querySelector('[name=email]').value = 'dana-{language}@example.com'")
    browser.click_through("main button")
    look(browser, language)
    told = shop.manage("shell", "-c", CODE).stdout
    code = re.search(r"[A-Z0-9]{4}-[A-Z0-9]{4}", told)[0]
    browser.evaluate(f"document.querySelector('[name=code]').value = '{code}'")
    browser.click_through("[value=verify]")
    look(browser, language)
    browser.click_through("main form button")
    look(browser, language)
    browser.click_through("[name=which] ~ [value=code]")
    look(browser, language)
    shown = browser.evaluate("document.querySelector('.letters').textContent")
    answer = chat("B", "resume_cart", code=shown)
    assert [line["quantity"] for line in answer["structuredContent"]["lines"]] == [2]
    browser.open(f"{shop.url}/my/")
    assert browser.evaluate("document.querySelectorAll('[value=unlink]').length") == 2
    for page in ("details", "data"):
        browser.open(f"{shop.url}/my/{page}/")
        browser.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true; })")
        look(browser, language)
    assert browser.complaints == []
    assert all(url.startswith((shop.url, "data:")) for url in browser.requested)
