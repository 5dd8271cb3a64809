import pytest

from offers.areas import fits, postal_code_key, read_postal_codes
from shopmcp.errors import InvalidArguments


@pytest.mark.parametrize(
    ("listed", "code", "fit"),
    [
        ("61", "6100000", True),
        ("61*", "61000", True),
        ("61", "6200000", False),
        ("61-64", "6399999", True),
        ("61-64", "6500000", False),
        ("6100000-6199999", "6150000", True),
        ("6100000 – 6199999", "6200000", False),
        ("6100000-6199999", "61500", True),  # five digits, as before 2013
        ("6100000-6199999", "62500", False),
        ("01", "0123456", True),
        ("01", "1234560", False),
        ("SW1A", "sw1a 1aa", True),
        ("EC", "EC1A 1BB", True),
        ("12345", "12345-6789", True),
        ("61", "61", False),  # too short to say where
        ("61\n90210", "90210", True),
        ("61", "٦١٠٠٠٠٠", True),
        ("61", "\u200e6100000", True),
        ("61", "", False),
    ],
)
def test_a_postal_code_fits_a_list(listed, code, fit):
    assert fits(listed, "", code, "") is fit


@pytest.mark.parametrize(
    ("listed", "city", "fit"),
    [
        ("Haifa, Tel Aviv", "tel-aviv", True),
        ("חיפה\nתל אביב-יפו", "תל־אביב יפו", True),
        ("Haifa", "Haifa Bay", False),
        ("Haifa", "", False),
        ("St. John's", "St John’s", True),
    ],
)
def test_a_city_fits_a_list_however_it_is_punctuated(listed, city, fit):
    assert fits("", listed, "", city) is fit


def test_an_area_without_lists_is_everywhere():
    assert fits("", " ", "", "")


def test_code_or_city_is_enough():
    assert fits("61", "Haifa", "90210", "Haifa")
    assert fits("61", "Haifa", "6100000", "Jerusalem")


@pytest.mark.parametrize("entry", ["Haifa", "61-640", "64-61", "תל אביב", "1-2-3", "12345678901", "<b>"])
def test_what_is_no_postal_code_is_refused_in_words(entry):
    with pytest.raises(InvalidArguments) as refusal:
        read_postal_codes(f"61, {entry}")

    assert entry in refusal.value.message
    assert "6100000-6199999" in refusal.value.fix


def test_a_postal_code_is_compared_by_letters_and_digits():
    assert postal_code_key(" 1012 ab") == "1012AB"
