"""The owner's pages in a real browser: updates in place, and whole journeys."""

import pytest

from tests.dashboard.browsing import AXE, broken_rules, forget, sign_in
from tests.dashboard.chats import chat, play, play_unkeyed
from tests.live import LiveServer
from tests.pages.rows import ORDERS


@pytest.fixture(scope="module")
def shop(one_browser, tmp_path_factory):
    """A shop with chats in it, some without a conversation id; tests may add some of their own."""
    with LiveServer(tmp_path_factory.mktemp("shop") / "data", "--demo", SHOPMCP_PAYMENTS="dummy,link") as server:
        play(server)
        play_unkeyed(server)
        chat(server, "house-robot", "null", key="sessionId")("view_cart")
        for robot in ("order-robot", "waiting-robot", "refund-robot"):
            chat(server, robot, robot)("add_to_cart", product_id="demo:OI-801", quantity=2)
        server.manage("shell", "-c", ORDERS)
        yield server


@pytest.fixture(scope="module")
def signed_in(shop, one_browser):
    """The cookies of the owner of the shop."""
    one_browser.begin_anew()  # an earlier test may have chosen a language, which is a cookie too
    sign_in(one_browser, shop)
    return one_browser.send("Network.getCookies", urls=[shop.url])["cookies"]


def enter(browser, server, cookies):
    for cookie in cookies:
        browser.send("Network.setCookie", name=cookie["name"], value=cookie["value"], url=server.url)
    forget(browser)


def state(browser):
    """What the banner says of the carts."""
    return browser.evaluate("document.querySelector('#isolation').dataset.isolation")


@pytest.mark.skipif(not AXE, reason="AXE_CORE does not name axe-core's axe.min.js; .ci/run fetches it")
def test_the_rules_of_wcag_are_looked_at(browser):
    browser.open("about:blank")
    browser.evaluate("document.body.innerHTML = '<img src=none>'")

    assert "image-alt" in [rule for rule, _places in broken_rules(browser)]


def test_a_new_chat_appears_without_disturbing_whoever_reads(own_shop, browser):
    new_shop = own_shop("--demo")
    sign_in(browser, new_shop)
    chat(new_shop, "openai-mcp", "first")("add_to_cart", product_id="demo:HO-005")
    browser.look_like(width=390)
    browser.quicken()
    browser.open(f"{new_shop.url}/dashboard/")
    browser.wait_until("!!document.querySelector('.rows details')")
    # It is seen within five seconds: live.js says why.
    assert browser.evaluate("intervals") == [4000]
    browser.evaluate(
        """
        details = document.querySelector('.rows details'); details.open = true;
        field = document.querySelector('input[type=search]'); field.focus(); field.value = 'half a wor';
        scrollTo(0, 300); height = scrollY; 0
        """
    )
    chat(new_shop, "codex", "second", key="threadId")("search_products", query="tea")

    browser.wait_until("document.querySelectorAll('.rows tbody tr').length === 2")
    assert browser.evaluate("details.isConnected && details.open && details.closest('tr').id.length > 6")
    assert browser.evaluate("document.activeElement === field && field.value") == "half a wor"
    assert browser.evaluate("height > 0 && scrollY === height")
    assert browser.complaints == []


@pytest.mark.parametrize("reason", ["paused", "hidden"])
def test_nothing_is_asked_while_updates_are_paused_or_nobody_looks(shop, browser, signed_in, reason):
    enter(browser, shop, signed_in)
    browser.quicken(0.001)  # what is asked is not asked because it is time again
    browser.open(f"{shop.url}/dashboard/")
    if reason == "paused":
        browser.click("[data-pause]")
        assert browser.evaluate("document.querySelector('[data-said]').textContent") == "Updates are paused"
    else:
        browser.evaluate("Object.defineProperty(document, 'hidden', {configurable: true, get: () => true}); 0")
    asked = "performance.getEntriesByType('resource').filter(entry => entry.initiatorType === 'fetch').length"
    before = browser.evaluate(asked)
    # What asks at once when it may.
    browser.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert browser.evaluate(f"new Promise(done => setTimeout(() => done({asked}), 500))") == before

    if reason == "paused":
        browser.click("[data-pause]")
    else:
        browser.evaluate("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
    browser.wait_until(f"{asked} > {before}")


def test_a_server_that_is_away_is_said_and_found_again(own_shop, browser):
    new_shop = own_shop("--demo")
    sign_in(browser, new_shop)
    browser.quicken()
    browser.open(f"{new_shop.url}/dashboard/")
    new_shop.stop()
    browser.wait_until("document.querySelector('[data-said]').textContent.startsWith('No connection')")
    assert browser.evaluate("document.querySelector('h1').textContent") == "Live"

    new_shop.start()
    browser.wait_until("document.querySelector('[data-said]').textContent.startsWith('Updates every')")


def test_whoever_signs_out_elsewhere_is_asked_to_sign_in(shop, browser, signed_in):
    enter(browser, shop, signed_in)
    browser.quicken()
    browser.open(f"{shop.url}/dashboard/")
    browser.send("Network.deleteCookies", name="sessionid", url=shop.url)

    browser.wait_until("location.pathname === '/admin/login/'")


def test_stepping_through_a_session_shows_its_cart_as_it_was(shop, browser, signed_in):
    call = chat(shop, "openai-mcp", "stepping")
    call("add_to_cart", product_id="demo:HO-005", quantity=2)
    call("clear_cart")
    enter(browser, shop, signed_in)
    browser.open(f"{shop.url}/dashboard/sessions/")
    browser.click_through(".rows tbody th a")
    assert "The cart is empty" in browser.evaluate("document.querySelector('.sticky').textContent")

    browser.click("#step-back")
    browser.wait_until("document.querySelector('.sticky').textContent.includes('Enamel mug')")
    assert browser.evaluate("location.search") == "?at=1"
    browser.click("#step-now")
    browser.wait_until("document.querySelector('.sticky').textContent.includes('The cart is empty')")
    assert browser.complaints == []


def test_the_owner_finds_fixes_and_checks_a_default_session_warning(own_shop, browser):
    new_shop = own_shop("--demo")
    sign_in(browser, new_shop)
    browser.quicken()
    browser.open(f"{new_shop.url}/dashboard/")
    assert state(browser) == "unknown"
    chat(new_shop, "openai-mcp", "a chat")("view_cart")
    browser.wait_until("document.querySelector('#isolation').dataset.isolation === 'apart'")
    assert "1 call in the 24 hours" in browser.evaluate("document.querySelector('#isolation').textContent")

    # It appears while the page is open, and leads to the advice for that client.
    chat(new_shop, "house-robot", **{"robot/chatId": "7"})("view_cart")
    browser.wait_until("!!document.querySelector('#sign-unkeyed')")
    assert state(browser) == "lose"
    browser.click_through("#sign-unkeyed a")
    page = browser.evaluate("document.body.innerText")
    assert "house-robot" in page
    assert "SHOPMCP_SESSION_KEYS=robot/chatId" in page

    # A check before the fix says that it happens again.
    browser.click_through("form[action$='/check/'] button")
    assert "Waiting for the next call" in browser.evaluate("document.querySelector('#verdict').textContent")
    chat(new_shop, "house-robot", **{"robot/chatId": "7"})("view_cart")
    browser.wait_until("!!document.querySelector('#verdict.bad')")

    # The fix, and the check after it.
    new_shop.env["SHOPMCP_SESSION_KEYS"] = "robot/chatId"
    new_shop.restart()
    browser.click_through("form[action$='/check/'] button")
    chat(new_shop, "house-robot", **{"robot/chatId": "7"})("view_cart")
    browser.wait_until("!!document.querySelector('#verdict.good')")
    assert "robot/chatId" in browser.evaluate("document.querySelector('#verdict').textContent")

    browser.click_through("button[value=fixed]")
    assert "Marked as fixed" in browser.evaluate("document.body.textContent")
    browser.open(f"{new_shop.url}/dashboard/")
    assert state(browser) == "apart"

    # It happens again, and is open again.
    chat(new_shop, "house-robot")("view_cart")
    browser.wait_until("!!document.querySelector('#sign-unkeyed')")


@pytest.mark.parametrize("language", ["en", "he"])
def test_live_is_two_screens_of_a_phone_in_the_first_hour(shop, browser, signed_in, language):
    enter(browser, shop, signed_in)
    browser.look_like(width=390, language=language)
    browser.send("Emulation.setScrollbarsHidden", hidden=True)
    browser.open(f"{shop.url}/dashboard/")

    assert browser.evaluate("document.querySelectorAll('#signs li').length") >= 3
    assert browser.evaluate("document.querySelector('.tiles').getBoundingClientRect().top + scrollY") < 700
    assert browser.evaluate("document.querySelectorAll('#first-hour [href]').length") > 1
    assert browser.evaluate("document.documentElement.scrollHeight") <= 2 * 845
    browser.send("Emulation.setScrollbarsHidden", hidden=False)


def test_the_search_has_a_key_and_the_language_stays(shop, browser, signed_in):
    enter(browser, shop, signed_in)
    browser.open(f"{shop.url}/dashboard/")
    browser.send("Input.dispatchKeyEvent", type="keyDown", key="/", text="/")
    assert browser.evaluate("document.activeElement.id + document.activeElement.value") == "q"

    browser.click_through(".languages button")
    browser.open(f"{shop.url}/dashboard/products/")
    assert browser.evaluate("document.documentElement.lang") == "he"
