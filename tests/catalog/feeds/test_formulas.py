"""Cells that a spreadsheet wrote as formulas of text, so that zeros before numbers stay."""

from decimal import Decimal

import pytest

from catalog.models import Product


@pytest.mark.parametrize(
    "row", ['"=""00124""","=""Foo, """"big""""""","=""9.90""","=""03"""', '="00124";="Foo, ""big""";="9.90";="03"']
)
def test_text_in_formulas_is_the_text(load, row):
    sign = ";" if ";" in row else ","
    load(f'="sku"{sign}name{sign}price{sign}stock\n{row}\n')

    product = Product.objects.get()
    assert (product.sku, product.name, product.price, product.stock) == ("00124", 'Foo, "big"', Decimal("9.90"), 3)


def test_other_formulas_stay_text(load):
    load('sku,name,price\na,"=HYPERLINK(""https://evil.example.com"")",1\nb,=1+1,1\n')

    assert set(Product.objects.values_list("name", flat=True)) == {'=HYPERLINK("https://evil.example.com")', "=1+1"}
