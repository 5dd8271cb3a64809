"""Many orders at one moment: none too many, none twice, none with stock off by one."""

import threading
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from functools import partial

import pytest
from django.db import connection

from carts.caller import Caller
from carts.models import Cart
from carts.services import carts
from catalog.models import Product, ProductIdentity, StockMove, Store
from catalog.services.products import create_product
from offers.models import DeliveryOption
from orders.models import Order, OrderLine, OrderState
from orders.services.details import Details
from orders.services.placing import Seen, place_order
from orders.services.states import SHOPPER, SYSTEM, Who, advance, cancel
from shopmcp.errors import ShopError
from shopmcp.mcp.call import Call
from tests.carts.chats import change
from tests.orders.ordering import ready

STOCK = 10
OWNER = Who(Order.Actor.OWNER, "owner")


@pytest.fixture
def shop(shared_database):
    store = Store.objects.create(slug="shop", name="The Shop", currency="ILS")
    ready(store)
    create_product(store, sku="figs", name="Figs", price="10", stock=STOCK)
    create_product(store, sku="tea", name="Tea", price="5", stock=1000)
    return DeliveryOption.objects.create(store=store, name="Pick-up", kind="pickup", pickup_place="Here")


def cart_of(name, *wanted):
    caller = Caller(Call("add_to_cart", {"threadId": name}, client=name))
    change(carts.add_items, caller, [(f"shop:{sku}", quantity) for sku, quantity in wanted])
    return Cart.objects.get(session__client=name)


def details(n, option):
    return Details(name="Dana", phone=f"050-{n:07d}", delivery=option.pk)


def all_at_once(works, *, threads=20):
    """Do all of it on so many threads; return what each gave or raised."""
    waiting, results, lock = list(works), [], threading.Lock()
    begin = threading.Barrier(threads)

    def run():
        try:
            begin.wait(30)
            while True:
                with lock:
                    if not waiting:
                        return
                    work = waiting.pop()
                try:
                    found = work()
                except ShopError as refusal:
                    found = refusal.code
                with lock:
                    results.append(found)
        finally:
            connection.close()

    running = [threading.Thread(target=run) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return results


def stock_is_right():
    for product in Product.objects.all():
        sold = sum(
            OrderLine.objects.filter(product=product.identity)
            .exclude(order__state=OrderState.CANCELLED)
            .values_list("quantity", flat=True)
        )
        counted = STOCK if product.sku == "figs" else 1000
        identity = ProductIdentity.objects.get(pk=product.identity_id)
        moves = sum(StockMove.objects.filter(product=identity).values_list("pieces", flat=True))
        assert (product.stock, identity.stock_moved, moves) == (counted - sold, -sold, -sold)


def test_100_orders_of_a_product_with_stock_10_sell_exactly_10(shop):
    # Some buy another product too, in the other order: two orders must not wait for each other.
    wanted = [[("figs", 1)], [("tea", 1), ("figs", 1)], [("figs", 1), ("tea", 1)]]
    made = [cart_of(f"chat-{n}", *wanted[n % 3]) for n in range(100)]

    def order(n):
        total = Decimal(10 if n % 3 == 0 else 15)
        return place_order(made[n].public_id, details(n, shop), key=str(n), seen=Seen(1, total)).is_new

    results = all_at_once([lambda n=n: order(n) for n in range(100)])

    assert Counter(results) == {True: 10, "order_changed": 90}
    assert Order.objects.count() == 10
    assert Product.objects.get(sku="figs").stock == 0
    assert Cart.objects.filter(ordered_at=None).count() == 90
    stock_is_right()


def test_20_submits_of_one_cart_make_one_order(shop):
    cart = cart_of("chat", ("figs", 2), ("tea", 1))

    def order(n):
        # The same form twice, two tabs, and a form that was corrected.
        typed = replace(details(1, shop), name=f"Dana {n % 2}")
        return place_order(cart.public_id, typed, key=str(n % 5), seen=Seen(1, Decimal(25)))

    results = all_at_once([lambda n=n: order(n) for n in range(20)])

    assert Counter(placed.is_new for placed in results) == {True: 1, False: 19}
    assert {placed.order.pk for placed in results} == {Order.objects.get().pk}
    stock_is_right()


def _completed(number):
    return advance(number, OrderState.COMPLETED, OWNER).state


def _cancelled(number, who):
    return cancel(number, who, "changed").state


def test_an_order_is_cancelled_once_whoever_does_it(shop):
    cart = cart_of("chat", ("figs", 3))
    number = place_order(cart.public_id, details(1, shop), key="k", seen=Seen(1, Decimal(30))).order.number

    works = [partial(_cancelled, number, who) for who in (OWNER, SHOPPER, SYSTEM)] * 4
    works += [partial(_completed, number)] * 4
    results = all_at_once(works, threads=8)

    assert sorted(results).count("wrong_state") == len(works) - 1
    stock_is_right()
    assert Order.objects.get().events.count() == 2
    assert ProductIdentity.objects.get(sku="figs").on_order == 0
