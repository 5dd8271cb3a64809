"""What a check finds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

_NAMED = 5


@dataclass(frozen=True)
class Finding:
    """Something that is not as it should be.

    Attributes:
        code: For programs.
        text: What is wrong, in words.
        fix: What to do.
        mend: Puts it right, safely beside live traffic; None if people must decide.
    """

    code: str
    text: str
    fix: str
    mend: Callable[[], object] | None = None


def named(things: Sequence[object]) -> str:
    """Name the first few."""
    more = f" … ({len(things)})" if len(things) > _NAMED else ""
    return ", ".join(map(str, things[:_NAMED])) + more
