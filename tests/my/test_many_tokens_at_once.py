"""64 clients of a running server at once: with tokens of several shoppers, and without one."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import NamedTuple

import pytest

from tests.live import GOODS, ROOMY
from tests.orders.test_in_browser import TAKES_ORDERS
from tests.rpc import rpc

CLIENTS = 64
ROUNDS = 3
HONEY = "shop:honey"
# Shoppers with a token and an order each; the last of them uses one cart everywhere.
PEOPLE = """
import json
from datetime import timedelta
from django.contrib.auth.models import User
from django.utils import timezone
from oauth2_provider.models import AccessToken
from accounts.models import Person
from carts.caller import Caller
from carts.models import Cart
from carts.services import carts
from carts.services.saving import load_cart, locked_cart
from carts.services.sessions import find_by_public_id
from offers.models import DeliveryOption
from orders.handoff import switching
from orders.services.details import Details
from orders.services.placing import Seen, place_order
from orders.services.quoting import quote
from shopmcp.mcp.call import Call

pickup = DeliveryOption.objects.get(kind="pickup")
told = []
for name in ("dana", "ruth", "noam"):
    person = Person.objects.create(user=User.objects.create_user(name, f"{name}@example.com"))
    AccessToken.objects.create(
        user=person.user, token=f"token of {name}", scope="cart orders", resource=[RESOURCE],
        expires=timezone.now() + timedelta(hours=1),
    )
    with locked_cart(Caller(Call("add_to_cart", {"openai/session": f"web of {name}"}))) as cart:
        carts.add_items(cart, [("shop:honey", 1)])
    row = Cart.objects.latest("id")
    state = load_cart(find_by_public_id(row.session.public_id), timezone.now())
    seen = Seen(state.version, quote(state, row.store, pickup).sums.total)
    details = Details(name=name, phone="050-2345678", email=f"{name}@example.com", delivery=pickup.pk)
    order = place_order(row.public_id, details, key=name, seen=seen, person=person.pk).order
    told.append({"token": f"token of {name}", "order": order.shown_number})
switching.switch_on(person)
print(json.dumps(told))
"""


class Shopper(NamedTuple):
    """Who calls; without a token it is nobody, and has no order."""

    # How many they add at once: no two shoppers the same, so that a mix of theirs shows in a cart.
    quantity: int
    has_one_cart: bool = False
    token: str = ""
    order: str = ""


@pytest.fixture
def shop(own_shop):
    server = own_shop(EMAIL_URL="smtp://127.0.0.1:9", **ROOMY)
    goods = server.data_dir / "goods.csv"
    goods.write_text(GOODS)
    server.manage("import_products", str(goods), "--store", "shop", "--currency", "ILS")
    return server


@pytest.fixture
def shoppers(shop):
    """Three with an account, and one without."""
    made = shop.manage("shell", "-c", f"RESOURCE = {shop.mcp_url!r}\n{TAKES_ORDERS}\n{PEOPLE}").stdout
    (dana, ruth, noam) = json.loads(made.splitlines()[-1])
    return [Shopper(1, **dana), Shopper(2, **ruth), Shopper(3, True, **noam), Shopper(5)]


def call(shop, shopper, chat, name, **arguments):
    headers = {"Authorization": f"Bearer {shopper.token}"} if shopper.token else {}
    params = {"name": name, "arguments": arguments, "_meta": {"openai/session": chat}}
    reply = rpc(shop.url, "2025-11-25", "tools/call", params, headers=headers)
    assert reply.status == 200, reply.text
    result = reply.json["result"]
    assert not result.get("isError"), result
    return result


def held(result):
    return {line["product_id"]: line["quantity"] for line in result["structuredContent"]["lines"]}


def test_none_of_64_clients_sees_what_is_anothers(shop, shoppers):
    barrier = Barrier(CLIENTS)
    shopper_of = [shoppers[number % len(shoppers)] for number in range(CLIENTS)]
    sharing = Counter(shopper_of)

    def play(number):
        shopper, chat = shopper_of[number], f"chat {number}"
        barrier.wait(60)
        said = []
        for turn in range(1, ROUNDS + 1):
            added = call(shop, shopper, chat, "add_to_cart", product_id=HONEY, quantity=shopper.quantity)
            listed = call(shop, shopper, chat, "list_orders")
            seen = call(shop, shopper, chat, "view_cart")
            if shopper.token and turn == 2:
                said.append(call(shop, shopper, chat, "link_account"))
            said += [added, listed, seen]
            orders = [order["number"] for order in listed["structuredContent"]["orders"]]
            assert orders == ([shopper.order] if shopper.order else [])
            for shown in (held(added), held(seen)):
                if shopper.has_one_cart:
                    assert shown[HONEY] % shopper.quantity == 0
                else:
                    assert shown == {HONEY: turn * shopper.quantity}
        return json.dumps(said)

    with ThreadPoolExecutor(CLIENTS) as pool:
        words = list(pool.map(play, range(CLIENTS)))

    for number, shopper in enumerate(shopper_of):
        chats = sharing[shopper] if shopper.has_one_cart else 1
        assert held(call(shop, shopper, f"chat {number}", "view_cart")) == {HONEY: chats * ROUNDS * shopper.quantity}
        for other in shoppers:
            assert other is shopper or not other.order or other.order not in words[number]
