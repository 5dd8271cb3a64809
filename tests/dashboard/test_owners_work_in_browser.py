"""What an owner does without a shell, each job in at most eight clicks from Live, in a real browser."""

import json

import pytest

from tests.dashboard.browsing import AXE, broken_rules, sign_in
from tests.dashboard.chats import chat
from tests.live import LiveServer
from tests.rpc import send

MOST_CLICKS = 8
ODD = "sku,Was es ist,Kostet\nb1,Challah of Friday,14.90\nb2,Rye of Monday,19.90\n"


class Owner:
    """The owner at the browser, whose clicks are counted, and who sees that each page is whole."""

    def __init__(self, browser, shop):
        self.browser, self.shop, self.clicks = browser, shop, 0
        browser.open(f"{shop.url}/dashboard/")

    def click(self, selector):

        self.browser.click_through(selector)
        self.clicks += 1
        self.look()

    def write(self, selector, text):
        self.browser.evaluate(f"document.querySelector({json.dumps(selector)}).value = {json.dumps(text)}, 0")

    def choose(self, selector, value):
        self.write(selector, value)
        self.clicks += 1
        assert self.browser.evaluate(f"document.querySelector({json.dumps(selector)}).value") == value

    def give(self, selector, file):
        root = self.browser.send("DOM.getDocument")["root"]["nodeId"]
        node = self.browser.send("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.browser.send("DOM.setFileInputFiles", files=[str(file)], nodeId=node)
        self.clicks += 1

    def look(self):
        assert self.browser.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        if AXE:
            assert broken_rules(self.browser) == []
        assert self.browser.complaints == []


@pytest.fixture(scope="module")
def shop(one_browser, tmp_path_factory):
    with LiveServer(tmp_path_factory.mktemp("shop") / "data", "--demo") as server:
        one_browser.begin_anew()
        sign_in(one_browser, server)
        yield server


@pytest.fixture
def owner(shop, one_browser, request):
    """The owner on Live, on a phone in Hebrew or at a desk in English."""
    width, language, dark = request.param
    one_browser.look_like(width=width, language=language, dark=dark)
    one_browser.complaints.clear()
    owner = Owner(one_browser, shop)
    yield owner
    assert 0 < owner.clicks <= MOST_CLICKS


PHONE, DESK = (390, "he", True), (1280, "en", False)
NIGHT, POCKET = (1280, "he", True), (390, "en", False)


def products(shop, query):
    found = chat(shop, "openai-mcp", "buyer")("search_products", query=query)
    return [product["product_id"] for product in found["structuredContent"]["products"]]


@pytest.mark.parametrize("owner", [PHONE], indirect=True)
def test_a_file_with_odd_columns_is_imported(owner, tmp_path):
    file = tmp_path / "goods.csv"
    file.write_text(ODD)
    owner.click("nav.pages a[href$='/products/']")
    owner.click("main a.button[href$='/imports/']")
    owner.give("#id_file", file)
    owner.click("form.entries button")
    owner.browser.wait_until("!!document.querySelector('.alert.bad')")
    owner.look()
    owner.browser.open(owner.browser.evaluate("location.href"))
    owner.choose("[name=of-name]", "Was es ist")
    owner.choose("[name=of-price]", "Kostet")
    owner.click("#mapping form button")
    owner.browser.wait_until("!!document.querySelector('form[action$=\"/start/\"]')")
    owner.look()
    owner.click("form[action$='/start/'] button")
    owner.browser.wait_until("!!document.querySelector('.alert.good')")
    owner.look()

    assert products(owner.shop, "Challah of Friday") == ["shop:b1"]


@pytest.mark.parametrize("owner", [DESK], indirect=True)
def test_a_product_is_hidden_for_good(owner, tmp_path):
    file = tmp_path / "again.csv"
    file.write_text("sku,name,price\nh1,Hidden teapot,3\nh2,Other teapot,4\n")
    owner.shop.manage("import_products", str(file), "--store", "pots")
    owner.click("nav.pages a[href$='/products/']")
    owner.write("#q", "Hidden teapot")
    owner.click("form.search button")
    owner.click(".rows tbody th a")
    owner.click("form[action$='/hide/'] button")

    file.write_text("sku,name,price\nh1,Hidden teapot,5\nh2,Other teapot,4\n")
    owner.shop.manage("import_products", str(file), "--store", "pots")
    assert products(owner.shop, "teapot") == ["pots:h2"]


@pytest.mark.parametrize("owner", [POCKET], indirect=True)
def test_a_key_is_made(owner):
    owner.click("nav.pages a[href$='/keys/']")
    owner.write("#id_name", "stock report")
    owner.click("form.entries button")

    key = owner.browser.evaluate("document.querySelector('.alert.good code').textContent")
    answer = send(owner.shop.url, method="GET", path="/api/stores", headers={"Authorization": f"Bearer {key}"})
    assert answer.status == 200


@pytest.mark.parametrize("owner", [NIGHT], indirect=True)
def test_the_text_about_delivery_is_changed(owner):
    owner.click("nav.pages a[href$='/stores/']")
    owner.click("a[href$='/stores/demo/texts/']")
    owner.write("#id_shipping", "By bicycle, on Tuesdays.")
    owner.click("form.entries button")

    told = chat(owner.shop, "openai-mcp", "buyer")("list_stores", store="demo")
    assert "By bicycle, on Tuesdays." in told["content"][0]["text"]


@pytest.mark.parametrize("owner", [PHONE], indirect=True)
def test_the_demo_is_removed(owner):
    owner.click("nav.pages a[href$='/stores/']")
    owner.click("a[href$='/stores/demo/remove/']")
    owner.click("main form button")

    assert "demo" not in owner.shop.get("/healthz").text
    assert not any(found.startswith("demo:") for found in products(owner.shop, "honey"))
