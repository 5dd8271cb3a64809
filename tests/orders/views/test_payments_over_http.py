"""An order that is paid by a pay link, over real HTTP: from the chat to the provider's report."""

import hashlib
import hmac
import json
import re
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

import pytest

from tests.live import GOODS, LiveServer
from tests.orders.pages import form_of
from tests.orders.test_in_browser import TAKES_ORDERS
from tests.rpc import send

SECRET = "the secret of the test's provider"
PAY_LINK = f"""
link = "https://pay.example.com/p?a={{sum}}&n={{number}}&b={{return}}"
Merchant.objects.update(pay_link=link, pay_link_secret={SECRET!r})
"""
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
CHAT = {"openai/session": "a chat that pays"}


@pytest.fixture
def shop(tmp_path):
    with LiveServer(tmp_path / "data", SHOPMCP_PAYMENTS="link") as server:
        goods = server.data_dir / "goods.csv"
        goods.write_text(GOODS)
        server.manage("import_products", str(goods), "--store", "shop", "--currency", "ILS")
        server.manage("shell", "-c", TAKES_ORDERS + PAY_LINK)
        yield server


def report(shop, **told):
    body = json.dumps(told).encode()
    headers = {"Payment-Signature": hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()}
    return send(shop.url, method="POST", path="/payments/link/shop/", headers=headers, body=body)


def listed(shop):
    return shop.call_tool("list_orders", meta=CHAT)["content"][0]["text"]


def test_a_payment_reaches_its_order_once(shop):
    shop.call_tool("add_to_cart", meta=CHAT, product_id="shop:honey", quantity=2)
    path = urlsplit(shop.call_tool("get_checkout_link", meta=CHAT)["structuredContent"]["url"]).path
    form = form_of(shop.get(path).body.decode())
    typed = {"name": "Dana", "phone": "050-2345678", "street": "1 Herzl St", "city": "Haifa", "payment": "link"}
    placed = send(
        shop.url, method="POST", path=path, headers=FORM, body=urlencode(form | typed | {"do": "order"}).encode()
    )
    assert placed.status == 303
    page = shop.get(placed.headers["location"]).body.decode()
    asked = parse_qs(
        urlsplit(re.search(r'href="(https://pay\.example\.com/[^"]+)"', page)[1].replace("&amp;", "&")).query
    )
    assert shop.get(urlsplit(unquote(asked["b"][0])).path).status == 200
    assert "Not paid yet" in listed(shop)

    told = {"order": asked["n"][0], "amount": asked["a"][0], "currency": "ILS", "reference": "tx-1"}
    wrong = report(shop, **told | {"amount": "1.00", "reference": "tx-0"})
    answers = [report(shop, **told) for _ in range(3)]

    assert (wrong.status, wrong.json["outcome"]) == (200, "amount")
    assert [(answer.status, answer.json["outcome"]) for answer in answers] == [(200, "counted")] * 3
    assert "Not paid yet" not in listed(shop)
    assert shop.get(placed.headers["location"]).body.decode().count("payment noted") == 1
    assert "order_payment" not in shop.manage("doctor").stdout
