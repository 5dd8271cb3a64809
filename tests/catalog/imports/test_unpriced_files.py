"""A file whose prices are blank or not understood is refused as a whole; so is one whose commas may be either."""

from decimal import Decimal

import pytest

from catalog.feeds.options import FeedOptions
from catalog.feeds.records import Unreadable
from catalog.models import Product

UNKNOWN = "".join(f"s{n},Soap {n},ask us\n" for n in range(10))


@pytest.mark.parametrize("blank", ["", " ", "0", "0.00"])
def test_a_price_column_that_says_nothing_refuses_the_file(load, blank):
    with pytest.raises(Unreadable, match=r"“price” of products\.csv has hardly a price") as refusal:
        load(f"sku,name,price,Till\na,Rice,{blank},4\nb,Rye,{blank},5\n")

    assert "“Till”" in refusal.value.message
    assert "--map price=" in refusal.value.fix
    assert "--allow-unpriced" in refusal.value.fix
    assert not Product.objects.exists()


def test_another_column_that_sounds_like_the_price_is_proposed_if_hardly_a_row_has_one(load):
    rows = "".join(f"s{n},Soap {n},{9 if n == 3 else ''},{n + 5}\n" for n in range(20))

    with pytest.raises(Unreadable) as refusal:
        load("sku,name,price,Web price\n" + rows)
    assert '--map price="Web price"' in refusal.value.fix
    assert not Product.objects.exists()

    load("sku,name,price,Web price\n" + rows, options=FeedOptions(mapped={"price": "Web price"}))
    assert Product.objects.get(sku="s3").price == 8


def test_few_prices_without_another_column_are_what_the_shop_says(load):
    load("sku,name,price\n" + "".join(f"s{n},Soap {n},{9 if n == 3 else ''}\n" for n in range(20)))

    assert Product.objects.filter(price=None).count() == 19


def test_prices_of_which_hardly_one_is_understood_refuse_the_file_with_an_example(load):
    with pytest.raises(Unreadable, match="one is “ask us”") as refusal:
        load("sku,name,price\n" + UNKNOWN + "z,Zest,5\n")

    assert "--allow-unpriced" in refusal.value.fix
    assert not Product.objects.exists()


def test_with_the_owners_word_they_are_shown_without_a_price_and_named(load):
    report = load("sku,name,price\n" + UNKNOWN + "z,Zest,5\n", options=FeedOptions(allow_unpriced=True))

    assert Product.objects.filter(price=None).count() == 10
    assert len(report.warnings) == 10
    assert "without a price" in report.warnings[0].reason


def test_some_prices_that_are_not_understood_cost_their_rows(load):
    report = load("sku,name,price\na,Rice,4\nb,Rye,5\nc,Bread,ask us\n")

    assert set(Product.objects.values_list("sku", flat=True)) == {"a", "b"}
    assert [entry.sku for entry in report.refused] == ["c"]


def test_an_export_of_a_system_is_refused_likewise(load):
    with pytest.raises(Unreadable, match="“Variant Price”"):
        load("Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price\nh,Hat,Title,Default Title,a,\n")

    assert not Product.objects.exists()


@pytest.mark.parametrize("currency", ["EUR", "PLN", "BRL", "TND"])
@pytest.mark.parametrize("other", ["3,500", "15"])
def test_a_comma_that_may_be_either_where_it_stands_before_decimals_refuses_the_file(load, currency, other):
    text = f'sku,name,price\na,Sofa,"1,200"\nb,Chair,"{other}"\n'

    with pytest.raises(Unreadable, match="“1,200”") as refusal:
        load(text, currency=currency)
    assert "--decimal . (thousands)" in refusal.value.fix
    assert not Product.objects.exists()

    load(text, currency=currency, options=FeedOptions(decimal=","))
    assert Product.objects.get(sku="a").price == Decimal("1.2")
    load(text)
    assert Product.objects.get(sku="a").price == Decimal("1.2")


@pytest.mark.parametrize(
    ("currency", "cells", "price"),
    [
        ("USD", ["1,200", "3,500"], 1200),
        ("ILS", ["1,200", "15"], 1200),
        ("EUR", ["1,200", "9.90"], 1200),
        ("EUR", ["1,200", "1,234.50"], 1200),
        ("EUR", ["1,200", "1,234,567"], 1200),
        ("EUR", ["1,200", "0,500"], "1.2"),
        ("EUR", ["1,200", "8,4034"], "1.2"),
        ("JPY", ["1,200", "300"], 1200),
        ("XOF", ["1,200", "300"], 1200),
        ("KWD", ["1,200", "300"], 1200),
        ("TND", ["1,200", "9,90"], "1.2"),
        ("KWD", ["1.200", "300"], "1.2"),
    ],
)
def test_the_column_and_the_currency_say_what_a_comma_is(load, currency, cells, price):
    load("sku,name,price\n" + "".join(f'{n},Sofa,"{cell}"\n' for n, cell in enumerate(cells)), currency=currency)

    assert Product.objects.get(sku="0").price == Decimal(price)


def test_a_comma_behind_a_nought_stands_before_decimals(load):
    load('sku,name,price\na,Sweet,"0,500"\n', currency="ILS")

    assert Product.objects.get().price == Decimal("0.5")


@pytest.mark.parametrize("blank", ["n/a", "N/A", "-", "–", "null", "None"])
def test_what_people_write_for_nothing_is_nothing(load, blank):
    report = load(f"sku,name,price,sale price\na,Rice,4,{blank}\nb,Rye,{blank},\n")

    assert set(Product.objects.order_by("sku").values_list("sku", "price")) == {("a", 4), ("b", None)}
    assert (report.refused, report.warnings) == ([], [])


def test_a_sale_price_that_is_not_understood_does_not_count_and_is_named(load):
    report = load("sku,name,price,sale price\na,Rice,4,soon\n")

    assert Product.objects.get().price_shown.amount == "4.00"
    assert [(entry.line, "sale_price" in entry.reason) for entry in report.warnings] == [(2, True)]


@pytest.mark.parametrize(
    ("heading", "price"),
    [
        ("Preis inkl. MwSt.;Preis zzgl. MwSt.", 12), ("Цена, руб.;Старая цена за штуку", 12),
        ("Cena s DPH;Cena bez DPH", 12),
        ("Price USD;Cost", 12), ("Price ex GST;Price inc GST", 10), ("Prix TTC;Prix HT", 12), ("价格;成本", 12),
    ],
)  # fmt: skip
def test_the_price_with_tax_is_known_by_what_stands_behind_it(load, heading, price):
    load(f"sku;name;{heading}\na;Rice;12;10\n", currency="USD")

    assert Product.objects.get().price == price
