"""Names and words that products have in the other script."""

import pytest

from catalog.search.query import Search
from catalog.search.searching import search
from catalog.services.products import create_product


@pytest.fixture
def sell(grocer):
    def sell(*names):
        for name in names:
            create_product(grocer, sku=name, name=name, price="9")

    return sell


def names(query):
    return [product.name for product in search(Search(query)).products]


@pytest.mark.parametrize("query", ["harduf", "הרדוף", "Harduf", "מהרדוף"])
def test_a_name_is_found_in_either_script(sell, query):
    sell("קמח כוסמין הרדוף", "Harduf tofu", "קמח לבן")

    assert set(names(query)) == {"קמח כוסמין הרדוף", "Harduf tofu"}


@pytest.mark.parametrize("query", ["lubia", "lubias", "shea butter", "flamingo שמפו"])
def test_words_in_both_scripts_are_one_query(sell, query):
    sell("לוביה 500 גרם", "חמאת שיאה", "שמפו פלמינגו")

    page = search(Search(query))

    assert (page.total, page.dropped, page.partly) == (1, (), False)


def test_the_spelling_that_was_typed_comes_first(sell):
    sell("הרדוף", "Harduf")

    assert names("harduf") == ["Harduf", "הרדוף"]


def test_a_word_that_is_translated_is_not_spelt_by_its_sound(sell):
    sell("Sea salt", "סלט ירקות")

    assert names("salt") == ["Sea salt"]
    assert names("סלט") == ["סלט ירקות"]
