"""From the button of a cart to the page of a payment and back, in a real browser that applies the shop's policies."""

from urllib.parse import urlsplit

import pytest

from tests.dashboard.browsing import sign_in
from tests.live import LiveServer
from tests.orders.stripe import SECRET, gateway_process
from tests.orders.test_in_browser import DELIVERY, fill, says
from tests.rpc import send

__all__ = ["gateway_process"]

STATE = "document.querySelector('.state')?.textContent"
TEXT = "document.body.innerText"
WAITS = "document.body.innerText.includes('We are waiting for the word of the payment provider')"


@pytest.fixture(scope="module")
def shop(one_browser, gateway_process, tmp_path_factory):
    """The demo store, which is paid by the dummy and by Stripe, for which the tests' gateway stands."""
    settings = {
        "SHOPMCP_PAYMENTS": "stripe,dummy",
        "STRIPE_SECRET_KEY": "sk_live_of_the_tests",
        "STRIPE_WEBHOOK_SECRET": SECRET,
        "STRIPE_API_BASE": gateway_process.base,
    }
    with LiveServer(tmp_path_factory.mktemp("shop") / "data", "--demo", **settings) as server:
        yield server


@pytest.fixture
def chat(shop, request):
    """A conversation of the test's own."""

    def chat(tool, **arguments):
        meta = {"openai/session": request.node.nodeid[-200:]}
        return shop.call_tool(tool, meta=meta, **arguments)["structuredContent"]

    return chat


@pytest.fixture
def go_to_pay(browser, chat):
    """Order on a phone by a way to pay online, up to the page of the payment."""

    def go(way, *, scripts=True, product="OI-801", phone="050-2345678"):
        chat("add_to_cart", product_id=f"demo:{product}", quantity=2)
        browser.look_like(width=390, scripts=scripts)
        browser.open(chat("get_checkout_link")["url"])
        fill(browser, name="Dana Levi", phone=phone)
        browser.click(f"{DELIVERY}[data-pickup]")
        browser.click(f"[name=payment][value={way}]")
        browser.click_through(".pay")
        if not scripts:  # the page tells the sum of the pick-up first
            browser.complaints.clear()
            browser.click_through(".pay")

    return go


def path(browser):
    return urlsplit(browser.evaluate("location.href")).path


def order_of(chat):
    (order,) = chat("list_orders")["orders"]
    return order


@pytest.mark.parametrize("scripts", [True, False])
def test_the_button_leads_to_the_dummy_and_the_dummy_to_the_placed_order(shop, browser, chat, go_to_pay, scripts):
    go_to_pay("dummy", scripts=scripts)

    assert path(browser).startswith("/payments/dummy/")
    assert order_of(chat)["state"] == "awaiting"
    browser.click_through("[value=pay]")

    assert path(browser).startswith("/orders/")
    assert browser.evaluate(STATE) == "placed"
    assert "Dana Levi" in browser.evaluate("document.body.innerText")
    assert not browser.evaluate(WAITS)
    assert order_of(chat)["state"] == "placed"
    assert browser.complaints == []


@pytest.fixture
def taken_later(shop, browser):
    """Sign in, and let the store take its payments later."""

    def say(later):
        browser.look_like(width=1000)
        browser.open(f"{shop.url}/dashboard/stores/demo/")
        assert browser.evaluate("document.querySelector('[name=take_later]').checked") != later
        browser.click("[name=take_later]")
        browser.click_through("form.entries button")

    sign_in(browser, shop)
    say(True)
    yield
    say(False)


def test_a_payment_is_authorised_then_weighed_and_taken_on_the_dashboard(
    shop, browser, chat, go_to_pay, gateway_process, taken_later
):
    gateway_process.reset()
    gateway_process.show_pages(shop.url, SECRET)
    for way, button in (("dummy", "[value=pay]"), ("stripe", "#pay")):
        # By another buyer: one may order so often in an hour, and there are so many bottles.
        go_to_pay(way, product="OI-804", phone="050-2345679")
        browser.click_through(button)
        assert browser.evaluate(STATE) == "placed"
        assert "₪23.80 is authorised, and no money was taken yet." in browser.evaluate(TEXT)

        page = f"{shop.url}/dashboard/orders/{chat('list_orders')['orders'][0]['number'].replace('-', '')}/"
        browser.open(f"{page}change/")
        browser.evaluate("document.querySelector('[name$=unit_price]').value = '9.00'; why.value = 'Less'; 0")
        browser.click_through("form.entries button")
        assert "Take the payment: ₪18.00" in browser.evaluate(TEXT)
        browser.click_through("[value=take]")

        assert "Take the payment" not in browser.evaluate(TEXT)
        assert "paid" in browser.evaluate("document.querySelector('dl.facts').innerText")
    assert [intent["amount_received"] for intent in gateway_process.intents] == [1800]
    assert browser.complaints == []


def test_an_open_page_learns_that_somebody_paid(shop, browser, chat, go_to_pay):
    go_to_pay("dummy")
    pay = path(browser)
    browser.click_through("[value=later]")
    assert browser.evaluate(STATE) == "awaiting payment"

    form = {"Content-Type": "application/x-www-form-urlencoded"}
    paid = send(shop.url, b"do=pay", form, path=pay)

    assert paid.status == 303
    browser.wait_until(f"{STATE} === 'placed'")
    assert browser.complaints == []


def test_a_payment_that_failed_is_tried_again_from_the_orders_page(shop, browser, chat, go_to_pay):
    go_to_pay("dummy")
    first = path(browser)
    browser.click_through("[value=fail]")

    assert browser.evaluate(STATE) == "awaiting payment"
    browser.click_through("[name=do][value=pay]")
    assert path(browser).startswith("/payments/dummy/")
    assert path(browser) != first
    browser.click_through("[value=pay]")

    assert browser.evaluate(STATE) == "placed"
    assert order_of(chat)["state"] == "placed"
    assert browser.complaints == []


def test_stripe_tells_the_shop_before_its_page_leads_back(shop, browser, chat, go_to_pay, gateway_process):
    gateway_process.reset()
    gateway_process.show_pages(shop.url, SECRET)
    go_to_pay("stripe")

    assert browser.evaluate("location.origin") == gateway_process.base
    assert browser.evaluate("document.querySelector('h1').textContent") == "Pay 6980 ils"
    browser.click_through("#pay")

    assert path(browser).startswith("/orders/")
    assert browser.evaluate(STATE) == "placed"
    assert browser.complaints == []


@pytest.mark.parametrize("scripts", [True, False])
def test_a_buyer_who_comes_back_first_sees_the_outcome_when_it_is_known(
    shop, browser, chat, go_to_pay, gateway_process, scripts
):
    gateway_process.reset()
    gateway_process.show_pages(shop.url)
    go_to_pay("stripe", scripts=scripts)
    browser.click_through("#pay")

    assert path(browser).startswith("/orders/")
    browser.wait_until(f"{STATE} === 'placed'")
    assert not browser.evaluate(WAITS) or not scripts
    assert order_of(chat)["state"] == "placed"
    assert browser.complaints == []


def test_a_buyer_who_turns_back_pays_later_on_the_same_page(shop, browser, chat, go_to_pay, gateway_process):
    gateway_process.reset()
    gateway_process.show_pages(shop.url, SECRET)
    go_to_pay("stripe")
    address = browser.evaluate("location.href")
    browser.click_through("#back")

    assert browser.evaluate(STATE) == "awaiting payment"
    assert not browser.evaluate(WAITS)
    assert "Pay ₪69.80" in browser.evaluate("document.querySelector('[value=pay]').textContent")
    browser.click_through("[name=do][value=pay]")

    assert browser.evaluate("location.href") == address
    assert len(gateway_process.sessions) == 1
    assert browser.complaints == []


def test_a_page_at_an_address_of_which_the_policy_knows_nothing_is_reached_by_a_link(
    shop, browser, chat, go_to_pay, gateway_process
):
    gateway_process.reset()
    elsewhere = gateway_process.base.replace("127.0.0.1", "localhost")
    gateway_process._do("show_pages", base=elsewhere, shop=shop.url, secret=SECRET)
    go_to_pay("stripe")

    assert path(browser).startswith("/orders/")
    assert browser.evaluate(STATE) == "awaiting payment"
    browser.click_through("a.button[href*='/c/pay/']")
    assert browser.evaluate("location.origin") == elsewhere
    browser.click_through("#pay")

    assert browser.evaluate(STATE) == "placed"
    assert browser.complaints == []


def test_a_form_of_the_shop_leads_nowhere_else(shop, browser, chat, go_to_pay):
    chat("add_to_cart", product_id="demo:OI-801")
    browser.open(chat("get_checkout_link")["url"])
    assert says(browser)

    browser.evaluate(
        """
        blocked = []; document.querySelector('#cart').action = 'http://localhost:9/';
        document.addEventListener('securitypolicyviolation', event => blocked.push(event.effectiveDirective)); 0
        """
    )
    browser.click("[name=do][value=save]:not(.unseen)")
    browser.wait_until("blocked.includes('form-action')")
