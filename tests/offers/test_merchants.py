from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest

from offers.models import Merchant
from offers.services.merchants import confirm_pages, merchant_of, new_pay_link_secret, save_merchant
from offers.texts import schedule_line
from shopmcp.errors import InvalidArguments

NAMED = {"legal_name": "Shop Ltd.", "registration_number": "51-1", "address": "1 Market Street", "phone": "03-1"}


@pytest.fixture
def merchant(store):
    found = merchant_of(store)
    for name, value in NAMED.items():
        setattr(found, name, value)
    return save_merchant(found)


def test_nobody_is_known_to_sell_until_the_owner_says_so(store):
    found = merchant_of(store)

    assert found.missing == [
        "the legal name",
        "the registration number",
        "the address",
        "a phone number or an e-mail address",
    ]
    assert not Merchant.objects.exists()


def test_prices_include_tax_unless_the_owner_says_otherwise(store):
    assert merchant_of(store).prices_include_tax
    assert merchant_of(store).tax_rate == 0


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"tax_rate": "100"}, "tax rate"),
        ({"tax_rate": "-1"}, "tax rate"),
        ({"delivery_days": "8"}, "days of delivery"),
        ({"email": "nobody"}, "e-mail"),
        ({"cutoff": "25:00"}, "orders of the day"),
    ],
)
def test_wrong_values_are_refused_and_change_nothing(merchant, wrong, said):
    for name, value in wrong.items():
        setattr(merchant, name, value)

    with pytest.raises(InvalidArguments, match=said):
        save_merchant(merchant)

    kept = Merchant.objects.get()
    assert (kept.tax_rate, kept.delivery_days, kept.email, kept.cutoff) == (Decimal(0), "", "", None)


def test_pages_are_confirmed_once_they_are_complete(merchant):
    assert merchant.missing == []
    confirm_pages(merchant)

    assert Merchant.objects.get().pages_confirmed_at is not None


def test_incomplete_pages_are_not_confirmed(store):
    with pytest.raises(InvalidArguments, match="the legal name"):
        confirm_pages(merchant_of(store))

    assert not Merchant.objects.exists()


def test_a_change_of_what_the_pages_declare_takes_their_confirmation_back(merchant):
    confirm_pages(merchant)
    merchant.low_stock = 5
    save_merchant(merchant)
    assert Merchant.objects.get().pages_confirmed_at is not None

    merchant.legal_name = "Other Ltd."
    save_merchant(merchant)
    assert Merchant.objects.get().pages_confirmed_at is None


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (datetime(2026, 11, 24, 9, tzinfo=UTC), date(2026, 11, 24)),  # Tuesday, in time
        (datetime(2026, 11, 24, 10, tzinfo=UTC), date(2026, 11, 25)),  # noon in Jerusalem
        (datetime(2026, 11, 26, 12, tzinfo=UTC), date(2026, 11, 29)),  # Thursday afternoon: Sunday
        (datetime(2026, 11, 28, 23, tzinfo=UTC), date(2026, 11, 29)),  # Sunday already there
    ],
)
def test_an_order_goes_out_on_the_next_day_of_delivery(store, now, day):
    store.time_zone = "Asia/Jerusalem"
    merchant = Merchant(store=store, delivery_days="71234", cutoff=time(12))

    assert merchant.next_delivery_day(now) == day


def test_a_store_without_days_names_none(store):
    assert Merchant(store=store).next_delivery_day() is None
    assert schedule_line(Merchant(store=store)) == ""


def test_days_hours_and_cut_off_are_told(store):
    merchant = Merchant(store=store, delivery_days="17", delivery_hours="9–19", cutoff=time(12))

    told = schedule_line(merchant)

    assert told.startswith("Delivered on: Sunday, Monday, 9–19. Orders of the day end at 12:00. What is ordered now")


def test_a_form_from_before_does_not_bring_an_old_secret_back(merchant, store):
    merchant.pay_link = "https://pay.example.com/{sum}/{number}"
    save_merchant(merchant)
    before = merchant_of(store)

    secret = new_pay_link_secret(merchant_of(store))
    save_merchant(before)

    assert Merchant.objects.get().pay_link_secret == secret
