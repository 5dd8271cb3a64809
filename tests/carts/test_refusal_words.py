"""What of a refusal the owner may read."""

import pytest

from carts.refusal_words import MOST, words_of_refusal

LONG = "1 ק”ג אורז לדנה כהן מרחוב הרצל 12 בחיפה, להשאיר אצל השכנה מקומה שנייה"


@pytest.mark.parametrize(
    ("message", "given", "words"),
    [
        ("No product 'ghost' in the catalogue.", {"product_id": "ghost"}, "No product … in the catalogue."),
        ("No product GHOST here.", {"items": [{"product_id": " ghost "}]}, "No product … here."),
        ("“Dana’s gift” fits several products.", {}, "“…” fits several products."),
        ("Call dana@example.org or 050-123 4567 about order K7M2-99QX.", {}, "Call … or … about order …."),
        ("Quantity must be from 1 to 999.", {"quantity": 5000}, "Quantity must be from 1 to 999."),
        ("Cart cart_0abc12def has expired.", {"cart_id": "cart_0abc12def"}, "Cart … has expired."),
        ("The cart holds version 12 at most.", {}, "The cart holds version 12 at most."),
        ("See https://example.org/c/secret first.", {}, "See … first."),
        # A refusal repeats a text on one line, and of a long one the beginning, in which a quote may end.
        ("No product Dana Cohen here.", {"product_id": "Dana\n  Cohen"}, "No product … here."),
        (f"No product “{LONG[:40]}”.", {"product_id": LONG}, "No product “…”."),
    ],
)
def test_what_was_written_and_what_may_name_a_person_is_left_out(message, given, words):
    assert words_of_refusal(message, given, "invalid_arguments") == words


def test_the_name_of_a_product_that_is_not_for_sale_stays():
    said = "Honey was withdrawn from the shop."

    assert words_of_refusal(said, {"product_id": "Honey"}, "not_for_sale") == said


def test_long_words_are_clipped():
    assert len(words_of_refusal("very " * 100, {}, "busy")) == MOST


def test_a_long_refusal_of_many_texts_keeps_none_of_them():
    names = [f"Dana Cohen of Haifa, {number}" for number in range(50)]
    said = "; ".join(f"No product “{name}”" for name in names)

    words = words_of_refusal(said, {"items": [{"product_id": name} for name in names]}, "not_found")

    assert "Dana" not in words and "Haifa" not in words
    assert words.startswith("No product “…”; No product “…”; ") and words.endswith("…")
