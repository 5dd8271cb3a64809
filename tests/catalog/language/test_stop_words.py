import pytest

from catalog.language.stop_words import clauses


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("rice, lentils and olive oil", ["rice", "lentils", "olive oil"]),
        ("אורז, עדשים וגם שמן זית", ["אורז", "עדשים", "שמן זית"]),
        ("soap + candles; a mug", ["soap", "candles", "a mug"]),
        ("milk 1,5 l", ["milk 1,5 l"]),
        ("sandwich andiron oregano", ["sandwich andiron oregano"]),
        ("אוֹרֶז", ["אורז"]),
        (" , and ,", []),
    ],
)
def test_commas_and_conjunctions_divide_a_query(query, expected):
    assert [clause.strip() for clause in clauses(query)] == expected
