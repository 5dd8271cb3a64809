"""Orders that are placed while the server dies."""

import random
import re
from collections import Counter
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from itertools import count
from secrets import token_hex
from threading import Event, Lock, Thread
from time import monotonic, sleep
from urllib.parse import urlencode, urlsplit

from analytics.simulated_shopper import Form
from faults.client import Client, Verdict
from faults.outcome import Outcome
from faults.room import Room, Shop
from faults.shoppers import PRODUCTS

_SHOPPERS = 8
_STOCK = 100_000
# Of few products, so that orders at one moment take from the same.
_SOLD = PRODUCTS[:5]
_READY = f"""
from decimal import Decimal
from django.utils import timezone
from catalog.models import Product, Store
from offers.models import DeliveryOption, Merchant
store = Store.objects.get(slug="shop")
Merchant.objects.update_or_create(store=store, defaults=dict(
    legal_name="Shop", registration_number="1", address="Here", phone="1", pages_confirmed_at=timezone.now()))
DeliveryOption.objects.create(store=store, name="Pick-up", kind="pickup", pickup_place="Here", price=Decimal(0))
Product.versions.update(counted={_STOCK})
"""


@dataclass
class Buyers:
    """Shoppers in threads who fill carts and order them on their pages, until they have their answer.

    Each order has a phone number of its own, by which it is found again.

    Attributes:
        told: The number of the order that each phone number was told.
    """

    url: str
    told: dict[str, str] = field(default_factory=dict)
    begun: set[str] = field(default_factory=set)
    done_at: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._over, self._lock, self._numbers = Event(), Lock(), count(1)
        self._threads = [Thread(target=self._buy_on, daemon=True) for _ in range(_SHOPPERS)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let each shopper finish the order at hand."""
        self._over.set()
        for thread in self._threads:
            thread.join(120)

    def wait_for(self, orders: int, *, within: float = 600) -> None:
        """Wait until so many orders in all were answered."""
        until = monotonic() + within
        while len(self.told) < orders:
            assert monotonic() < until, f"only {len(self.told)} of {orders} orders were answered within {within:.0f} s"
            sleep(0.01)

    def back_after(self, moment: float, *, within: float = 120) -> float:
        """Wait for the first order that was answered after a moment; return the seconds between them."""
        until = monotonic() + within
        while not self.done_at or self.done_at[-1] < moment:
            assert monotonic() < until, f"no order was answered within {within:.0f} s"
            sleep(0.005)
        return min(at for at in self.done_at if at >= moment) - moment

    def _buy_on(self) -> None:
        while not self._over.is_set():
            with self._lock:
                number = next(self._numbers)
            self._buy(number)

    def _buy(self, number: int) -> None:
        chat, phone = f"buyer-{token_hex(6)}", f"050{number:07}"
        address = f"198.18.{number // 250 % 250}.{number % 250 + 1}"
        client = Client(self.url, address=address)
        for product in random.sample(_SOLD, 2):
            self._call(client, chat, "add_to_cart", product_id=product, request_id=token_hex(8))
        link = self._call(client, chat, "get_checkout_link").get("url", "")
        client.close()
        path = urlsplit(str(link)).path
        if not path:
            return
        page = self._page(path, address)
        form = Form(page).fields | {"name": "Buyer", "phone": phone, "do": "order"}
        self.begun.add(phone)
        # The same form again and again, as a browser sends it, until the answer leads to the order.
        while True:
            status, _text, location = self._ask(path, address, form)
            if status == 303:
                break
            sleep(0.05)
        self.told[phone] = re.sub(r"^/orders/([A-Z0-9]+)\..*", r"\1", urlsplit(location).path)
        self.done_at.append(monotonic())

    def _call(self, client: Client, chat: str, tool: str, **arguments: object) -> dict[str, object]:
        while True:
            answer = client.call(tool, chat, **arguments)
            if answer.verdict is Verdict.DONE:
                return dict(answer.data)
            sleep(0.05)

    def _page(self, path: str, address: str) -> str:
        while True:
            status, text, _location = self._ask(path, address)
            if status == 200:
                return text
            sleep(0.05)

    def _ask(self, path: str, address: str, form: dict[str, str] | None = None) -> tuple[int, str, str]:
        parts = urlsplit(self.url)
        connection = HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        headers = {"X-Forwarded-For": address, "Content-Type": "application/x-www-form-urlencoded"}
        try:
            connection.request("POST" if form else "GET", path, urlencode(form) if form else None, headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(), answer.headers.get("Location", "")
        except (OSError, HTTPException):
            return 0, "", ""
        finally:
            connection.close()


def kill_all(room: Room) -> Outcome:
    """kill −9 of the server while orders are placed, again and again."""
    kills, orders = (2, 60) if room.short else (10, 500)
    outcome = Outcome(remarks=[f"{orders} orders, {kills} kills"])
    with room.shop("--workers", "1" if room.sqlite else "2") as shop:
        shop.manage("shell", "-c", _READY)
        buyers = Buyers(shop.url)
        buyers.start()
        try:
            for kill in range(kills):
                buyers.wait_for(orders * (kill + 1) // (kills + 1))
                sleep(random.uniform(0, 0.2))
                shop.kill_all()
                started = monotonic()
                shop.start()
                outcome.came_back(buyers.back_after(started))
            buyers.wait_for(orders)
        finally:
            buyers.stop()
        _audit(shop, buyers, outcome)
        outcome.failures += shop.damage()
    return outcome


def _audit(shop: Shop, buyers: Buyers, outcome: Outcome) -> None:
    """Compare the shop's orders with what the buyers were told, and its stock with its orders."""
    placed = shop.execute("SELECT phone, number FROM orders_order")
    held = Counter(str(phone) for phone, _number in placed)
    outcome.acknowledged += len(buyers.told)
    outcome.lost += sum((phone, number) not in set(map(tuple, placed)) for phone, number in buyers.told.items())
    outcome.doubled += sum(times - 1 for times in held.values())
    outcome.expect(held.keys() <= buyers.begun, "there is an order that nobody placed")
    sold = dict(shop.execute("SELECT product_id, SUM(quantity) FROM orders_orderline GROUP BY product_id"))
    moved = dict(shop.execute("SELECT id, -stock_moved FROM catalog_productidentity WHERE stock_moved <> 0"))
    rows = dict(shop.execute("SELECT product_id, -SUM(pieces) FROM catalog_stockmove GROUP BY product_id"))
    waiting = dict(shop.execute("SELECT id, on_order FROM catalog_productidentity WHERE on_order <> 0"))
    outcome.expect(sold == moved == rows == waiting, "stock, moves of stock and orders differ")
    lines = shop.execute("SELECT COUNT(*) FROM orders_order o WHERE NOT EXISTS "
                         "(SELECT 1 FROM orders_orderline l WHERE l.order_id = o.id)")  # fmt: skip
    outcome.expect(lines[0][0] == 0, "there is an order without lines")
    events = shop.execute("SELECT COUNT(*) FROM orders_orderevent WHERE kind = 'placed'")
    outcome.expect(events[0][0] == len(placed), "orders and what happened to them differ")
