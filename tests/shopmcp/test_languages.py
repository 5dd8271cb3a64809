"""The shop's language that a text is written in."""

import pytest

from shopmcp.languages import language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("organic rice", "en"),
        ("crème brûlée", "en"),
        ("שמן זית", "he"),
        ("שמן זית Yad Mordechai", "he"),
        ("טחינה של הרדוף harduf", "he"),
        ("גרנולה 500g", "he"),
        ("", None),
        ("123 4.5", None),
        ("weft:i281", None),
        ("https://example.com/honey", None),
        ("рис", None),
    ],
)
def test_letters_decide_and_neither_brands_nor_ids_do(text, language):
    assert language_of(text, frozenset({"en", "he"})) == language


def test_latin_letters_are_a_brand_where_no_store_has_a_language_with_such_letters():
    assert language_of("Coca Cola", frozenset({"he"})) is None
    assert language_of("קולה", frozenset({"en"})) == "he"


def test_languages_with_the_same_letters_are_not_told_apart(settings):
    settings.LANGUAGES = [("en", "English"), ("fr", "Français"), ("ru", "Русский")]
    language_of.cache_clear()

    spoken = frozenset({"en", "fr"})
    assert (language_of("rice", spoken), language_of("рис", spoken)) == (None, "ru")
    assert language_of("rice", frozenset({"fr"})) == "fr"
    language_of.cache_clear()
