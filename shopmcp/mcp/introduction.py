"""How the shop introduces itself to clients."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

NAME: Final = "shopmcp"


@dataclass(frozen=True, slots=True)
class Picture:
    """An icon. `size` is as the protocol has it: `any`, or the pixels, such as `48x48`."""

    address: str
    mime_type: str
    size: str


@dataclass(frozen=True, slots=True)
class Introduction:
    """What a client shows of the shop, and a line for the model about whom to ask."""

    title: str = NAME
    icons: Sequence[Picture] = ()
    contact: str = ""
