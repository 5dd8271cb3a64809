"""Shopware's product export: variants without a name or price of their own, and the product that holds them."""

from decimal import Decimal

import pytest

from catalog.feeds import format_of, open_source
from catalog.models import Product

SHIRT, RED = "a" * 32, "b" * 32
HEADING = (
    "id;parent_id;product_number;active;stock;name;description;price_net;price_gross;purchase_prices_net;"
    "purchase_prices_gross;tax_id;tax_rate;tax_name;cover_media_id;cover_media_url;cover_media_title;cover_media_alt;"
    "manufacturer_id;manufacturer_name;categories;sales_channel;propertyIds;optionIds"
)
LINES = f"""{"1" * 32};{SHIRT};SW1.1;;4;;;;;;;;;;;;;;;;;;;{RED}
{SHIRT};;SW1;1;0;Shirt;Soft;10;11.90;5;6;t;19;Standard;m;https://cdn.example.com/s.jpg;;;h;Mill;{RED}|{SHIRT};;;
{"2" * 32};{SHIRT};SW1.2;1;0;;;20;23.80;;;;;;;;;;;;;;;{RED}
{"3" * 32};{SHIRT};SW1.3;0;9;;;;;;;;;;;;;;;;;;;{RED}
{"4" * 32};{SHIRT};SW1.4;1;2;Shirt, blue;;;;;;;;;;;;;;;;;;{RED}
{"5" * 32};;SW2;1;3;Mug;;5;5.95;;;t;19;Standard;;;;;;;;;;
{"6" * 32};{"f" * 32};SW9.1;1;3;;;5;5.95;;;t;19;Standard;;;;;;;;;;
"""


def shown(load, text):
    report = load(text, currency="EUR", base_url="https://shop.example.com/")
    return report, {product.sku: product for product in Product.objects.listed()}


def test_a_variant_takes_its_name_and_price_from_its_parent_which_is_not_sold(load):
    report, found = shown(load, f"{HEADING}\n{LINES}")

    assert {sku: (product.name, product.price, product.stock) for sku, product in found.items()} == {
        "SW1.1": ("Shirt - SW1.1", Decimal("11.90"), 4),
        "SW1.2": ("Shirt - SW1.2", Decimal("23.80"), 0),
        "SW1.4": ("Shirt, blue", Decimal("11.90"), 2),
        "SW2": ("Mug", Decimal("5.95"), 3),
    }
    first = found["SW1.1"]
    assert (first.group_id, first.brand, first.description, first.category) == (SHIRT, "Mill", "Soft", "")
    assert first.image == "https://cdn.example.com/s.jpg"
    # Its parent is not in the file.
    assert [(told.sku, told.reason) for told in report.refused] == [("SW9.1", "it has no name")]


def test_options_in_words_name_the_variant(load):
    heading = f"{HEADING};options"
    lines = "\n".join(f"{line};Color: Red|Size: M" if "SW1.1" in line else f"{line};" for line in LINES.splitlines())
    _report, found = shown(load, f"{heading}\n{lines}")

    assert (found["SW1.1"].name, found["SW1.1"].options) == ("Shirt - Red / M", {"Color": "Red", "Size": "M"})


def test_variants_of_a_product_that_is_off_are_off_unless_they_say_otherwise(load):
    _report, found = shown(load, f"{HEADING}\n{LINES.replace('SW1;1;0', 'SW1;0;0')}")

    assert set(found) == {"SW1.2", "SW1.4", "SW2"}


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_it_is_recognised(tmp_path, mark):
    file = tmp_path / "export.csv"
    file.write_bytes(mark + f"{HEADING}\n{LINES}".encode())

    assert format_of(open_source(file)) == "shopware"
