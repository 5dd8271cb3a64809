from decimal import Decimal

import pytest

from catalog.feeds.options import FeedOptions
from catalog.feeds.reading import Reading
from catalog.feeds.records import Record
from catalog.feeds.rows import Row, RowRefused, read_row
from catalog.models import Product

BASE = "https://shop.example.com/he/"


def row(base_url=BASE, **fields):
    return read_row(Record(2, {"sku": "a1", "name": "Rice", **fields}), Reading("ILS", base_url))


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
        sale_price=None,
        sale_begins=None,
        sale_ends=None,
        currency="ILS",
        barcode="",
        external_id="",
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
        ("CHF 45.-", "45", "CHF"),
        ("12,– €", "12", "EUR"),
        ("1 200:-", "1200", "ILS"),
        ("Fr. 12.50", "12.50", "CHF"),
        ("Rs.500", "500", "INR"),
        ("Rs. 500/-", "500", "INR"),
        ("$10.00 USD", "10", "USD"),
        ("USD 10.00 $", "10", "USD"),
        ("€12,00 EUR", "12", "EUR"),
        ("12,00&nbsp;&euro;", "12", "EUR"),
        ("١٬٢٠٠٫٥٠ ر.س", "1200.50", "SAR"),
        ("۹٫۹۰", "9.90", "ILS"),
        ("₹1,23,456.00", "123456", "INR"),
        ("$.50", "0.50", "ILS"),
        ("12 د.إ", "12", "AED"),
        ("2.5 usd", "2.50", "USD"),
        ("NT$1,280", "1280", "TWD"),
        ("12,50 лв", "12.50", "BGN"),
        ("45.00 ج.م.", "45", "EGP"),
        ("Eur 12,50", "12.50", "EUR"),
        ("9,90 €*", "9.90", "EUR"),
        ("9.90 * ", "9.90", "ILS"),
        ("12,-- € **", "12", "EUR"),
        ("Rp 120", "120", "IDR"),
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
        ({"price": "5,00-"}, "not a number"),
        ({"price": "500-"}, "not a number"),
        ({"price": "NaN"}, "not a number"),
        ({"price": "Infinity"}, "not a number"),
        ({"price": "1e30"}, "not a number"),
        ({"price": "free"}, "not a number"),
        ({"price": "1.2.3"}, "not a number"),
        ({"price": "1,2,3"}, "not a number"),
        ({"price": "USD.50"}, "not a number"),
        ({"price": "๓"}, "not a number"),
        ({"price": ["9.90"]}, "not a number"),
        ({"price": True}, "not a number"),
        ({"price": Decimal("NaN")}, "not a number"),
        ({"price": Decimal("-Infinity")}, "not a number"),
        ({"price": Decimal("1e30")}, "too large"),
        ({"price": "1000000000"}, "too large"),
        ({"price": "9 pcs"}, "not a number"),
        ({"price": "about 9"}, "not a number"),
        ({"price": "9*5"}, "not a number"),
        ({"price": "ab 9,90 €"}, "where prices begin"),
        ({"price": "ab 9,90 €*"}, "where prices begin"),
        ({"price": "Ab € 9,90"}, "where prices begin"),
        ({"price": "from 9.90"}, "where prices begin"),
        ({"price": "From: $9.90"}, "where prices begin"),
        ({"price": "à partir de 9,90 €"}, "where prices begin"),
        ({"price": "החל מ-9.90"}, "where prices begin"),
        ({"price": "החל מ ₪9.90"}, "where prices begin"),
        ({"price": "от 500 руб."}, "where prices begin"),
        ({"price": "500円から"}, "where prices begin"),
        ({"price": "9.90 XYZ"}, "ISO 4217"),
        ({"price": "€ 9.90 USD"}, "not a number"),
        ({"price": "9.90", "currency": "shekel"}, "ISO 4217"),
        ({"price": "9.90 USD", "currency": "EUR"}, "two currencies"),
        ({"name": ""}, "no name"),
        ({"name": "\u200b\x00 "}, "no name"),
        ({"name": {"he": "x"}}, "not text"),
        ({"sku": ""}, "no SKU"),
        ({"sku": "x" * 256}, "255 characters"),
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
        ({"stock": "1.5.5"}, "whole number"),
        ({"stock": "purple"}, "whole number"),
        ({"stock": "99999999999"}, "too large"),
        ({"available": "perhaps"}, "not understood"),
        ({"options": "size L"}, "no object"),
        ({"options": {"Size": [1]}}, "no object"),
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
        ("In Stock (5)", True),
        ("Only 3 left", True),
        ("Lieferbar in 3-5 Tagen", True),
        ("זמין תוך 3 ימים", True),
        ("2-3 Tage", True),
        ("48h", True),
        ("Nicht lieferbar (0)", False),
        ("not available 5", False),
        ("לא", False),
        ("0", False),
    ],
)
def test_availability(written, available):
    assert row(available=written).available is available


def test_relative_addresses_without_a_base_are_left_out_and_counted():
    found = row("", url="p/1", image="//cdn.example.com/a.jpg")

    assert (found.url, found.image, found.unresolved) == ("", "https://cdn.example.com/a.jpg", True)


@pytest.mark.parametrize(
    ("prices", "options", "stock"),
    [
        (["1.234,50 €", "9,90 €"], {}, 1000),
        (["2.400 €", "9,90 €"], {}, 1000),
        (["1234.50", "9.90"], {}, 1),
        (["1,234.50", "9.90"], {}, 1),
        (["9,90", "9.90"], {}, 1),
        (["12", "9"], {}, 1),
        (["12", "9"], {"decimal": ","}, 1000),
        (["12", "9"], {"decimal": "."}, 1),
    ],
)
def test_a_point_in_the_stock_groups_thousands_where_prices_have_decimals_behind_commas(load, prices, options, stock):
    rows = "".join(f"{sku};Cup;{price};1.000\n" for sku, price in zip("AB", prices, strict=True))
    load(f"sku;name;price;stock\n{rows}", currency="EUR", options=FeedOptions(**options))

    assert [product.stock for product in Product.objects.all()] == [stock, stock]


def test_long_texts_are_clipped():
    found = row(name="x" * 900, description="y" * 90_000, category="z" * 900)

    assert (len(found.name), len(found.description), len(found.category)) == (300, 5000, 120)


def test_numbers_are_skus_too():
    assert row(sku=Decimal(12)).sku == row(sku=12).sku == "12"


@pytest.mark.parametrize(("said", "price"), [("No", "10"), (False, "10"), ("Yes", "8"), ("", "8"), (True, "8")])
def test_a_sale_price_may_be_switched_off(said, price):
    assert row(price="10", sale_price="8", on_sale=said).price == Decimal(price)


@pytest.mark.parametrize(
    ("column", "shown", "kept_back"),
    [
        ("מוצג באתר", "כן", "לא"),
        ("גלוי", "כן", "לא"),
        ("מוסתר באתר", "לא", "כן"),
        ("Show on website", "Yes", "No"),
        ("Sichtbar", "Ja", "Nein"),
        ("Afficher sur le site", "Oui", "Non"),
        ("Mostrar en la web", "Sí", "No"),
    ],
)
def test_what_a_shop_does_not_show_is_left_out_by_whatever_name(load, column, shown, kept_back):
    report = load(f"sku,name,price,{column}\nA,Bread,10,{shown}\nB,Secret,10,{kept_back}\n")

    assert (report.created, [*Product.objects.values_list("sku", flat=True)]) == (1, ["A"])
