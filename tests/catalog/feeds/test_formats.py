"""Each format by a file with its traps: recognised by its content, and read as a shop would mean it."""

import gzip
import json
from decimal import Decimal
from pathlib import Path

import pytest

from catalog.feeds import FORMATS, Record, Refused, Skipped, Unreadable, format_of, open_source, read_feed
from catalog.feeds.reading import Reading
from catalog.feeds.rows import Row, RowRefused, RowSkipped, read_row

FIXTURES = Path(__file__).parents[1] / "fixtures"
BASE = "https://shop.example.com/"
RECOGNISED = {
    "shopify.csv": "shopify",
    "woocommerce.csv": "woocommerce",
    "google.tsv": "google",
    "google-rss.xml": "google-xml",
    "google-atom.xml": "google-xml",
    "openai.csv": "openai",
    "openai.jsonl": "jsonl",
    "openai-nested.json": "openai",
    "shopify-products.json": "openai",
    "plain-utf16.txt": "csv",
    "plain-windows-1255.csv": "csv",
    "plain-windows-1252.csv": "csv",
    "plain.csv": "csv",
    "plain.json": "json",
    "scraped.json": "weft",
}


def rows(name, path=None):
    """The rows by SKU, and what was refused or skipped by line."""
    found: dict[str, Row] = {}
    left: dict[int, tuple[type, str]] = {}
    for entry in read_feed(open_source(path or FIXTURES / name)):
        if not isinstance(entry, Record):
            left[entry.line] = (type(entry), getattr(entry, "reason", ""))
            continue
        try:
            row = read_row(entry, Reading("ILS", BASE))
            found.setdefault(row.sku, row)
        except (RowRefused, RowSkipped) as reason:
            left[entry.line] = (type(reason), str(reason))
    return found, left


# In test_systems.py, test_shopware.py, test_variant_tables.py and test_hosted_shops.py.
TOLD_ELSEWHERE = {
    "magento", "prestashop", "odoo", "shopware", "opencart", "vendure", "saleor", "medusa", "wix", "squarespace",
    "bigcommerce",
}  # fmt: skip


def test_every_fixture_is_told_of_here():
    assert {path.name for path in FIXTURES.iterdir()} == set(RECOGNISED)
    assert set(RECOGNISED.values()) | TOLD_ELSEWHERE == set(FORMATS)


@pytest.mark.parametrize(("name", "form"), RECOGNISED.items())
def test_a_format_is_recognised_by_content_and_packed_all_the_same(tmp_path, name, form):
    packed = tmp_path / "feed"
    packed.write_bytes(gzip.compress((FIXTURES / name).read_bytes()))

    assert format_of(open_source(FIXTURES / name)) == format_of(open_source(packed)) == form
    assert rows(name) == rows(name, packed)


def test_shopify():
    found, left = rows("shopify.csv")

    assert list(found) == ["LS-S", "linen-shirt-sand-m", "LS-BM", "clay-mug"]
    first, second, third, mug = found.values()
    assert (first.name, first.options) == ("Linen shirt - Sand / S", {"Color": "Sand", "Size": "S"})
    assert first.description == "Cool & light.\n\n• 100% linen"
    assert (first.price, first.former_price, first.barcode, first.stock) == (189, 229, "7290000000017", 4)
    assert (second.brand, second.category, second.description) == (first.brand, first.category, first.description)
    assert (second.image, second.stock, second.group_id) == ("https://cdn.example.com/linen-m.jpg", 0, "linen-shirt")
    assert (third.image, third.stock) == ("https://cdn.example.com/linen.jpg", None)
    assert (mug.name, mug.options, mug.stock) == ('Mug, "the big one"', {}, None)
    assert mug.url == "https://shop.example.com/products/clay-mug"
    assert left == {7: (Skipped, "")}


def test_shopify_as_json():
    (sandals,) = rows("shopify-products.json")[0].values()

    assert (sandals.sku, sandals.name, sandals.group_id) == ("SA-38", "Sandals - 38", "71")
    assert (sandals.price, sandals.former_price, sandals.description) == (120, 150, "Light ones")
    assert (sandals.image, sandals.url) == (
        "https://cdn.example.com/sandals.jpg",
        "https://shop.example.com/products/sandals",
    )


def test_woocommerce():
    found, left = rows("woocommerce.csv")

    assert list(found) == ["TEE-R", "id-13", "EBOOK", "SOAP", "OIL", "POSTER"]
    red, blue = found["TEE-R"], found["id-13"]
    assert (red.name, red.options, red.group_id) == ("Tee - Red", {"Colour": "Red"}, "TEE")
    assert (red.description, red.category) == ("Soft cotton.\n\nMade here.", "Clothing > Tees")
    assert (red.image, red.available, red.stock) == ("https://cdn.example.com/tee.jpg", True, None)
    assert (blue.name, blue.options) == ("Tee - Blue", {"Colour": "Blue", "Size": "M"})
    assert (blue.available, blue.image) == (False, "https://cdn.example.com/tee-blue.jpg")
    assert (found["EBOOK"].price, found["EBOOK"].former_price) == (Decimal("0.50"), Decimal("1.50"))
    assert found["EBOOK"].category == "Books, music"
    assert (found["SOAP"].name, found["SOAP"].price, found["SOAP"].former_price) == ("=Soap+", 12, None)
    assert (found["SOAP"].barcode, found["SOAP"].stock) == ("7290000000024", 7)
    assert (found["OIL"].stock, found["OIL"].available) == (None, True)
    assert found["POSTER"].url == "https://art.example.com/poster"
    assert {line: kind for line, (kind, _) in left.items()} == {8: Skipped, 10: Skipped, 11: Refused}


def test_google_as_a_table():
    found, _ = rows("google.tsv")

    red, blue, umbrella = found.values()
    assert (red.price, red.former_price, red.currency) == (80, Decimal("105.29"), "USD")
    assert (red.options, red.category) == ({"Color": "Red", "Size": "M"}, "Clothing > Coats")
    assert (red.barcode, red.group_id, red.available) == ("7290000000031", "jacket", True)
    assert (blue.price, blue.former_price, blue.available, blue.category) == (Decimal("105.29"), None, False, "")
    assert (umbrella.price, umbrella.available) == (1205, True)


def test_google_as_rss_and_atom():
    teapot, kettle = rows("google-rss.xml")[0].values()
    (salt,) = rows("google-atom.xml")[0].values()

    assert (teapot.name, teapot.description) == ('Teapot <b>"Ada"</b>', "Holds a litre.")
    assert (teapot.price, teapot.currency, teapot.image) == (
        Decimal("105.29"),
        "USD",
        "https://cdn.example.com/x1.jpg",
    )
    assert (kettle.line, kettle.name, kettle.available) == (17, "קומקום", False)
    assert (salt.url, salt.price, salt.currency) == ("https://shop.example.com/p/a1", 18, "ILS")


def test_openai_flat():
    bags, left = rows("openai.csv")
    notes, _ = rows("openai.jsonl")

    assert [(bag.options, bag.available, bag.group_id) for bag in bags.values()] == [
        ({"Color": "Natural"}, True, "bag"),
        ({"Color": "Black"}, False, "bag"),
    ]
    assert left[4][0] is RowSkipped
    assert (notes["J-1"].price, notes["J-1"].former_price, notes["J-1"].barcode) == (
        10,
        Decimal("12.50"),
        "7290000000048",
    )
    assert (notes["J-2"].line, notes["J-2"].options) == (3, {"Hardness": "HB"})


def test_openai_nested():
    red, yen, bare = rows("openai-nested.json")[0].values()

    assert (red.name, red.options) == ("Wool hat - Red", {"Color": "Red"})
    assert (red.price, red.former_price, red.currency) == (Decimal("19.99"), Decimal("24.99"), "USD")
    assert (red.available, red.barcode, red.group_id) == (False, "00012345600029", "prod_1")
    assert (red.description, red.image) == ("Warm.", "https://cdn.example.com/hat.jpg")
    assert (yen.name, yen.price, yen.currency, yen.available) == ("Wool hat", 1999, "JPY", True)
    assert (bare.price, bare.url) == (None, "https://shop.example.com/hat")


def test_a_title_that_is_no_text_does_not_end_the_import(tmp_path):
    products = [
        {"title": title, "options": ["Size"], "variants": [{"sku": sku, "option1": "L"}]}
        for sku, title in (("a", 5), ("b", ["Shirt"]), ("c", "Shirt"))
    ]
    (tmp_path / "feed.json").write_text(json.dumps(products))

    found, left = rows("", tmp_path / "feed.json")

    assert {sku: row.name for sku, row in found.items()} == {"a": "5", "c": "Shirt - L"}
    assert left == {1: (RowRefused, "its name is not text")}


def test_encodings_and_the_spellings_of_prices():
    (quinoa,) = rows("plain-utf16.txt")[0].values()
    oil, bread = rows("plain-windows-1255.csv")[0].values()
    cafe, tea = rows("plain-windows-1252.csv")[0].values()

    assert (quinoa.name, quinoa.price, quinoa.stock) == ("קינואה 500 גרם", Decimal("9.90"), 3)
    assert (oil.name, oil.price, oil.options) == ("שמן זית", Decimal("34.90"), {"Color": "ירוק"})
    assert (bread.name, bread.price) == ("לחם", Decimal("1234.50"))
    assert (cafe.name, cafe.price, cafe.currency) == ("Café crème", Decimal("4.50"), "EUR")
    assert tea.name == "“Thé vert”"


def test_plain_files_keep_what_looks_dangerous_as_text():
    found, left = rows("plain.csv")

    assert found["T-1"].name == '=HYPERLINK("https://evil.example.com")'
    assert found["T-2"].name == "<script>alert('x')</script>"
    assert found["T-3"].price == Decimal("0.50")
    assert left == {7: (RowRefused, "it has no name")}
    assert [row.name for row in rows("plain.json")[0].values()] == ["Honey", "Dates"]


@pytest.mark.parametrize(
    "text",
    [
        '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "b">]><rss><item><id>1</id><title>&a;</title></item></rss>',
        '<?xml version="1.0"?><!DOCTYPE r SYSTEM "file:///etc/passwd"><rss><item><id>1</id></item></rss>',
    ],
)
def test_a_document_type_is_refused_as_a_whole(tmp_path, text):
    (tmp_path / "feed.xml").write_text(text)

    with pytest.raises(Unreadable, match="document type"):
        list(read_feed(open_source(tmp_path / "feed.xml")))


def read_text(tmp_path, text):
    (tmp_path / "feed.xml").write_text(text)
    return list(read_feed(open_source(tmp_path / "feed.xml")))


def test_prefixes_need_no_declaration_and_lines_are_counted_without_end(tmp_path):
    text = "<rss>" + "\n" * 70_000 + "<item>\n<g:id>1</g:id></item>\n<item c:new='yes'><g:id>2</g:id></item></rss>"

    assert read_text(tmp_path, text) == [Record(70_001, {"sku": "1"}), Record(70_003, {"sku": "2"})]


@pytest.mark.parametrize(
    "bomb",
    ["<a>" * 5000 + "</a>" * 5000, "<b/>" * 300_000, f"<description>{'x' * 11_000_000}</description>"],
    ids=["deep", "wide", "long"],
)
def test_of_an_entry_without_measure_only_a_bounded_part_is_kept(tmp_path, bomb):
    (record,) = read_text(tmp_path, f"<rss><item><id>1</id>{bomb}</item></rss>")

    assert record.fields["sku"] == "1"
    assert len(record.fields.get("description", "")) < 200_000


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<rss><item>\n<id>1</id></item>", "Line 2 is not XML"),
        ("<rss><item>\n<id>1</id>\n</entry></rss>", "Line 3 is not XML: mismatched tag"),
        ("<rss><channel><title>1</title></channel></rss>", "no products"),
    ],
)
def test_xml_that_breaks_off_or_holds_no_products_says_so(tmp_path, text, words):
    with pytest.raises(Unreadable, match=words):
        read_text(tmp_path, text)


def test_what_unpacks_to_too_much_or_breaks_off_is_unreadable(tmp_path, monkeypatch):
    packed = gzip.compress(b"sku,name\n" + b"1,One\n" * 5000)
    (tmp_path / "bomb").write_bytes(packed)
    (tmp_path / "cut").write_bytes(packed[:-9])

    with pytest.raises(Unreadable, match="unpacked to its end"):
        open_source(tmp_path / "cut")
    monkeypatch.setattr("catalog.feeds.source.LARGEST_TEXT", 1000)
    with pytest.raises(Unreadable, match="unpacks to more"):
        open_source(tmp_path / "bomb")
