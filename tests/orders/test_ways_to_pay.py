"""Which ways to pay online a store offers, and which settings stop the start."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from catalog.demo import STORE
from catalog.models import Store
from offers.online import online_providers
from shopmcp.env import refuse_unsafe_payments

pytestmark = pytest.mark.no_database


@pytest.fixture
def demo():
    return Store(slug=STORE["slug"])


def test_the_dummy_is_offered_by_the_demo_store_on_this_machine(settings, demo):
    settings.SHOPMCP_PAYMENTS = ["dummy"]

    assert online_providers(demo) == ["dummy"]
    assert online_providers(Store(slug="shop")) == []
    settings.DEBUG = True
    assert online_providers(Store(slug="shop")) == ["dummy"]


@pytest.mark.parametrize("address", ["http://shop.example.com", "http://192.168.1.5:8000", "https://localhost"])
def test_the_dummy_is_offered_to_nobody_else(settings, demo, address):
    settings.SHOPMCP_PAYMENTS, settings.DEBUG, settings.PUBLIC_URL = ["dummy"], True, address

    assert online_providers(demo) == []


def test_a_public_shop_with_the_dummy_does_not_start():
    refuse_unsafe_payments("http://127.0.0.1:8000", ["dummy"], "")

    with pytest.raises(ImproperlyConfigured, match="SHOPMCP_PAYMENTS"):
        refuse_unsafe_payments("https://shop.example.com", ["link", "dummy"], "")


def test_a_shop_with_stripe_and_without_its_key_does_not_start():
    refuse_unsafe_payments("https://shop.example.com", ["stripe"], "sk_live_1")

    with pytest.raises(ImproperlyConfigured, match="STRIPE_SECRET_KEY"):
        refuse_unsafe_payments("https://shop.example.com", ["stripe"], "")
