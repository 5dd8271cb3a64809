import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.language.inflection import as_written, glued, query_tokens, slips, stem, tokens, unglued


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("apple", "apples"),
        ("berry", "berries"),
        ("box", "boxes"),
        ("dish", "dishes"),
        ("loaf", "loaves"),
        ("potato", "potatoes"),
        ("glass", "glasses"),
        ("תפוח", "תפוחים"),
        ("עדשה", "עדשים"),
        ("לחם", "לחמים"),
        ("פיתה", "פיתות"),
        ("אורגני", "אורגנית"),
        ("אורגניים", "אורגניות"),
        ("עוגיה", "עוגיות"),
        ("לחמנייה", "לחמניות"),
    ],
)
def test_singular_and_plural_share_a_stem(one, other):
    assert stem(one) == stem(other)


@pytest.mark.parametrize(("one", "other"), [("bus", "bu"), ("עוגה", "עוגיה"), ("glass", "glas"), ("500", "50")])
def test_other_words_do_not(one, other):
    assert stem(one) != stem(other)


def test_glued_prefixes_come_off_and_leave_three_letters():
    assert "קינואה" in unglued("הקינואה")
    assert "אורז" in unglued("ולאורז") or "לאורז" in unglued("ולאורז")
    assert unglued("שמן") == unglued("quinoa") == []
    assert {"השמן", "בשמן", "ושמן"} <= set(glued("שמן"))


@pytest.mark.parametrize("text", ['1 ק"ג', "1 ק״ג", "1קג", "1 kg", "1kg", "1000 g", "1000 גרם", "1 קילו", "1.0 kilo"])
def test_one_amount_has_one_token_however_it_is_written(text):
    assert "1000g" in tokens(text)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("2kg rice", [("2000g",), ("rice",)]),
        ("חצי קילו עדשים", [("500g",), ("עדשים",)]),
        ("half a litre", [("500ml",)]),
        ('1/2 ק"ג', [("500g",)]),
        ("rice kilo", [("rice",), ("1000g", "kg")]),
        ("shirt M", [("shirt",), ("m",)]),
        ("tea tea", [("tea",)]),
        ("...", []),
    ],
)
def test_what_is_asked(query, expected):
    assert query_tokens(query) == expected


def test_a_letter_is_asked_for_as_a_size_too():
    assert query_tokens("shirt M", sized=True) == [("shirt",), ("medium", "m")]
    assert query_tokens("milk 2 l", sized=True) == [("milk",), ("2000ml",)]


@pytest.mark.parametrize(
    ("other", "near"),
    [
        ("quinoa", False),
        ("quino", True),
        ("quinoaa", True),
        ("qiunoa", True),
        ("quinia", True),
        ("qunoia", False),
        ("quin", False),
        ("aonuiq", False),
    ],
)
def test_one_slip(other, near):
    assert (other in slips("quinoa")) is ("quinoa" in slips(other)) is near


@given(st.text(max_size=200))
def test_any_text_has_tokens_that_need_no_escaping(text):
    for token in (*tokens(text), *(token for choice in query_tokens(text) for token in choice)):
        assert 0 < len(token) <= 40
        assert all(letter.isalnum() or letter in ".%" for letter in token)


@pytest.mark.parametrize(
    ("query", "written"),
    [
        ("oil 5 l", {"5000ml": "5 l"}),
        ("5l oil", {"5000ml": "5l"}),
        ('אורז, 1 ק"ג', {"1000g": '1 ק"ג'}),
        ("half a kilo of rice", {"500g": "half a kilo"}),
        ("1/2 kg rice", {"500g": "1/2 kg"}),
        ("ליטר חלב", {"l": "ליטר"}),
        ("rice, 2kg,", {"2000g": "2kg"}),
    ],
)
def test_amounts_can_be_told_as_the_query_writes_them(query, written):
    assert written.items() <= as_written(query).items()


@pytest.mark.parametrize(("text", "is_size"), [("Shirt, L", True), ("M", True), ("Milk 1 L", False), ("2 m", False)])
def test_a_letter_is_a_size_where_no_number_makes_it_a_unit(text, is_size):
    assert bool({"large", "medium"} & set(tokens(text))) is is_size
