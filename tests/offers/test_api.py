"""Delivery options in the JSON API."""

from datetime import time

import pytest

from catalog.models import Store
from offers.models import DeliveryOption, Merchant
from tests.api import script


def test_an_option_is_made_changed_and_deleted(api, store):
    made = api.post(
        "delivery-options", {"store": "shop", "name": "Courier", "price": "20.00", "cities": ["Haifa"]}, 201
    )
    changed = api.patch(f"delivery-options/{made['id']}", {"free_above": "200", "postal_codes": ["61-64"]})

    assert made["price"] == {"amount": "20.00", "formatted": "₪20.00"}
    assert (changed["free_above"]["amount"], changed["postal_codes"], changed["cities"]) == (
        "200.00",
        ["61-64"],
        ["Haifa"],
    )
    assert api.get(f"delivery-options/{made['id']}") == changed
    assert api.get("delivery-options", store="shop")["delivery_options"] == [changed]

    api.delete(f"delivery-options/{made['id']}")
    assert not DeliveryOption.objects.exists()


def test_null_empties_an_optional_amount(api, make_option):
    option = make_option(free_above="200", minimum="30")

    changed = api.patch(f"delivery-options/{option.pk}", {"free_above": None, "price": None})

    assert changed["free_above"] is None
    assert (changed["price"]["amount"], changed["minimum"]["amount"]) == ("20.00", "30.00")


@pytest.mark.parametrize(
    "body",
    [
        {"price": "-1"},
        {"postal_codes": ["Haifa"]},
        {"kind": "pickup"},
        {"kind": "drone"},
        {"name": ""},
        {"name": "a\u0000b"},
        {"nonsense": 1},
        {"position": -1},
    ],
)
def test_wrong_values_are_refused_and_change_nothing(api, make_option, body):
    option = make_option()

    assert api.patch(f"delivery-options/{option.pk}", body, 422)["code"] == "invalid_arguments"

    assert DeliveryOption.objects.filter(name="Courier", price=20, kind="delivery", postal_codes="").exists()


def test_what_there_is_not_is_not_found(api, store):
    assert api.get("delivery-options/77", 404)["code"] == "not_found"
    assert api.get("delivery-options", 404, store="ghost")["code"] == "not_found"
    assert api.post("delivery-options", {"store": "ghost", "name": "x"}, 404)["code"] == "not_found"


def test_a_read_only_key_changes_nothing(client, make_option):
    option = make_option()
    reader = script(client, read_only=True)

    reader.delete(f"delivery-options/{option.pk}", 403)
    reader.post("delivery-options", {"store": "shop", "name": "x"}, 403)

    assert DeliveryOption.objects.get() == option


def test_a_page_takes_the_same_queries_however_many_options(api, make_option, django_assert_num_queries):
    for n in range(12):
        make_option(f"Option {n}")

    with django_assert_num_queries(2):  # key, options with their stores
        assert len(api.get("delivery-options")["delivery_options"]) == 12
    assert len(api.walk("delivery-options", "delivery_options", limit=5)) == 12


def test_merchants_tell_who_sells_and_what_is_missing(api, store, make_option):
    other = Store.objects.create(slug="books", name="Books", currency="ILS", paused="we are away.")
    make_option()
    Merchant.objects.filter(store=store).update(
        legal_name="Shop Ltd", tax_rate="18", delivery_days="71", cutoff=time(12), low_stock=3
    )

    told = api.get("merchants")["merchants"]

    assert [merchant["store"] for merchant in told] == ["books", "shop"]
    assert (told[0]["paused"], told[0]["legal_name"], told[0]["cutoff"]) == ("we are away.", "", None)
    shop = api.get("merchants/shop")
    assert shop == told[1]
    assert (shop["legal_name"], shop["tax_rate"], shop["delivery_days"], shop["cutoff"]) == (
        "Shop Ltd",
        "18",
        [1, 7],
        "12:00",
    )
    assert "the address" in shop["missing"]
    assert "a delivery option" not in shop["missing"]
    assert "a delivery option" in api.get(f"merchants/{other.slug}")["missing"]
    assert "secret" not in str(told)
    api.get("merchants/ghost", 404)


@pytest.mark.parametrize("stores", [1, 9])
def test_merchants_take_the_same_queries_however_many_stores(api, db, django_assert_num_queries, stores):
    for n in range(stores):
        Merchant.objects.create(store=Store.objects.create(slug=f"s{n}", currency="ILS"))
    api.get("merchants")

    with django_assert_num_queries(3):  # the key, stores with merchants, delivery
        assert len(api.get("merchants")["merchants"]) == stores
