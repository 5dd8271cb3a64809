"""One shop with something on every page, and the browser of whoever looks at it."""

import re
from contextlib import contextmanager
from itertools import count
from urllib.parse import urlencode, urlsplit

from tests.accounts.oauth.asking import BACK, CHALLENGE, VERIFIER
from tests.dashboard.chats import CLIENT, chat, play, play_unkeyed
from tests.live import GOODS, ROOMY, LiveServer
from tests.orders.test_in_browser import TAKES_ORDERS
from tests.pages.marks import mark_catalogue
from tests.pages.rows import BEGINNING, ORDERS, OWNERS_WORK, PAYMENTS, SHOPPERS_THINGS
from tests.shopper import Shopper

EMAIL = "dana@example.com"
OWN_GOODS = """sku,name,price,url
a,Own <b>cup</b>,9.90,https://shop.example.com/a
b,ספל אחר,12.00,
"""
ROBOTS = ("order-robot", "waiting-robot", "refund-robot")
BUYERS = ("waiting", "part", "owed", "over", "transfer", "link", "left")
# What a new cart holds that is handed over to be bought, or to be looked at.
CARTS: dict[str, list[dict[str, object]]] = {
    "cart": [{"product_id": "shop:honey", "quantity": 2}, {"product_id": "shop:last"}],
    "seen": [{"product_id": "shop:honey", "quantity": 2}, {"product_id": "shop:last"}],
    "demo_cart": [{"product_id": "demo:OI-801", "quantity": 2}],
    "own_cart": [{"product_id": "own:a", "quantity": 2}, {"product_id": "own:b"}],
}


class Shop:
    """A running shop; `addresses` are ids and paths of its pages by their names, for `path`."""

    def __init__(self, server, browser):
        self.server, self.browser, self.url = server, browser, server.url
        self.addresses: dict[str, str] = {}
        self.cookies: dict[str, dict[str, str]] = {"": {}}
        self._numbers = count()

    def path(self, template, **more):
        """A place's path; each cart in it is a new one."""
        carts = {name: self.hand_over(name) for name in CARTS if f"{{{name}}}" in template}
        return template.format_map(self.addresses | carts | more)

    def call(self, client, tool, **arguments):
        meta = {"openai/session": client, CLIENT: {"name": client, "version": "1"}}
        return self.server.call_tool(tool, meta=meta, **arguments)["structuredContent"]

    def hand_over(self, name):
        """The path of the page of a new cart; `client` is its chat from now on."""
        self.client = f"{name} {next(self._numbers)}"
        for item in CARTS[name]:
            self.call(self.client, "add_to_cart", items=[item])
        scope = "view" if name == "seen" else "buy"
        return urlsplit(self.call(self.client, "get_checkout_link", scope=scope)["url"]).path

    def run(self, script):
        """Run a script as `manage.py shell` does; return what it prints by the names, addresses as paths."""
        told = self.server.manage("shell", "-c", script).stdout
        return {name: value.removeprefix(self.url) for name, value in re.findall(r"^(\w+)=(.+)$", told, re.MULTILINE)}

    def enter(self, who, language):
        """Be somebody who speaks a language, in a browser that knew nobody before."""
        self.browser.begin_anew()
        for name, value in (self.cookies[who] | {"django_language": language}).items():
            self.browser.send("Network.setCookie", name=name, value=value, url=self.url)
        self.browser.complaints.clear()

    def fill(self, **fields):
        for name, value in fields.items():
            self.browser.evaluate(f"document.querySelector('[name={name}]').value = {value!r}")

    def unfold(self):
        self.browser.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true; })")


@contextmanager
def shop_with_everything(folder, browser):
    settings = {"DJANGO_SETTINGS_MODULE": "tests.pages.settings", "MARKED_LOCALE": str(mark_catalogue(folder / "he"))}
    settings |= {"SHOPMCP_PAYMENTS": "dummy,link", "EMAIL_URL": "smtp://127.0.0.1:9", **ROOMY}
    with LiveServer(folder / "data", "--demo", **settings) as server, Shopper(server) as dana:
        shop = Shop(server, browser)
        (server.data_dir / "shop.csv").write_text(GOODS)
        (server.data_dir / "own.csv").write_text(OWN_GOODS)
        dana.open("/my/sign-in/")
        dana.send(email=EMAIL)
        told = shop.run(BEGINNING)
        dana.send(action="verify", code=re.findall(r"[A-Z0-9]{4}-[A-Z0-9]{4}", told["code"])[0])
        play(server)
        play_unkeyed(server)
        chat(server, "house-robot", "null", key="sessionId")("view_cart")
        for client in (*ROBOTS, *BUYERS):
            shop.call(client, "add_to_cart", product_id="demo:OI-801", quantity=2)
        rows = (ORDERS, PAYMENTS, TAKES_ORDERS, OWNERS_WORK, SHOPPERS_THINGS)
        shop.addresses = shop.run("\n".join(rows)) | {"asks": let_a_program_in(dana)}
        shop.cookies["shopper"] = {one.name: one.value or "" for one in dana.http.cookies.jar}
        browser.begin_anew()
        browser.open(f"{server.url}{told['sign_in_link']}")
        browser.click_through("main button")
        signed_in = browser.send("Network.getCookies", urls=[server.url])["cookies"]
        shop.cookies["owner"] = {cookie["name"]: cookie["value"] for cookie in signed_in}
        yield shop


def let_a_program_in(dana):
    """Register a program, and let it into Dana's account; return the path where it asks again."""
    said = {"client_name": "צ׳אט", "redirect_uris": [BACK], "token_endpoint_auth_method": "none"}
    client = dana.http.post("/o/register/", json=said).json()["client_id"]
    asked = {
        "client_id": client,
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": "cart orders",
        "state": "s1",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        "resource": f"{dana.shop.url}/mcp",
    }
    path = f"/o/authorize/?{urlencode(asked)}"
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', dana.open(path).text)
    assert token
    form = {**asked, "allow": "true", "csrfmiddlewaretoken": token[1]}
    headers = {"Referer": str(dana.page.url)}
    back = dana.http.post(path, data=form, headers=headers, follow_redirects=False)
    code = re.search(r"code=([^&]+)", back.headers["Location"])
    assert code
    asked = {"grant_type": "authorization_code", "client_id": client, "code": code[1], "redirect_uri": BACK}
    given = dana.http.post("/o/token/", data={**asked, "code_verifier": VERIFIER, "resource": f"{dana.shop.url}/mcp"})
    assert given.status_code == 200, given.text
    return path
