"""The rules of a coupon; nothing here needs a database row."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from catalog.models import Store
from offers.buyers import Buyer, normalised_email, normalised_phone
from offers.models import Coupon, Goods
from offers.models.coupons import code_key

STORE = Store(slug="shop", name="The Shop", currency="ILS", language="en")


def coupon(**fields):
    for name in ("value", "minimum"):
        if fields.get(name) is not None:
            fields[name] = Decimal(fields[name])
    return Coupon(store=STORE, code="SAVE", **fields)


def goods(*totals):
    return [Goods(f"shop:{n}", "Tea" if n else "Honey", Decimal(total)) for n, total in enumerate(totals)]


@pytest.mark.parametrize(
    ("fields", "totals", "amount"),
    [
        ({"value": "10"}, ("20", "9.90"), "2.99"),
        ({"value": "10"}, ("0.05",), "0.01"),  # half up
        ({"value": "12.5"}, ("9.90", "0.10"), "1.25"),  # of the sum, not of each line
        ({"value": "100"}, ("20",), "20"),
        ({"kind": "amount", "value": "15"}, ("20",), "15"),
        ({"kind": "amount", "value": "15"}, ("9.90",), "9.90"),  # never below zero
        ({"kind": "amount", "value": "15"}, (), "0"),
        ({"kind": "free_delivery"}, ("20",), "0"),
        ({"value": "10", "categories": "tea"}, ("20", "9.90", "0.10"), "1.00"),
        ({"value": "50", "products": "shop:0"}, ("20", "9.90"), "10"),
        ({"kind": "amount", "value": "15", "products": "shop:1"}, ("20", "9.90"), "9.90"),
        ({"value": "10", "products": "shop:0", "categories": "Tea"}, ("20", "10"), "3"),
        ({"value": "10", "products": "shop:77"}, ("20",), "0"),
    ],
)
def test_a_coupon_takes_off_what_it_says(fields, totals, amount):
    assert coupon(**fields).discount_on(goods(*totals)).amount == Decimal(amount)


def test_which_lines_it_covers_is_told():
    assert coupon(value="10", categories="Tea").discount_on(goods("20", "9.90")).covers == (False, True)


def test_below_the_minimum_it_does_nothing_and_says_what_is_missing():
    early = coupon(value="10", minimum="100", products="shop:0").discount_on(goods("60", "27.60"))
    reached = coupon(value="10", minimum="100", products="shop:0").discount_on(goods("60", "40"))

    assert (early.works, early.missing) == (False, Decimal("12.40"))
    assert (reached.works, reached.missing, reached.amount) == (True, 0, 6)


def test_free_delivery_takes_nothing_off_the_goods():
    found = coupon(kind="free_delivery", categories="Tea")

    assert found.discount_on(goods("20", "9.90")).free_delivery
    assert not found.discount_on(goods("20")).works


@pytest.mark.parametrize(
    ("fields", "valid"),
    [
        ({}, True),
        ({"active": False}, False),
        ({"begins_at": timedelta(seconds=1)}, False),
        ({"begins_at": timedelta(0)}, True),
        ({"ends_at": timedelta(0)}, False),
        ({"ends_at": timedelta(seconds=1)}, True),
        ({"uses": 2, "used": 1}, True),
        ({"uses": 2, "used": 2}, False),
    ],
)
def test_a_coupon_is_valid_for_a_time_and_a_number_of_uses(fields, valid):
    now = datetime(2026, 11, 26, 12, tzinfo=UTC)
    given = {name: now + value if isinstance(value, timedelta) else value for name, value in fields.items()}

    assert coupon(value="10", **given).is_valid_at(now) is valid


@pytest.mark.parametrize("written", ["summer-10", " SUMMER 10 ", "Summer10", "ＳＵＭＭＥＲ１０", "\u200fsummer10"])
def test_a_code_is_found_however_it_is_written(written):
    assert code_key(written) == "summer10"


@pytest.mark.parametrize(
    ("email", "same"),
    [
        ("Dana@Example.com ", "dana@example.com"),
        ("dana+shop@example.com", "dana@example.com"),
        ("da.na+x@googlemail.com", "dana@gmail.com"),
        ("da.na@example.com", "da.na@example.com"),
        ("nobody", ""),
        ("@example.com", ""),
    ],
)
def test_an_email_is_normalised(email, same):
    assert normalised_email(email) == same


@pytest.mark.parametrize(
    "phone", ["050-234-5678", "+972 50 234 5678", "972502345678", "\u200e0502345678", "(050) 2345678"]
)
def test_a_phone_is_the_same_with_and_without_its_country(phone):
    assert normalised_phone(phone) == "502345678"


def test_a_buyer_is_kept_as_digests_alone(settings):
    buyer = Buyer("dana@example.com", "050-2345678")
    assert "dana" not in buyer.email_key
    assert buyer.email_key != buyer.phone_key
    assert (Buyer("x", "12").email_keys, Buyer("x", "12").phone_keys) == ([], [])

    before = buyer.email_key
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another key, long enough to sign", [settings.SECRET_KEY]
    assert buyer.email_key != before
    assert before in buyer.email_keys
