"""How an owner finds out what happens in the shop, each job in at most eight clicks from Live, in a real browser."""

import pytest

from tests.dashboard.browsing import sign_in
from tests.dashboard.chats import chat
from tests.dashboard.test_owners_work_in_browser import DESK, NIGHT, PHONE, owner
from tests.live import LiveServer
from tests.pages.rows import ORDERS

__all__ = ["owner"]

SOLD_OUT = """
from catalog.models import Product
from catalog.services.products import save_product
for product in Product.objects.listed():
    product.available = False
    save_product(product, ["available"])
"""


@pytest.fixture(scope="module")
def shop(one_browser, tmp_path_factory):
    with LiveServer(tmp_path_factory.mktemp("shop") / "data", "--demo", SHOPMCP_PAYMENTS="dummy,link") as server:
        for robot in ("order-robot", "waiting-robot", "refund-robot"):
            chat(server, robot, robot)("add_to_cart", product_id="demo:OI-801", quantity=2)
        server.manage("shell", "-c", ORDERS)
        chat(server, "openai-mcp", "in vain")("search_products", query="unobtainium")
        one_browser.begin_anew()
        sign_in(one_browser, server)
        yield server


def text(owner):
    return owner.browser.evaluate("document.querySelector('main').innerText")


@pytest.mark.parametrize("owner", [PHONE], indirect=True)
def test_a_conversation_is_found_by_the_last_four_letters_of_its_id(owner, shop):
    call = chat(shop, "codex", "sought", key="threadId")
    call("add_to_cart", product_id="demo:HO-005")
    session = call("debug_session")["structuredContent"]["session"]
    owner.write("#q", session[-4:].upper())
    owner.click(".search button")
    owner.click(".rows tbody th a")

    assert owner.browser.evaluate("location.pathname").endswith(f"/sessions/{session}/")


@pytest.mark.parametrize("owner", [DESK], indirect=True)
def test_what_sold_and_what_was_searched_in_vain_is_seen_and_mended_with_a_synonym(owner, shop):
    owner.click(".pages a[href$='/analytics/']")
    seen = text(owner)
    assert "What sold" in seen
    assert "unobtainium" in seen
    assert int(owner.browser.evaluate("document.querySelector('[aria-labelledby=sold] tbody td').innerText")) >= 2

    owner.click("[aria-labelledby=unanswered] td a[href*='synonyms/?words=unobtainium']")
    owner.write("#id_known", "honey")
    owner.click("#synonym p button")
    assert "“unobtainium” now finds" in owner.browser.evaluate("document.body.innerText")
    found = chat(shop, "openai-mcp", "not in vain")("search_products", query="unobtainium")
    assert found["structuredContent"]["products"]


@pytest.mark.parametrize("owner", [DESK], indirect=True)
def test_a_default_warning_is_understood_and_ended(owner, shop):
    chat(shop, "house-robot")("view_cart")
    owner.browser.wait_until("!!document.querySelector('#sign-unkeyed')")
    owner.click("#sign-unkeyed a")
    seen = text(owner)
    assert "the original “default” session" in seen
    assert "house-robot" in seen

    owner.click("form[action$='/check/'] button")
    chat(shop, "house-robot", "with an id")("view_cart")
    owner.browser.wait_until("!!document.querySelector('#verdict.good')")
    owner.click("button[value=fixed]")
    owner.click(".pages a[href$='/dashboard/']")
    assert owner.browser.evaluate("document.querySelector('#isolation').dataset.isolation") == "apart"


@pytest.mark.parametrize("owner", [NIGHT], indirect=True)
def test_it_is_found_out_why_nothing_sells(owner, shop):
    shop.manage("shell", "-c", SOLD_OUT)
    owner.browser.wait_until("[...document.querySelectorAll('#troubles .bad')].length === 1")
    owner.browser.click("#troubles summary")
    owner.clicks += 1
    assert owner.browser.evaluate("document.querySelector('#troubles details').open")
    owner.click("#troubles a")

    assert owner.browser.evaluate("location.pathname") == "/dashboard/products/"
