"""Carts that become orders, which are changed and cancelled in any order: stock, sums and states never disagree."""

from collections import Counter
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from carts.caller import Caller
from carts.models import Cart
from carts.services import carts
from catalog.models import Product, ProductIdentity, StockMove, Store
from catalog.services.products import create_product, save_product
from offers.models import DeliveryOption
from orders.models import Order, OrderEvent, OrderState
from orders.services.changing import LineEdit, change_lines
from orders.services.details import Details
from orders.services.placing import place_order
from orders.services.states import SHOPPER, Who, advance, cancel, note_payment, note_refund
from shopmcp.errors import ShopError
from shopmcp.mcp.call import Call
from shopmcp.throttle import all_buckets
from tests.carts.chats import change
from tests.orders.ordering import ready, seen

SKUS = ["a", "b", "c"]
OWNER = Who(Order.Actor.OWNER, "owner")
skus = st.sampled_from(SKUS)
chats = st.sampled_from(["chat-1", "chat-2"])
places = st.integers(0, 3)
cents = st.integers(0, 3000).map(lambda number: Decimal(number) / 100)


class Trading(RuleBasedStateMachine):
    """`counted` is what the owner counted, before orders; None where the stock is not counted."""

    def __init__(self):
        super().__init__()
        self.rollback = transaction.atomic()
        self.rollback.__enter__()
        self.store = Store.objects.create(slug="shop", name="The Shop", currency="ILS")
        ready(self.store, tax_rate=18)
        self.option = DeliveryOption.objects.create(store=self.store, name="Courier", price=7, free_above=50)
        self.counted: dict[str, int | None] = {"a": 5, "b": 40, "c": None}
        for sku in SKUS:
            create_product(self.store, sku=sku, name=sku.upper(), price="5.50", stock=self.counted[sku])
        # How the next orders are paid, and what was paid and paid back beside a provider.
        self.way = Order.Payment.ON_DELIVERY.value
        self.noted, self.noted_back = Counter[str](), Counter[str]()
        # How often it was decided to take what is authorised, or to let it go.
        self.decided = Counter[str]()

    def teardown(self):
        transaction.set_rollback(True)
        self.rollback.__exit__(None, None, None)

    def some(self, place):
        orders = list(Order.objects.order_by("id"))
        return orders[place % len(orders)] if orders else None

    def attempt(self, work):
        """Do it, as a request does: whole, or refused in words."""
        try:
            with transaction.atomic():
                return work()
        except ShopError:
            return None

    @rule(chat=chats, sku=skus, quantity=st.integers(1, 8))
    def add(self, chat, sku, quantity):
        caller = Caller(Call("add_to_cart", {"threadId": chat}, client=chat))
        self.attempt(lambda: change(carts.add_items, caller, [(f"shop:{sku}", quantity)]))

    @rule(sku=skus, price=cents)
    def reprice(self, sku, price):
        product = Product.objects.get(sku=sku)
        product.price = price
        save_product(product, ["price"])

    @rule(chat=chats, key=st.sampled_from(["k1", "k2", "k3"]))
    def order(self, chat, key):
        for buckets in all_buckets.values():
            buckets.clear()
        cart = Cart.objects.filter(session__client=chat, ordered_at=None, item_count__gt=0).first()
        if cart is None:
            return
        then = seen(cart, self.option.pk)
        details = Details(
            name="Dana", phone="0502345678", delivery=self.option.pk, street="1 A", city="B", payment=self.way
        )
        placed = self.attempt(lambda: place_order(cart.public_id, details, key=key, seen=then))
        if placed and placed.is_new:
            assert placed.order.total == then.total
            again = place_order(cart.public_id, details, key="other", seen=then)
            assert (again.order, again.is_new) == (placed.order, False)

    @rule(place=places, state=st.sampled_from([OrderState.CONFIRMED, OrderState.READY, OrderState.COMPLETED]))
    def go_on(self, place, state):
        if order := self.some(place):
            self.attempt(lambda: advance(order.number, state, OWNER))

    @rule(place=places, who=st.sampled_from([OWNER, SHOPPER]))
    def call_off(self, place, who):
        if order := self.some(place):
            self.attempt(lambda: cancel(order.number, who, "because"))

    @rule(place=places, line=st.integers(0, 1), quantity=st.integers(0, 9), price=cents)
    def alter(self, place, line, quantity, price):
        if order := self.some(place):
            self.attempt(lambda: change_lines(order.number, OWNER, [LineEdit(line, quantity, price)], "because"))

    @rule(place=places, amount=cents)
    def pay(self, place, amount):
        if (order := self.some(place)) and self.attempt(lambda: note_payment(order.number, OWNER, amount)):
            self.noted[order.number] += amount

    @rule(place=places, amount=cents)
    def pay_back(self, place, amount):
        if (order := self.some(place)) and self.attempt(lambda: note_refund(order.number, OWNER, amount, "because")):
            self.noted_back[order.number] += amount

    @precondition(lambda self: Order.objects.exists())
    @invariant()
    def stock_is_what_the_orders_left(self):
        for sku in SKUS:
            identity = ProductIdentity.objects.get(sku=sku)
            lines = [
                (line.quantity, order.state)
                for order in Order.objects.all()
                for line in order.lines.all()
                if line.product_id == identity.pk
            ]
            gone = sum(quantity for quantity, state in lines if state != OrderState.CANCELLED)
            waiting = sum(
                quantity for quantity, state in lines if state not in (OrderState.CANCELLED, OrderState.COMPLETED)
            )
            moves = sum(StockMove.objects.filter(product=identity).values_list("pieces", flat=True))
            assert (identity.stock_moved, moves, identity.on_order) == (-gone, -gone, waiting)
            counted = self.counted[sku]
            if counted is not None:
                assert Product.objects.get(sku=sku).stock == counted - gone >= 0

    @invariant()
    def sums_fit_their_lines_and_states_their_events(self):
        for order in Order.objects.prefetch_related("lines", "events"):
            lines = list(order.lines.all())
            assert (
                order.goods
                == sum(line.total for line in lines)
                == sum((line.unit_price * line.quantity for line in lines), Decimal(0))
            )
            assert sum((line.tax for line in lines), order.delivery_tax) == order.tax
            assert order.total == order.goods - order.discount + order.delivery_price
            assert 0 <= order.refunded <= order.paid
            kinds = [event.kind for event in order.events.all()]
            assert kinds[0] == ("awaiting" if order.is_online and order.first_total else "placed")
            steps = [kind for kind in kinds if kind in OrderState.values]
            assert steps[-1] == order.state
            assert len(set(steps)) == len(steps)
            # A refund is written before its provider is asked, which an event tells afterwards; so is what is decided.
            assert order.version == len(kinds) + order.refunds.count() + self.decided[order.number]


@pytest.mark.django_db
def test_stock_sums_and_states_never_disagree():
    run_state_machine_as_test(
        Trading,
        settings=settings(
            max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
    assert not OrderEvent.objects.exists()
