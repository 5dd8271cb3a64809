"""The page of a cart in a real browser: on a phone, in both languages, light and dark, without scripts."""

from urllib.parse import urlsplit

import pytest

from tests.live import GOODS, LiveServer

DELIVERY = ".choice [name=delivery]"
# It says who sells, and offers pick-up and couriers.
TAKES_ORDERS = """
from django.utils import timezone
from catalog.models import Store
from offers.models import DeliveryOption, Merchant
store = Store.objects.get(slug="shop")
told = {"legal_name": "Shop Ltd", "registration_number": "51", "address": "5 Harbour St", "phone": "04-1"}
Merchant.objects.create(store=store, tax_rate=18, pages_confirmed_at=timezone.now(), **told)
offered = [
    {"name": "Courier", "price": 25, "free_above": 200, "cities": "Haifa"},
    {"name": "Pick-up", "kind": "pickup", "pickup_place": "5 Harbour St"},
    {"name": "By air", "price": 90, "minimum": 500},
]
for position, fields in enumerate(offered):
    DeliveryOption.objects.create(store=store, position=position, **fields)
"""


@pytest.fixture(scope="module")
def shop(one_browser, tmp_path_factory):
    """A shop that takes orders; its honey never runs out."""
    with LiveServer(tmp_path_factory.mktemp("shop") / "data") as server:
        goods = server.data_dir / "goods.csv"
        goods.write_text(GOODS)
        server.manage("import_products", str(goods), "--store", "shop", "--currency", "ILS")
        server.manage("shell", "-c", TAKES_ORDERS)
        yield server


@pytest.fixture
def chat(shop, request):
    """A conversation of the test's own on the shared server."""
    return lambda tool, **arguments: shop.call_tool(
        tool, meta={"openai/session": request.node.nodeid[-200:]}, **arguments
    )


@pytest.fixture
def link(chat):
    """The page of a cart with two honeys and a cup."""
    chat("add_to_cart", items=[{"product_id": "shop:honey", "quantity": 2}, {"product_id": "shop:last"}])
    return chat("get_checkout_link")["structuredContent"]["url"]


def quantity(browser, product):
    return browser.evaluate(f"document.querySelector('[name=\"quantity:shop:{product}\"]')?.value")


def button(product, change):
    return f"[value^='set:shop:{product}:'][aria-label='{change}']"


@pytest.mark.parametrize("scripts", [True, False])
def test_a_shopper_changes_the_cart_and_the_chat_hears_of_it(browser, chat, link, scripts):
    browser.look_like(width=390, scripts=scripts)
    browser.open(link)

    browser.click_through(button("honey", "One more"))
    assert quantity(browser, "honey") == "3"
    browser.click_through(button("last", "One less"))
    assert quantity(browser, "last") is None
    browser.click_through("[value=undo]")
    assert quantity(browser, "last") == "1"

    answer = chat("view_cart")
    assert "The shopper changed the cart in the browser" in answer["content"][0]["text"]
    assert {line["product_id"]: line["quantity"] for line in answer["structuredContent"]["lines"]} == {
        "shop:honey": 3,
        "shop:last": 1,
    }


def test_enter_in_a_quantity_sets_what_was_typed(browser, link):
    browser.open(link)
    field = "document.querySelector('[name=\"quantity:shop:last\"]')"
    browser.evaluate(f"{field}.value = '3'; {field}.focus()")
    browser._loaded = False
    for kind in ("rawKeyDown", "char", "keyUp"):
        browser.send(
            "Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", windowsVirtualKeyCode=13, text="\r"
        )
    browser._wait_for_load()

    assert quantity(browser, "last") == "3"
    assert quantity(browser, "honey") == "2"


def test_a_page_that_is_behind_offers_what_was_wanted(browser, chat, link):
    browser.open(link)
    chat("update_cart_item", product_id="shop:honey", quantity=5)

    browser.click_through(button("last", "One more"))
    assert "The cart was changed meanwhile" in browser.evaluate("document.body.innerText")
    assert (quantity(browser, "honey"), quantity(browser, "last")) == ("5", "1")

    browser.click_through(".typed [value='set:shop:last:2']")
    assert (quantity(browser, "honey"), quantity(browser, "last")) == ("5", "2")


def test_a_permalink_becomes_a_cart_with_the_first_change(shop, browser):
    browser.look_like(width=390)
    browser.open(f"{shop.url}/buy/shop:honey:2")
    assert urlsplit(browser.evaluate("location.href")).path == "/c/new"

    browser.click_through(button("honey", "One more"))

    assert len(urlsplit(browser.evaluate("location.href")).path) == len("/c/") + 42
    assert quantity(browser, "honey") == "3"


def test_images_come_from_the_shop_alone(shop, browser, link):
    browser.open(link)
    browser.wait_until("[...document.images].every(image => image.complete)")

    assert any("/c/images/" in url for url in browser.requested)
    assert all(url.startswith(shop.url) for url in browser.requested)


def fill(browser, **fields):
    for name, value in fields.items():
        browser.evaluate(f"document.querySelector('[name={name}]').value = {value!r}")


def says(browser):
    return browser.evaluate("document.querySelector('.pay').textContent")


@pytest.fixture
def honey_link(chat):
    """The page of a cart with two honeys."""
    chat("add_to_cart", product_id="shop:honey", quantity=2)
    return chat("get_checkout_link")["structuredContent"]["url"]


def test_the_button_follows_the_delivery_that_is_chosen(browser, honey_link):
    browser.open(honey_link)
    assert says(browser) == "Order and pay ₪74.80"
    assert browser.evaluate("getComputedStyle(document.querySelector('.address')).display") == "block"

    browser.click(f"{DELIVERY}[data-pickup]")
    browser.wait_until("document.querySelector('.pay').textContent.includes('49.80')")

    assert browser.evaluate("document.querySelector('[name=total]').value") == "49.80"
    assert browser.evaluate("getComputedStyle(document.querySelector('.address')).display") == "none"
    assert "7.60" in browser.evaluate("document.querySelector('[data-sum=tax]').textContent")


@pytest.mark.parametrize("scripts", [True, False])
def test_an_order_is_placed_on_a_phone(browser, chat, honey_link, scripts):
    browser.look_like(width=390, scripts=scripts)
    browser.open(honey_link)
    fill(browser, name="Dana Levi", phone="050-2345678")
    browser.click(f"{DELIVERY}[data-pickup]")
    browser.click_through(".pay")
    if not scripts:
        assert "The sum has changed from ₪74.80 to ₪49.80." in browser.evaluate("document.body.innerText")
        assert says(browser) == "Order and pay ₪49.80"
        browser.click_through(".pay")

    assert urlsplit(browser.evaluate("location.href")).path.startswith("/orders/")
    assert "Dana Levi" in browser.evaluate("document.body.innerText")
    assert chat("view_cart")["structuredContent"]["lines"] == []
    browser.open(honey_link)
    assert "This cart was ordered." in browser.evaluate("document.body.innerText")


def test_going_back_after_an_order_places_no_second_one(browser, chat, honey_link):
    browser.open(honey_link)
    fill(browser, name="Dana Levi", phone="050-2345678")
    browser.click(f"{DELIVERY}[data-pickup]")
    browser.click_through(".pay")
    order = browser.evaluate("location.href")
    browser.evaluate("history.back()")
    browser.wait_until("location.pathname.startsWith('/c/') && document.readyState === 'complete'")
    if browser.evaluate("!!document.querySelector('.pay')"):  # the browser kept the page
        browser.click_through(".pay")
        assert browser.evaluate("location.href") == order

    assert len(chat("list_orders")["structuredContent"]["orders"]) == 1


def test_what_was_typed_is_there_again_after_a_change_of_quantity(browser, honey_link):
    browser.open(honey_link)
    fill(browser, name="Dana Levi", note="Ring twice")
    browser.click_through(button("honey", "One more"))

    assert browser.evaluate("document.querySelector('[name=name]').value") == "Dana Levi"
    assert browser.evaluate("document.querySelector('[name=note]').value") == "Ring twice"
    assert quantity(browser, "honey") == "3"
