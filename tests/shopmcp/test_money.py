from decimal import Decimal

import pytest

from shopmcp.money import is_currency, money


@pytest.mark.parametrize(
    ("amount", "currency", "locale", "exact", "formatted"),
    [
        ("9.9", "ILS", "he", "9.90", "9.90 ₪"),
        ("9.9", "ILS", "en", "9.90", "₪9.90"),
        ("1234.5", "EUR", "de", "1234.50", "1.234,50 €"),
        ("1500", "JPY", "en", "1500", "¥1,500"),
        ("1.234", "KWD", "en", "1.234", "KWD 1.234"),
        ("0", "ILS", "he", "0.00", "0.00 ₪"),
    ],
)
def test_an_amount_has_the_decimals_of_its_currency_and_the_look_of_its_locale(
    amount, currency, locale, exact, formatted
):
    written = money(Decimal(amount), currency, locale)

    assert (written.amount, written.formatted) == (exact, formatted)


@pytest.mark.parametrize("locale", ["he", "ar", "fa"])
def test_a_formatted_amount_carries_no_direction_marks_and_no_hard_spaces(locale):
    assert not set(money(Decimal("1234.5"), "ILS", locale).formatted) & set(
        "\u200e\u200f\u061c\u00a0\u202f\u2067\u2069"
    )


def test_half_a_coin_is_rounded_up_as_people_do():
    assert money(Decimal("9.905"), "ILS", "he").amount == "9.91"


@pytest.mark.parametrize(
    ("locale", "formatted"), [("pt-BR", "R$ 9,90"), ("pt_BR", "R$ 9,90"), ("xx", "R$9.90"), ("?", "R$9.90")]
)
def test_a_locale_may_be_written_with_a_dash_and_an_unknown_one_is_english(locale, formatted):
    assert money(Decimal("9.9"), "BRL", locale).formatted == formatted


@pytest.mark.parametrize(("code", "known"), [("ILS", True), ("USD", True), ("ils", False), ("ABC", False), ("", False)])
def test_a_currency_is_an_iso_4217_code_in_capitals(code, known):
    assert is_currency(code) is known
