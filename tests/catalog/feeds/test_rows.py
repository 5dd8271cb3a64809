from decimal import Decimal

import pytest

from catalog.feeds.records import Record
from catalog.feeds.rows import Row, RowRefused, read_row

BASE = "https://shop.example.com/he/"


def row(base_url=BASE, **fields):
    return read_row(Record(2, {"sku": "a1", "name": "Rice", **fields}), currency="ILS", base_url=base_url)


def test_a_full_row():
    assert row(
        name=" Rice\u202e  &\x00 <b>beans</b> ",
        description="one\n\ntwo",
        category="Grains",
        brand="Hillside",
        price="9.90",
        image="/img/a b.jpg",
        url="p/%d7%a7-i1",
        stock="12",
        available="in stock",
        group_id="g",
        options={"Size": "L"},
    ) == Row(
        line=2,
        sku="a1",
        name="Rice & <b>beans</b>",
        description="one\n\ntwo",
        category="Grains",
        brand="Hillside",
        price=Decimal("9.90"),
        former_price=None,
        currency="ILS",
        barcode="",
        image="https://shop.example.com/img/a%20b.jpg",
        url="https://shop.example.com/he/p/%d7%a7-i1",
        stock=12,
        available=True,
        group_id="g",
        options={"Size": "L"},
    )


@pytest.mark.parametrize(
    ("written", "price", "currency"),
    [
        ("", None, "ILS"),
        (" ", None, "ILS"),
        ("0", "0", "ILS"),
        ("9.9", "9.90", "ILS"),
        ("9,90", "9.90", "ILS"),
        ("1,234.50", "1234.50", "ILS"),
        ("1,234", "1234", "ILS"),
        ("₪12.90", "12.90", "ILS"),
        ("12.90 ₪", "12.90", "ILS"),
        ('12.90 ש"ח', "12.90", "ILS"),
        ("79.99 USD", "79.99", "USD"),
        ("$5", "5", "ILS"),
        ("1000.00 JPY", "1000", "JPY"),
        ("1.234 KWD", "1.234", "KWD"),
        (Decimal("9.9000"), "9.90", "ILS"),
        (Decimal("-0"), "0", "ILS"),
    ],
)
def test_prices_are_exact(written, price, currency):
    found = row(price=written)

    assert (found.price, found.currency) == (None if price is None else Decimal(price), currency)
    assert not str(found.price).startswith("-")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"price": "-1"}, "negative"),
        ({"price": "NaN"}, "not a number"),
        ({"price": "Infinity"}, "not a number"),
        ({"price": "1e30"}, "not a number"),
        ({"price": "free"}, "not a number"),
        ({"price": "1.2.3"}, "not a number"),
        ({"price": "1,2,3"}, "not a number"),
        ({"price": "٣"}, "not a number"),
        ({"price": ["9.90"]}, "not a number"),
        ({"price": True}, "not a number"),
        ({"price": Decimal("NaN")}, "not a number"),
        ({"price": Decimal("-Infinity")}, "not a number"),
        ({"price": Decimal("1e30")}, "too large"),
        ({"price": "1000000000"}, "too large"),
        ({"price": "9.999"}, "more decimals"),
        ({"price": "9.90 XYZ"}, "ISO 4217"),
        ({"price": "9.90", "currency": "shekel"}, "ISO 4217"),
        ({"price": "9.90 USD", "currency": "EUR"}, "two currencies"),
        ({"name": ""}, "no name"),
        ({"name": "\u200b\x00 "}, "no name"),
        ({"name": {"he": "x"}}, "not text"),
        ({"sku": ""}, "no SKU"),
        ({"sku": "x" * 65}, "64 characters"),
        ({"sku": "a\x00b"}, "invisible"),
        ({"sku": "a\u202eb"}, "invisible"),
        ({"sku": "a\ud800"}, "invisible"),
        ({"sku": None}, "not text"),
        ({"sku": Decimal("1e400")}, "not text"),
        ({"url": "javascript:alert(1)"}, "no http or https address"),
        ({"image": "data:image/svg+xml,x"}, "no http or https address"),
        ({"image": "static:catalog/demo/bread.svg"}, "no http or https address"),
        ({"url": "https://[x"}, "no http or https address"),
        ({"url": "p/" + "x" * 1000}, "no http or https address"),
        ({"stock": "1.5"}, "whole number"),
        ({"stock": "many"}, "whole number"),
        ({"stock": "99999999999"}, "too large"),
        ({"available": "perhaps"}, "not understood"),
        ({"options": "size L"}, "no object"),
        ({"options": {"Size": 1}}, "no object"),
    ],
)
def test_a_row_that_makes_no_sense_is_refused_with_its_reason(fields, reason):
    with pytest.raises(RowRefused, match=reason):
        row(**fields)


@pytest.mark.parametrize(("written", "stock"), [("", None), ("0", 0), (Decimal(7), 7), ("7.0", 7), ("-3", 0)])
def test_stock(written, stock):
    assert row(stock=written).stock == stock


@pytest.mark.parametrize(
    ("written", "available"),
    [
        ("", True),
        ("in_stock", True),
        ("Out of Stock", False),
        (False, False),
        ("preorder", True),
        ("לא", False),
        ("0", False),
    ],
)
def test_availability(written, available):
    assert row(available=written).available is available


def test_relative_addresses_without_a_base_are_left_out_and_counted():
    found = row("", url="p/1", image="//cdn.example.com/a.jpg")

    assert (found.url, found.image, found.unresolved) == ("", "https://cdn.example.com/a.jpg", True)


def test_long_texts_are_clipped():
    found = row(name="x" * 900, description="y" * 90_000, category="z" * 900)

    assert (len(found.name), len(found.description), len(found.category)) == (300, 5000, 120)


def test_numbers_are_skus_too():
    assert row(sku=Decimal(12)).sku == row(sku=12).sku == "12"
