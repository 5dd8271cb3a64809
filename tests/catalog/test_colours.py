import pytest
from django.core.exceptions import ValidationError

from catalog.colours import DARK_GROUND, LEAST, LIGHT_GROUND, accent_colour, accent_on, contrast

COLOURS = [
    f"#{red:02x}{green:02x}{blue:02x}" for red in (0, 90, 255) for green in (0, 90, 255) for blue in (0, 90, 255)
]


@pytest.mark.parametrize("ground", [LIGHT_GROUND, DARK_GROUND])
@pytest.mark.parametrize("colour", COLOURS)
def test_every_accent_can_be_seen_and_what_is_on_it_read(ground, colour):
    accent = accent_on(ground, colour)

    assert contrast(accent.colour, ground) >= LEAST
    assert contrast(accent.colour, accent.text) >= 4.5


def test_a_colour_that_can_be_seen_stays_as_it_is():
    assert accent_on(LIGHT_GROUND, "#0f766e") == ("#0f766e", "#ffffff")
    assert accent_on(LIGHT_GROUND, "#ffee00").colour != "#ffee00"
    assert accent_on(DARK_GROUND, "#ffee00") == ("#ffee00", "#000000")


def test_the_contrast_of_black_and_white_is_21():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("wrong", ["red", "#fff", "#12345g", "#1234567", 'x";}body{', "#123456\n"])
def test_what_is_no_colour_is_refused(wrong):
    with pytest.raises(ValidationError):
        accent_colour(wrong)
