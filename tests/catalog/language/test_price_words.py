from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.language.price_words import price_words


@pytest.mark.parametrize(
    ("query", "said", "rest", "lowest", "highest"),
    [
        ("up to 50 shekels", "up to 50 shekels", "", None, 50),
        ('חולצה עד 50 ש"ח', 'עד 50 ש"ח', "חולצה", None, 50),
        ("חולצה עד 50 ש״ח", "עד 50 ש״ח", "חולצה", None, 50),
        ("less than 20 ₪", "less than 20 ₪", "", None, 20),
        ("shirt under 1,200 nis", "under 1,200 nis", "shirt", None, 1200),
        ("יין עד ₪50", "עד ₪50", "יין", None, 50),
        ("50 shekels max", "50 shekels max", "", None, 50),
        ("something cheaper than 10", "cheaper than 10", "", None, 10),
        ("תקציב של 100 לגבינות", "תקציב של 100", "לגבינות", None, 100),
        ("tea 10-20 ₪", "10-20 ₪", "tea", 10, 20),
        ("תה בין 10 ל-20 שקל", "בין 10 ל-20 שקל", "תה", 10, 20),
        ("over 20 ₪, please", "over 20 ₪", "", 20, None),
        ("olive oil 750ml under 50 shekel", "under 50 shekel", "olive oil 750ml", None, 50),
        ("gift for 100 shekels", "for 100 shekels", "gift", None, None),
    ],
)
def test_what_is_said_of_a_price(query, said, rest, lowest, highest):
    price = price_words(query)

    assert price is not None
    assert (price.said, price.rest, price.lowest, price.highest) == (said, rest, lowest, highest)
    assert price.sure


@pytest.mark.parametrize(
    ("query", "said", "highest"),
    [
        ("under 100", "under 100", 100),
        ("shirt max 50", "max 50", 50),
        ("קפה מתחת ל-40 בבקשה", "מתחת ל-40", 40),
        ("tea 12.50 or less", "12.50 or less", Decimal("12.50")),
        ("Levi's 501 under 300", "under 300", 300),
        ("מעל 20 ומתחת ל-50", "מעל 20 ומתחת ל-50", 50),
    ],
)
def test_without_a_currency_it_may_be_something_else(query, said, highest):
    price = price_words(query)

    assert price is not None
    assert (price.said, price.highest, price.sure) == (said, highest, False)


@pytest.mark.parametrize(
    "query",
    [
        "up to 500 g",
        "rice up to 1 kg",
        "max 1.5 l",
        "עד 3 ק״ג",
        "less than 5% fat",
        "toys under 3 years",
        "shoes size up to 43",
        "נעליים מידה עד 43",
        "under armour 100",
        "Levi's 501",
        "GR-103",
        "demo:TE-901",
        "7290000000017",
        "1/2 kg rice",
        "12-18 months",
        "tea 10-20",
        "20 bags",
        "bagels for 6",
        "shirt",
        "up to",
    ],
)
def test_amounts_sizes_and_codes_are_no_prices(query):
    assert price_words(query) is None


@given(st.text(max_size=200) | st.from_regex(r"(up to |עד |₪| |\d|-|,|max ){1,30}", fullmatch=True))
def test_any_text_is_read(text):
    price_words(text)
