"""The numbers of orders: read over the phone without a mistake, and not to be guessed from another.

Eight random letters or digits and a check character (Luhn), written in threes. I, L, O and U do not occur (Crockford's
alphabet), so that nobody takes them for digits or reads a word.
"""

import secrets
from typing import Final

from stdnum import luhn

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH: Final = 9
_TAKEN_FOR = str.maketrans("OIL", "011", " -–—\u200e\u200f")


def new_number() -> str:
    """Return a number such as `K7M29QXFM`: 40 random bits."""
    digits = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH - 1))
    return digits + luhn.calc_check_digit(digits, ALPHABET)


def read_number(text: str) -> str | None:
    """Return the number that people wrote, with or without dashes; None if it is none, such as one with a slip."""
    number = text.strip().upper().translate(_TAKEN_FOR)
    if len(number) != LENGTH or not set(number) <= set(ALPHABET):
        return None
    return number if luhn.calc_check_digit(number[:-1], ALPHABET) == number[-1] else None


def shown_number(number: str) -> str:
    """Return it in threes: `K7M-29Q-XFM`."""
    return "-".join(number[start : start + 3] for start in range(0, len(number), 3))
