"""Carts from chat and page through coupon, order, online payment and refund, in any order: nothing ever disagrees."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck
from hypothesis import settings as bounds
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test

from carts.models import Cart
from offers.models import Coupon, CouponUse, Merchant
from orders.handoff import links, pages
from orders.models import Capture, CheckoutLink, OnlinePayment, Order, OrderState, Refund
from orders.payments.provider import Paid, PaidBack, RefundTold, Told
from orders.services.captures import let_go, take_payment
from orders.services.online import settle, start_payment
from orders.services.reconciling import reconcile
from orders.services.refunds import refund, settle_refund
from shopmcp.throttle import all_buckets
from tests.orders.online import dummy
from tests.orders.services.test_machine import OWNER, Trading, cents, chats, places, skus

__all__ = ["dummy"]
CODES = ["TEN", "SIX", "FREE"]
# What a provider says: the state, amount and currency, whether it names another page, and the name of its message.
words = st.tuples(
    st.sampled_from([Paid.PAID, Paid.AUTHORISED, *Paid]),
    cents,
    st.sampled_from(["ILS", "ILS", "USD"]),
    st.sampled_from(["", "", "another"]),
    st.sampled_from(["", "evt_1", "evt_2"]),
)


class Paying(Trading):
    """The dummy takes payments; the tests tell what it says, in any order and as often as they like."""

    def __init__(self):
        super().__init__()
        self.way = Order.Payment.DUMMY.value
        offered: list[dict[str, Any]] = [
            {"value": 10, "uses": 2},
            {"kind": "amount", "value": 6},
            {"kind": "free_delivery"},
        ]
        for code, fields in zip(CODES, offered, strict=True):
            Coupon(store=self.store, code=code, code_key=code.lower(), **fields).save()

    def on_page(self, chat, work):
        """Do it on the page of the conversation's cart, as it was last shown."""
        for buckets in all_buckets.values():
            buckets.clear()
        cart = Cart.objects.filter(session__client=chat, ordered_at=None, item_count__gt=0).first()
        if cart is not None:
            link = links.link_for(cart.pk, CheckoutLink.Scope.BUY, "en")
            self.attempt(lambda: work(CheckoutLink.objects.get(pk=link.pk), cart.version))

    def say(self, row, told, event=""):
        """A provider says it twice; the second time changes nothing."""
        settle(row, told, event=event)
        before = Order.objects.values().get(pk=row.order_id)
        settle(row, told, event=event)
        assert Order.objects.values().get(pk=row.order_id) == before

    def payment(self, place):
        rows = list(OnlinePayment.objects.select_related("order").order_by("id"))
        return rows[place % len(rows)] if rows else None

    @initialize(chat=chats, sku=skus, code=st.sampled_from(CODES), later=st.booleans())
    def begin_with_a_payment(self, chat, sku, code, later):
        self.buy(chat, sku, code, "dummy", later)
        self.begin(0)

    @rule(way=st.sampled_from(["dummy", "on_delivery"]), later=st.booleans())
    def choose(self, way, later):
        self.way = way
        Merchant.objects.update(take_later=later)

    @rule(chat=chats, sku=skus, quantity=st.integers(0, 9))
    def edit(self, chat, sku, quantity):
        self.on_page(chat, lambda link, version: pages.set_quantities(link, version, {f"shop:{sku}": quantity}))

    @rule(chat=chats, code=st.sampled_from([*CODES, "", "NONE"]))
    def apply(self, chat, code):
        self.on_page(chat, lambda link, version: pages.apply_coupon(link, version, code))

    @rule(
        chat=chats,
        sku=skus,
        code=st.sampled_from(CODES),
        way=st.sampled_from(["dummy", "dummy", "on_delivery"]),
        later=st.booleans(),
    )
    def buy(self, chat, sku, code, way, later):
        """All the way in one step, so that what comes after an order is reached often."""
        self.choose(way, later)
        self.add(chat, sku, 2)
        self.apply(chat, code)
        self.order(chat, f"{len(self.noted)} {Order.objects.count()}")

    @rule(chat=chats)
    def undo(self, chat):
        self.on_page(chat, pages.undo)

    @rule(place=places)
    def begin(self, place):
        if order := self.some(place):
            self.attempt(lambda: start_payment(order.number))

    @rule(place=places, twice=st.booleans())
    def pay_online(self, place, twice):
        if order := self.some(place):
            self.attempt(lambda: start_payment(order.number))
            for row in order.online_payments.filter(state="open"):
                state = Paid.AUTHORISED if row.take_later else Paid.PAID
                for session in (row.session, f"{row.session} too")[: 2 if twice else 1]:
                    self.say(row, Told(session, state, "", row.amount, row.currency, session))

    @rule(place=places)
    def take(self, place):
        if (order := self.some(place)) and self.attempt(lambda: take_payment(order.number, OWNER)):
            self.decided[order.number] += 1

    @rule(place=places)
    def release(self, place):
        if (order := self.some(place)) and self.attempt(lambda: let_go(order.number, OWNER)):
            self.decided[order.number] += 1

    @rule(place=places)
    def crash_before_it_is_taken(self, place):
        order = self.some(place)
        if order is None or not order.to_take or order.captures.pending().exists():
            return
        row = order.online_payments.held().filter(release_asked_at=None).first()
        if row is not None:
            amount = min(order.to_take, row.authorised)
            now = timezone.now()
            Capture.objects.create(order=order, payment=row, amount=amount, currency="ILS", next_look_at=now)

    @rule(place=places, words=st.lists(words, min_size=1, max_size=4))
    def hear(self, place, words):
        for state, amount, currency, page, event in words:
            if (row := self.payment(place)) is None:
                return
            session = f"{row.key} {page}" if page else row.session
            told = state in (Paid.PAID, Paid.AUTHORISED)
            paid = {"amount": amount, "currency": currency, "reference": f"pi {session}"} if told else {}
            self.say(row, Told(session, state, **paid), event)

    @rule(place=places, amount=cents)
    def refund_online(self, place, amount):
        if row := self.payment(place):
            self.attempt(lambda: refund(row.order.number, OWNER, amount, "because", payment=row.pk))

    @rule(place=places, state=st.sampled_from(list(PaidBack)))
    def hear_of_refund(self, place, state):
        rows = list(Refund.objects.select_related("order", "payment").order_by("id"))
        if rows:
            row = rows[place % len(rows)]
            settle_refund(row, state, RefundTold(f"refund_{row.key}", state, row.amount, row.currency))

    @rule(place=places)
    def wait(self, place):
        if order := self.some(place):
            Order.objects.filter(pk=order.pk).exclude(hold_until=None).update(hold_until=timezone.now() - timedelta(1))
            reconcile()

    @invariant()
    def money_is_what_came_and_went(self):
        for order in Order.objects.all():
            came = sum((row.received for row in order.online_payments.counted()), Decimal(0))
            back = sum((row.amount for row in order.refunds.counted()), Decimal(0))
            assert order.paid == self.noted[order.number] + came
            assert order.refunded == self.noted_back[order.number] + back
            held = sum((row.authorised for row in order.online_payments.held()), Decimal(0))
            assert order.authorised == held
            assert 0 <= order.to_take <= held
            assert order.payment_state != "authorised" or held
            if order.state == OrderState.CANCELLED:
                assert not order.to_take
                assert not order.online_payments.to_let_go().exists()
            assert not order.captures.pending().exclude(payment__state="authorised").exists()
            for row in order.online_payments.all():
                assert row.left >= 0
                assert row.state != "open" or row.received is None
            if order.state == OrderState.AWAITING:
                assert order.awaits_payment
                assert order.hold_until is not None
            if order.payment_state == "paid":
                assert order.paid > 0

    @invariant()
    def coupons_are_used_by_the_orders_that_stand(self):
        for coupon in Coupon.objects.all():
            uses = CouponUse.objects.filter(coupon=coupon, given_back_at=None)
            standing = Order.objects.filter(coupon_use__coupon=coupon).exclude(state=OrderState.CANCELLED)
            assert coupon.used == uses.count() == standing.count()
            assert coupon.uses is None or coupon.used <= coupon.uses


@pytest.mark.django_db
def test_money_coupons_stock_and_states_never_disagree(dummy):
    run_state_machine_as_test(
        Paying,
        settings=bounds(
            max_examples=10, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
    assert not Refund.objects.exists()
