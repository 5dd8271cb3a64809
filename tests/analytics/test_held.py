"""What open carts hold, as chats are told it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from analytics.held import add_up
from carts.browse import session_of_id
from carts.models import Cart, Session
from catalog.models import Product
from catalog.services.products import save_product
from dashboard.rows import SessionItem

pytestmark = pytest.mark.django_db


@pytest.fixture
def fill(call_tool, settings):
    """Fill a cart in a chat that was quiet since then."""

    def make(name, *, ago=timedelta(0), **wishes):
        for product_id, quantity in wishes.items():
            call_tool("add_to_cart", product_id=f"shop:{product_id}", quantity=quantity, session=name)
        session = Session.objects.latest("pk")
        Session.objects.filter(pk=session.pk).update(last_seen_at=timezone.now() - ago)
        return session

    return make


def told(session):
    """The total on the session's page."""
    found = session_of_id(session.public_id)
    assert found
    return SessionItem(found).value


def test_carts_are_open_abandoned_or_lost_and_cost_what_the_chat_is_told(fill, honey, tea):
    fill("now", honey=2)
    fill("left", ago=timedelta(hours=2), honey=1, tea=3)
    lost = fill("lost", ago=timedelta(days=8), tea=1)
    away = fill("away", ago=timedelta(hours=2), tea=5)
    Cart.objects.filter(session=away).update(left_at=timezone.now())
    Product.objects.filter(pk=tea.pk).update(
        sale_price=tea.price / 2, sale_begins=timezone.now() - timedelta(days=1), sale_ends=None
    )
    found = add_up()
    sums = {row.state: row for row in found.sums("")}

    assert {state: (row.carts, row.units) for state, row in sums.items()} == {
        "open": (1, 2),
        "abandoned": (1, 4),
        "lost": (1, 1),
    }
    assert sums["open"].amount == 2 * honey.price
    assert sums["abandoned"].amount == honey.price + 3 * tea.price / 2
    assert told(lost) == sums["lost"].amount
    products = {row.name: row for row in found.products}
    assert (products["Tea"].units, products["Tea"].left_units) == (4, 4)
    assert (products["Honey"].units, products["Honey"].left_units) == (3, 1)
    assert found.sums("nobody") == []


def test_what_cannot_be_bought_costs_nothing(fill, honey, tea):
    session = fill("chat", honey=2, tea=3)
    honey.available = False
    save_product(honey, ["available"])
    Product.objects.filter(pk=tea.pk).update(counted=1)
    (row,) = add_up().sums("")

    assert (row.units, row.amount) == (5, tea.price)
    assert told(session) == row.amount


def test_amounts_of_several_currencies_stay_apart(fill, honey, tea):
    fill("one", honey=1)
    fill("two", tea=1)
    cart = Cart.objects.latest("pk")
    Cart.objects.filter(pk=cart.pk).update(currency="EUR")
    Product.objects.filter(pk=tea.pk).update(currency="EUR")

    assert {row.currency: row.amount for row in add_up().sums("")} == {"ILS": honey.price, "EUR": tea.price}
