"""Words that sound alike in Hebrew and in Latin letters."""

import pytest

from catalog.language.sounds import alike, counterparts, sound, sounds

ALIKE = [
    ("הרדוף", "harduf"),
    ("לוביה", "lubia"),
    ("שיאה", "shea"),
    ("פלמינגו", "flamingo"),
    ("תנובה", "tnuva"),
    ("תנובה", "tenuva"),
    ("אוסם", "osem"),
    ("נוטלה", "nutella"),
    ("ניוואה", "nivea"),
    ("ויסקי", "whisky"),
    ("אקסטרה", "extra"),
    ("מאצה", "matcha"),
    ("גוגי", "goji"),
    ("סמסונג", "samsung"),
    ("קולגייט", "colgate"),
    ("הדובדבן", "haduvdevan"),
]


@pytest.mark.parametrize(("hebrew", "latin"), ALIKE)
def test_a_word_is_known_by_its_sound_from_either_script(hebrew, latin):
    assert sound(latin) in counterparts(hebrew)
    assert sound(hebrew) in counterparts(latin)
    assert alike(hebrew, [latin, "table"]) == [latin]
    assert alike(latin, [hebrew, "שולחן"]) == [hebrew]


@pytest.mark.parametrize(
    ("hebrew", "latin"), [("שיאה", "sea"), ("שיאה", "she"), ("לחם", "milk"), ("הרדוף", "hard"), ("רכה", "rice")]
)
def test_other_words_are_not_alike(hebrew, latin):
    assert alike(hebrew, [latin]) == alike(latin, [hebrew]) == []


def test_rare_spellings_count_where_there_is_no_usual_one():
    assert alike("שרון", ["sharon", "saron"]) == ["sharon"]
    assert alike("שרון", ["saron"]) == ["saron"]


@pytest.mark.parametrize("word", ["", "ab", "אב", "500g", "7up", "привет", "a" * 21])
def test_short_words_codes_and_other_scripts_have_no_sound(word):
    assert sounds(word) == [] and sound(word) == ""


def test_a_word_of_many_ambiguous_letters_has_few_sounds():
    assert len(sounds("chachachachachacha")) <= 16
