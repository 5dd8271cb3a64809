"""The list of the first hour ticks itself, and goes."""

import pytest
from django.utils import timezone

from carts.models import Cart
from catalog.imports.importing import load_demo
from catalog.models import Store
from health.first_hour import first_hour, note_first_hour
from health.models import Milestone

pytestmark = pytest.mark.django_db


def done():
    return [step.name for step in first_hour().steps if step.is_done]


def test_each_step_ticks_when_the_shop_shows_it(settings, make_session, make_call):
    load_demo()
    assert len(first_hour().steps) == 7
    assert done() == []

    settings.PUBLIC_URL = "https://shop.example.com"
    assert done() == ["address"]
    assert (first_hour().done, first_hour().next.name) == (1, "products")
    own = Store.objects.create(slug="own", name="Own", currency="ILS", shipping="By post.")
    assert done() == ["address"]
    Store.objects.filter(pk=own.pk).update(returns="Within 14 days.")
    assert done() == ["address", "texts"]
    make_call(session := make_session())
    assert done() == ["address", "texts", "chat", "apart"]
    Cart.objects.create(public_id="c_1", session=session, currency="ILS", handed_over_at=timezone.now())
    assert done() == ["address", "texts", "chat", "apart", "handoff"]


def test_the_products_of_the_demo_are_not_the_owner_s(make_product):
    load_demo()
    assert "products" not in done()
    make_product("Honey")

    assert "products" in done()


def test_what_was_done_stays_done(make_session, make_call):
    call = make_call(make_session())
    note_first_hour()
    call.delete()

    assert "chat" in done()
    assert "apart" in done()


def test_the_list_goes_when_all_is_done(settings, django_assert_num_queries):
    for step in first_hour().steps:
        Milestone.objects.get_or_create(step=step.name)

    with django_assert_num_queries(1):
        assert first_hour() is None
    with django_assert_num_queries(1):
        note_first_hour()
