"""A shopper with a phone: from the page of a cart to the account and to one cart everywhere, without scripts."""

import pytest

from tests.my.mailing import look
from tests.shopper import code_to


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
    code = code_to(shop, f"dana-{language}@example.com")
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
    browser.open(f"{shop.url}/my/one-cart/")
    look(browser, language)
    browser.evaluate("document.querySelectorAll('[name=bring]').forEach(box => { box.checked = true; })")
    browser.click_through("[value=on]")
    look(browser, language)
    assert [line["quantity"] for line in chat("B", "view_cart")["structuredContent"]["lines"]] == [4]
    browser.open(f"{shop.url}/my/one-cart/")
    look(browser, language)
    browser.click_through("[value=off]")
    assert chat("B", "view_cart")["structuredContent"]["lines"] == []
    for page in ("details", "data"):
        browser.open(f"{shop.url}/my/{page}/")
        browser.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true; })")
        look(browser, language)
    assert browser.complaints == []
    assert all(url.startswith((shop.url, "data:")) for url in browser.requested)
