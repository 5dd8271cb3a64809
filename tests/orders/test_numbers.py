"""Numbers of orders."""

import pytest

from orders.numbers import ALPHABET, new_number, read_number, shown_number


def test_a_number_is_read_however_people_write_it():
    number = new_number()
    shown = shown_number(number)

    assert len(shown) == 11
    for written in (shown, shown.lower(), f" {number} ", shown.replace("-", " "), shown.replace("0", "o")):
        assert read_number(written) == number


def test_every_slip_of_one_character_is_noticed():
    number = new_number()

    for place in range(len(number)):
        for sign in set(ALPHABET) - {number[place]}:
            assert read_number(number[:place] + sign + number[place + 1 :]) is None


@pytest.mark.parametrize("text", ["", "K7M", "K7M-29Q-XF", "' OR 1=1 --", "אבגדהוזחט", "K7M29QXFMM", "\x00" * 9])
def test_other_text_is_no_number(text):
    assert read_number(text) is None


def test_numbers_do_not_follow_each_other():
    assert len({new_number() for _ in range(1000)}) == 1000
