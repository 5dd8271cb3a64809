"""Currencies without decimals and with three, paid at a provider."""

from decimal import Decimal

import pytest

from catalog.models import Product
from orders.models import OnlinePayment, Order
from orders.refusals import InvalidDetails
from orders.services.online import start_payment
from orders.services.reconciling import look_at
from tests.orders.online import found
from tests.orders.stripe import gateway, gateway_process

__all__ = ["gateway", "gateway_process"]


@pytest.mark.parametrize(("currency", "price"), [("KWD", "1.234"), ("BHD", "0.005")])
def test_a_sum_that_stripe_cannot_count_is_refused_before_it_is_ordered(
    gateway, store, make_product, pickup, fill, order, currency, price
):
    store.currency = currency
    store.save()
    make_product("Oud", price, stock=5)
    cart = fill(oud=1)

    with pytest.raises(InvalidDetails) as refusal:
        order(cart, payment="stripe")

    assert list(refusal.value.wrong) == ["payment"]
    assert not Order.objects.exists()
    assert Product.objects.get(sku="oud").stock == 5
    assert gateway.requests == []
    assert order(cart, payment="on_delivery").total == Decimal(price)


@pytest.mark.parametrize(
    ("currency", "price", "units"), [("KWD", "1.230", 1230), ("JPY", "1500", 1500), ("ILS", "19.90", 1990)]
)
def test_a_sum_is_paid_in_its_own_currency_to_the_last_part(
    gateway, store, make_product, pickup, fill, order, currency, price, units
):
    store.currency = currency
    store.save()
    make_product("Oud", price, stock=5)
    placed = order(fill(oud=1), payment="stripe")
    start_payment(placed.number)

    (session,) = gateway.sessions
    assert (session["amount_total"], session["currency"]) == (units, currency.lower())
    gateway.pay(session["id"])
    look_at(OnlinePayment.objects.select_related("order").get())
    assert (found(placed).state, found(placed).paid) == ("placed", Decimal(price))
