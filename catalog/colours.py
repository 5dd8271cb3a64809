"""The accent colour of a store, held to the contrast that people need to see it and to read what is on it."""

import re
from typing import Final, NamedTuple

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

_HEX: Final = re.compile(r"#[0-9a-fA-F]{6}")
# Of a control beside what is around it.
LEAST: Final = 3.0
LIGHT_GROUND, DARK_GROUND = "#ffffff", "#18211f"
_WHITE, _BLACK = "#ffffff", "#000000"
_STEPS: Final = 20


class Accent(NamedTuple):
    """A colour for controls, and the colour of the text on them."""

    colour: str
    text: str


def accent_colour(value: str) -> None:
    """Raise a ValidationError for what is no colour as `#0f766e`."""
    if not _HEX.fullmatch(value):
        raise ValidationError(_("Write the colour as # and six digits or letters a to f, such as #0f766e."))


def accent_on(ground: str, colour: str) -> Accent:
    """Return the colour as it can be seen on this ground, as near to the shop's own as that is."""
    goal = _BLACK if _luminance(ground) > 0.5 else _WHITE
    mixed = (_mix(colour, goal, step / _STEPS) for step in range(_STEPS + 1))
    seen = next(each for each in mixed if contrast(each, ground) >= LEAST)
    # The better of the two is always 4.5 or more.
    return Accent(seen, max(_WHITE, _BLACK, key=lambda text: contrast(seen, text)))


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(part / 255) for part in bytes.fromhex(colour[1:]))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def _mix(colour: str, goal: str, share: float) -> str:
    parts = zip(bytes.fromhex(colour[1:]), bytes.fromhex(goal[1:]), strict=True)
    return "#" + bytes(round(one + (other - one) * share) for one, other in parts).hex()
