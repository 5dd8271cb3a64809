"""Availability, stock and publication in the words and numbers that people use."""

import pytest

from catalog.feeds.records import RowRefused
from catalog.feeds.words import NotUnderstood, available_of, is_hidden, is_shown, stock_of


@pytest.mark.parametrize(
    ("written", "stock", "available"),
    [
        ("", None, None),
        ("5", 5, None),
        ("-3", 0, None),
        ("1,000", 1000, None),
        ("1,000.00", 1000, None),
        ("1.234,5", 1234, None),
        ("7,00", 7, None),
        ("2.5", 2, None),
        ("5.000", 5, None),
        ("٥", 5, None),
        ("50+", 50, None),
        (">100", 100, None),
        ("<5", 4, None),
        ("≤5", 5, None),
        ("12 יח׳", 12, None),
        ("Unlimited", None, True),
        ("∞", None, True),
        ("мало", None, True),
        ("品切れ", 0, False),
        ("7 pcs", 7, None),
        ("20+ in stock", 20, None),
        ("10-20", 10, None),
        ("12 יח'", 12, None),
        ("in stock", None, True),
        ("במלאי", None, True),
        ("out of stock", 0, False),
        ("אזל מהמלאי", 0, False),
        ("ausverkauft", 0, False),
    ],
)
def test_stock(written, stock, available):
    assert stock_of({"stock": written}) == (stock, available)


def test_a_count_beside_words_is_the_stock():
    assert [stock_of({"stock": text}) for text in (
        "In stock (5)", "In Stock: 7", "Low stock - 3 left", "only 2 left", "more than 10", "Auf Lager (5)",
        "noch 3 verfügbar", "במלאי (5)", "מעל 10", "Осталось 4", "Sold out (0)", "0 in stock",
    )] == [
        (5, None), (7, None), (3, None), (2, None), (10, None), (5, None),
        (3, None), (5, None), (10, None), (4, None), (0, False), (0, None),
    ]  # fmt: skip


@pytest.mark.parametrize("written", ["perhaps", "1.5.5", "1,2,3"])
def test_a_stock_that_nobody_understands_refuses_the_row(written):
    with pytest.raises(RowRefused, match="not a whole number"):
        stock_of({"stock": written})


@pytest.mark.parametrize(
    ("written", "available"),
    [
        ("in_stock", True),
        ("https://schema.org/InStock", True),
        ("http://schema.org/OutOfStock", False),
        ("BackOrder", True),
        ("SoldOut", False),
        ("schema.org/PreOrder", True),
        ("vorrätig", True),
        ("nicht vorrätig", False),
        ("Εξαντλημένο", False),
        ("varastossa", True),
        ("Slut i lager", False),
        ("재고 있음", True),
        ("אזל זמנית", False),
        ("יש במלאי", True),
        ("חסר במלאי", False),
        ("en stock", True),
        ("rupture de stock", False),
        ("нет в наличии", False),
        ("12", True),
        ("0", False),
        ("-1", False),
        ("", None),
    ],
)
def test_availability(written, available):
    assert available_of({"available": written}) is available


@pytest.mark.parametrize(
    "value",
    [
        True,
        1,
        "1",
        "1.0",
        "active",
        "Published",
        "Catalog, Search",
        "מפורסם",
        "in stock",
        "sold out",
        "",
        "2024-05-01",
        1714521600,
    ],
)
def test_shown(value):
    assert is_shown(value)


@pytest.mark.parametrize(
    "value", [False, 0, None, "0", "-1", "draft", "Archived", "טיוטה", "Not Visible Individually", "brouillon"]
)
def test_not_shown(value):
    assert not is_shown(value)


@pytest.mark.parametrize("value", ["Bestseller", "maybe", [1], {"a": 1}, 2, "2", "4.0"])
def test_what_nobody_understands_is_no_guess(value):
    with pytest.raises(NotUnderstood):
        is_shown(value)


@pytest.mark.parametrize(
    ("value", "hidden"), [("1", True), ("yes", True), ("0", False), ("", False), (None, False), ("2026-01-01", True)]
)
def test_hidden(value, hidden):
    assert is_hidden(value) is hidden
