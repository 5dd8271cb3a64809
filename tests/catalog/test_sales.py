"""A sale counts from its beginning until its end, for a row and for a query alike."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from catalog.models import Product
from catalog.models.sales import PRICE_AT, on_sale
from catalog.services.products import create_product

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def kettle(grocer):
    def kettle(sku="kettle", *, price="100", sale_price="60", begins=None, ends=None):
        sale = {"sale_price": sale_price and Decimal(sale_price), "sale_begins": begins, "sale_ends": ends}
        return create_product(grocer, sku=sku, name="Kettle", price=price, **sale)

    return kettle


def in_sql(now):
    moment = connection.ops.adapt_datetimefield_value(now)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {PRICE_AT.format('p')} FROM catalog_product p ORDER BY id", [moment, moment])
        return [None if price is None else Decimal(price) for (price,) in cursor.fetchall()]


@pytest.mark.parametrize(
    ("begins", "ends", "on"),
    [
        (None, None, True),
        (NOON, None, True),
        (NOON + timedelta(microseconds=1), None, False),
        (None, NOON, False),
        (None, NOON + timedelta(microseconds=1), True),
        (NOON - HOUR, NOON + HOUR, True),
        (NOON - HOUR, NOON - timedelta(minutes=1), False),
        (NOON + HOUR, NOON + 2 * HOUR, False),
    ],
)
def test_a_sale_includes_its_first_moment_and_not_the_one_at_which_it_ends(kettle, begins, ends, on):
    product = kettle(begins=begins, ends=ends)
    price, former = (60, 100) if on else (100, None)

    assert (product.price_at(NOON), product.former_price_at(NOON)) == (price, former)
    assert vars(Product.objects.with_price_at(NOON).get())["price_now"] == price
    assert Product.objects.filter(on_sale(NOON)).exists() is on
    assert in_sql(NOON) == [price]


@pytest.mark.parametrize(("price", "sale_price"), [("60", "60"), ("50", "60"), (None, "60"), ("60", None)])
def test_a_sale_price_counts_only_below_the_price(kettle, price, sale_price):
    product = kettle(price=price, sale_price=sale_price)

    assert not product.on_sale_at(NOON)
    priced = vars(Product.objects.with_price_at(NOON).get())["price_now"]
    assert product.price_at(NOON) == priced == product.price
    assert in_sql(NOON) == [product.price]


def test_after_a_sale_the_former_price_of_the_file_counts_again(kettle):
    product = kettle(ends=NOON)
    product.former_price = Decimal(120)

    assert product.former_price_at(NOON - HOUR) == 100
    assert product.former_price_at(NOON) == 120


def test_pages_show_the_price_of_the_moment(kettle):
    now = datetime.now(UTC)
    current, past = kettle("current", begins=now - HOUR, ends=now + HOUR), kettle("past", ends=now - HOUR)

    assert (current.price_shown.amount, current.former_price_shown.amount) == ("60.00", "100.00")
    assert (past.price_shown.amount, past.former_price_shown) == ("100.00", None)


def test_the_database_itself_refuses_a_negative_sale_price(kettle):
    kettle()

    with pytest.raises(IntegrityError), transaction.atomic():
        Product.objects.update(sale_price=Decimal(-1))

    assert Product.objects.get().sale_price == 60


def test_a_stores_time_zone_is_the_shops_unless_it_has_one(grocer, settings):
    settings.TIME_ZONE = "Asia/Jerusalem"
    assert grocer.zone.key == "Asia/Jerusalem"

    grocer.time_zone = "Europe/Paris"
    assert grocer.zone.key == "Europe/Paris"


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", "Asia"])
def test_the_admin_refuses_a_time_zone_that_does_not_exist(admin_client, grocer, zone):
    url = reverse("admin:catalog_store_change", args=[grocer.pk])
    form = admin_client.get(url).context["adminform"].form
    values = {name: value for name, value in form.initial.items() if value is not None and value is not False}

    page = admin_client.post(url, {**values, "time_zone": zone})
    assert "Use the name of a time zone, such as Asia/Jerusalem." in page.content.decode()
    grocer.refresh_from_db()
    assert grocer.time_zone == ""

    assert admin_client.post(url, {**values, "time_zone": "Asia/Jerusalem"}).status_code == 302
    grocer.refresh_from_db()
    assert grocer.time_zone == "Asia/Jerusalem"


def test_the_admin_edits_a_sale_and_refuses_one_without_a_price_or_that_ends_first(admin_client, kettle):
    product = kettle(sale_price=None)
    url = reverse("admin:catalog_product_change", args=[product.identity_id])
    form = {"name": "Kettle", "price": "100", "available": "on"}

    refused = (
        ({"sale_begins": "2026-11-01 00:00:00"}, "A sale needs a price."),
        (
            {"sale_price": "60", "sale_begins": "2026-12-01 00:00:00", "sale_ends": "2026-11-01 00:00:00"},
            "The sale must end after it begins.",
        ),
    )
    for sale, reason in refused:
        assert reason in admin_client.post(url, {**form, **sale}).content.decode()
        assert Product.objects.get().sale_price is None

    saved = admin_client.post(url, {**form, "sale_price": "60", "sale_ends": "2026-12-01 00:00:00"})
    assert saved.status_code == 302
    assert Product.objects.get().sale_ends == datetime(2026, 12, 1, tzinfo=UTC)
