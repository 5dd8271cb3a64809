"""The owner sets up a webhook in a real browser; its system receives what verifies by the secret of the page."""

import pytest

from tests.dashboard.browsing import AXE, broken_rules, sign_in
from tests.outbox.receiving import Receiver


@pytest.fixture
def till():
    """A system in the shop's own network."""
    till = Receiver()
    yield till
    till.close()


@pytest.mark.parametrize(("width", "language"), [(390, "he"), (1280, "en")])
def test_a_webhook_is_set_up_tested_and_read_in_the_log(own_shop, browser, till, width, language):
    shop = own_shop("--demo", SHOPMCP_WEBHOOKS_PRIVATE="on")
    sign_in(browser, shop)
    browser.look_like(width=width, language=language)
    browser.open(f"{shop.url}/dashboard/webhooks/new/")
    browser.evaluate(
        f"""
        document.querySelector('#id_name').value = 'קופה';
        document.querySelector('#id_address').value = '{till.url}';
        document.querySelector('input[value="order.placed"]').checked = true; 0
        """
    )
    browser.click_through("main form.entries button")
    secret = browser.evaluate("document.querySelector('main code').textContent")
    assert look_whole(browser)
    browser.click_through("main .alert.good .button")
    assert not browser.evaluate("document.body.textContent.includes('whsec_')")

    browser.click_through("form[action$='/test/'] button")
    browser.wait_until("!!document.querySelector('.rows .badge.good')")

    assert look_whole(browser)
    ((told),) = till.verified(secret)
    assert told["type"] == "webhook.test"
    assert browser.complaints == []


def look_whole(browser):
    if AXE:
        assert broken_rules(browser) == []
    return browser.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
