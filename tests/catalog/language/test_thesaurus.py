import sys

import pytest

from catalog.language.inflection import stem
from catalog.language.thesaurus import Thesaurus, read_synonyms, shipped
from catalog.models import Synonyms
from catalog.search.query import Search
from catalog.search.searching import search
from catalog.search.synonyms import thesaurus
from catalog.services.products import create_product


def found(query):
    return [product.sku for product in search(Search(query)).products]


def test_the_shipped_file_is_rich_and_each_group_says_something():
    groups = shipped().groups

    assert len(groups) >= 300
    assert all(len(group) >= 2 for group in groups)
    assert all(len(phrase.split()) <= 3 for group in groups for phrase in group)


def test_a_file_has_a_group_on_a_line():
    assert read_synonyms("# note\n\na, b c ,d  # more\n").groups == [["a", "b c", "d"]]


def test_a_phrase_is_called_otherwise_in_singular_and_plural():
    words = Thesaurus([["olive oil", "שמן זית"], ["apple", "תפוח"]])

    assert words.others(("olive", "oils")) == [("שמן", "זית")]
    assert words.others((stem("apples"),)) == [("תפוח",)]
    assert words.others(("pear",)) == []


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("quinoa", "קינואה לבנה"),
        ("קינואה", "White quinoa"),
        ("quinoas", "הקינואה שלנו"),
        ("ice cream", "גלידה וניל"),
        ("גלידה", "Vanilla ice cream"),
        ("kettles", "קומקום"),
        ("מכנסיים", "Trousers, linen"),
        ("cuscous", "קוסקוס"),
        ("whole flax", "פשתן שלם"),
    ],
)
def test_a_word_finds_what_another_language_calls_it(grocer, query, name):
    create_product(grocer, sku="it", name=name, price="1")
    create_product(grocer, sku="other", name="Something else", price="1")

    assert found(query) == ["it"]


def test_the_owner_adds_words_that_count_at_once_and_takes_them_back(grocer):
    create_product(grocer, sku="it", name="Fizzy water", price="1")
    assert found("gazoz") == []

    group = Synonyms.objects.create(words="gazoz, fizzy water, גזוז")
    assert found("gazoz") == found("גזוז") == ["it"]

    group.words = "gazoz, lemonade"
    group.save()
    assert found("גזוז") == []

    group.delete()
    assert found("gazoz") == []


def test_words_that_look_like_forms_of_one_another_stay_apart(grocer):
    create_product(grocer, sku="halva", name="חלבה", price="9")
    create_product(grocer, sku="milk", name="חלב", price="1")

    assert found("halva") == found("חלבה") == ["halva"]
    assert found("milk") == found("חלב") == ["milk"]


def test_a_phrase_is_known_with_what_is_glued_to_it():
    words = Thesaurus([["olive oil", "שמן זית"], ["mint tea", "תה נענע"]])

    assert words.phrase(("ושמן", "זית")) == words.phrase(("שמן", "הזית")) == ("שמן", "זית")
    assert words.phrase(("לתה", "נענע")) == ("תה", "נענע")
    assert words.phrase(("שמן", "קנולה")) is None


def test_a_phrase_that_no_product_is_finds_what_has_most_of_its_words(grocer):
    create_product(grocer, sku="milk", name="חלב", price="9")
    create_product(grocer, sku="sauce", name="רוטב סויה", price="5")

    assert set(found("soy milk")) == {"milk", "sauce"}


def test_a_glued_word_finds_what_another_language_calls_it(grocer):
    create_product(grocer, sku="it", name="Brown rice", price="9")

    assert found("לאורז") == found("והאורז") == ["it"]


def test_a_file_tells_kinds_and_what_only_describes():
    file = read_synonyms("pasta, פסטה > spaghetti, penne\n~ red, אדום\n")

    assert file.groups == [["red", "אדום"]]
    assert file.describing == ["red", "אדום"]
    assert file.kinds == [(["pasta", "פסטה"], ["spaghetti", "penne"])]


def test_kinds_of_a_thing_come_after_it_and_before_what_only_stands_beside_it(grocer):
    for sku, name, price in [("yeast", "Yeast", "1"), ("kind", "Spaghetti", "5"), ("it", "Pasta bows", "9")]:
        create_product(grocer, sku=sku, name=name, price=price, category="Pasta and baking")

    assert found("pasta") == ["it", "kind", "yeast"]
    assert found("פסטה") == ["it", "kind", "yeast"]


def test_what_a_word_only_qualifies_comes_after_the_thing_itself(grocer):
    create_product(grocer, sku="chocolate", name="Milk chocolate", price="1")
    create_product(grocer, sku="milk", name="חלב", price="9")

    assert found("milk") == ["milk", "chocolate"]
    assert found("milk chocolate") == ["chocolate"]


def test_last_letters_that_sound_alike_are_one(grocer):
    create_product(grocer, sku="it", name="קפה", price="1")

    assert found("קפא") == ["it"]


def test_a_word_with_something_glued_to_it_is_another_if_the_list_says_so(grocer):
    create_product(grocer, sku="rustic", name="לחם כפרי", price="1")
    create_product(grocer, sku="fruit", name="פרי", price="1")

    assert found("fruit") == ["fruit"]


@pytest.fixture
def before_line():
    """Do something before the line of `thesaurus` that is executed as the n-th, as another thread might."""
    tracing = sys.gettrace()

    def begin(number, work):
        lines = 0

        def trace(frame, event, arg):
            nonlocal lines
            if frame.f_code is not thesaurus.__code__:
                return None
            lines += event == "line"
            if lines == number:
                sys.settrace(tracing)
                work()
                return None
            return trace

        sys.settrace(trace)

    yield begin
    sys.settrace(tracing)


@pytest.mark.parametrize("line", range(1, 9))
def test_a_slower_thread_leaves_no_old_thesaurus_under_the_new_version(db, before_line, line):
    def slower():
        Synonyms.objects.all().delete()
        thesaurus(f"old {line}")
        Synonyms.objects.create(words="gazoz, fizzy water")

    Synonyms.objects.create(words="gazoz, fizzy water")
    before_line(line, slower)
    thesaurus(f"new {line}")

    assert thesaurus(f"new {line}").others(("gazoz",)) == [("fizzy", "water")]
