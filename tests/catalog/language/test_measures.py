"""Weights and volumes in names."""

from decimal import Decimal

import pytest

from catalog.language.measures import Measure, is_by_weight, measure_of


@pytest.mark.parametrize(
    ("name", "size", "unit"),
    [
        ("בורגול אורגני 500 גרם - ניצת", "0.5", "kg"),
        ('אורז 1 ק"ג', "1", "kg"),
        ("Rolled oats 1kg", "1", "kg"),
        ("Olive oil 750 ml", "0.75", "l"),
        ("שמן 1,5 ליטר", "1.5", "l"),
        ("Rice 1,500 g", "1.5", "kg"),
        ("Cola 6 x 330 ml", "1.98", "l"),
        ("טונה 4×140 גרם", "0.56", "kg"),
        ("חצי קילו עדשים", "0.5", "kg"),
        ("Saffron 500 mg", "0.0005", "kg"),
        ('עגבניות, מחיר לק"ג', "1", "kg"),
        ("Apples per kilo", "1", "kg"),
    ],
)
def test_an_amount_is_a_measure_in_kilos_or_litres(name, size, unit):
    assert measure_of(name) == Measure(Decimal(size), unit)


@pytest.mark.parametrize(
    "name",
    [
        "Tea, 20 bags",
        "Chocolate 70%",
        "Shirt XL",
        "Bar 20 g protein 60 g",
        "Cheese 200-250 g",
        "Rope 5 m",
        "0 g",
        "ק״ג",
    ],
)
def test_without_one_amount_there_is_no_measure(name):
    assert measure_of(name) is None


def test_the_first_text_with_an_amount_counts():
    assert measure_of("750 ml", "Olive oil 500 ml") == Measure(Decimal("0.75"), "l")
    assert measure_of("L", "Olive oil 500 ml") == Measure(Decimal("0.5"), "l")


@pytest.mark.parametrize(
    ("name", "by_weight"),
    [
        ("אורז פרסי במשקל", True),
        ("קינואה לבנה בתפזורת", True),
        ("Flax seeds in bulk", True),
        ("Rice by weight", True),
        ("Bulky sweater", False),
        ("משקל", False),
    ],
)
def test_a_name_says_that_it_is_sold_by_weight(name, by_weight):
    assert is_by_weight("x", name) is by_weight
