"""Sales of feeds are kept with their dates, whatever form these have."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from catalog.models import Product, Store

OPENAI = "is_eligible_search,item_id,title,price,sale_price,sale_price_start_date,sale_price_end_date,availability\n"
GOOGLE = "id\ttitle\tlink\tprice\tsale price\tsale price effective date\tavailability\timage link\n"
WOO = (
    "ID,Type,SKU,Name,Published,Visibility in catalog,"
    "Date sale price starts,Date sale price ends,Sale price,Regular price\n"
)


def google(dates):
    return GOOGLE + f"a\tTea\thttps://x.example/a\t100 ILS\t60 ILS\t{dates}\tin stock\t\n"


def sale():
    product = Product.objects.select_related("store").get()
    return product.price, product.sale_price, product.sale_begins, product.sale_ends


def at(*parts):
    return datetime(*parts).replace(tzinfo=UTC)


def test_a_dated_sale_is_kept_beside_the_price(load):
    load(OPENAI + "true,a,Tea,100 USD,60 USD,2020-01-01,2020-02-01,in_stock\n")

    assert sale() == (100, 60, at(2020, 1, 1), at(2020, 2, 2))
    assert Product.objects.get().former_price is None


def test_days_are_those_of_the_stores_time_zone(load):
    load(google("2026-11-01/2026-11-26"))
    Store.objects.update(time_zone="Asia/Jerusalem")
    load(google("2026-11-01/2026-11-26"))

    assert sale() == (100, 60, at(2026, 10, 31, 22), at(2026, 11, 26, 22))


def test_the_last_day_is_on_sale_until_its_end(load):
    today = timezone.localdate()
    load(google(f"{today - timedelta(days=3)}/{today}"))

    assert Product.objects.select_related("store").get().price_shown.amount == "60.00"


@pytest.mark.parametrize("dates", ["/2020-02-01T00:00+02:00", "2020-01-01 00:00:00/2020-02-01 00:00:00",
                                   "2020-01-01t00:00z - 2020-02-01t00:00z", "2099-01-01T00:00+2/"])  # fmt: skip
def test_a_sale_outside_its_dates_is_off(load, dates):
    load(google(dates))

    product = Product.objects.select_related("store").get()
    assert (product.price_shown.amount, product.sale_price) == ("100.00", 60)


@pytest.mark.parametrize("dates", ["soon", "2026-01-01", "2026-02-01/2026-01-01", "1/2/2026 - never"])
def test_dates_that_cannot_be_read_put_the_sale_off_with_a_warning(load, dates):
    report = load(google(dates))

    assert sale() == (100, None, None, None)
    assert [(warning.line, warning.sku) for warning in report.warnings] == [(2, "a")]
    assert "its sale is off" in report.warnings[0].reason


def test_a_reduction_without_dates_is_the_price(load):
    load(google(""))

    assert sale() == (60, None, None, None)
    assert Product.objects.get().former_price == 100


def test_other_dates_of_the_file_say_that_the_month_comes_first(load):
    rows = ["1,simple,a,Tea,1,visible,1/2/2026,2/3/2026,5,9", "2,simple,b,Rye,1,visible,1/31/2026,,5,9"]
    report = load(WOO + "\n".join(rows) + "\n", currency="ILS")

    assert Product.objects.get(sku="a").sale_begins == at(2026, 1, 2)
    assert report.remarks == []


def test_dates_that_say_no_order_are_told_of(load):
    report = load(WOO + "1,simple,a,Tea,1,visible,1/2/2026,1580515200,5,9\n", currency="ILS")

    assert "day/month" in report.remarks[0]


@pytest.mark.parametrize(
    ("currency", "zone", "begins"),
    [
        ("USD", "UTC", at(2026, 1, 2)),
        ("EUR", "UTC", at(2026, 2, 1)),
        ("EUR", "America/New_York", at(2026, 1, 2, 5)),
        ("USD", "Europe/London", at(2026, 2, 1)),
    ],
)
def test_where_the_store_is_says_the_order_if_no_date_does(load, currency, zone, begins):
    Store.objects.create(slug="shop", name="Shop", currency=currency, time_zone=zone)

    report = load(WOO + "1,simple,a,Tea,1,visible,1/2/2026,,5,9\n")

    assert Product.objects.get().sale_begins == begins
    assert ("month/day" if begins.month == 1 else "day/month") in report.remarks[0]


def test_an_unchanged_sale_is_no_change_and_another_date_is(load):
    load(google("2026-11-01/2026-11-26"))

    assert load(google("2026-11-01/2026-11-26")).unchanged == 1
    assert load(google("2026-11-01/2026-11-27")).changed == 1
    assert sale() == (Decimal(100), Decimal(60), at(2026, 11, 1), at(2026, 11, 28))
