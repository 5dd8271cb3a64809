"""Changes whose answers could not be handed to their connection, kept with their session until they are told."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final, NamedTuple

from django.utils import timezone
from django.utils.translation import gettext

from carts.news import ONCE
from shopmcp.mcp.call import Call

# A chat that loses more in a row is told of the newest.
MOST_KEPT: Final = 5
# A client that repeats the very same call within this time repeats it because it heard nothing.
REPEATED_WITHIN: Final = timedelta(seconds=10)


class Unanswered(NamedTuple):
    """What the lost answer told: the version, the changes, and the notices as pairs of code and text.

    `call` is a digest of the tool and its arguments, and `is_same` says that the call at hand has the same.
    """

    call: str
    at: datetime
    cart_key: int | None
    version: int
    changes: Sequence[str]
    notices: Sequence[tuple[str, str]]
    is_same: bool = False

    @property
    def is_repeated(self) -> bool:
        """Whether the call at hand is the same one, sent again because it was not answered."""
        return self.is_same and timezone.now() - self.at <= REPEATED_WITHIN

    @property
    def told_once(self) -> list[tuple[str, str]]:
        """Those of the notices that only one answer tells."""
        return [(code, text) for code, text in self.notices if code.startswith(ONCE)]

    @property
    def told(self) -> Iterator[tuple[str, str]]:
        """The notices by which the next answers of the conversation tell of it."""
        if self.changes:
            text = gettext("Your last call was not answered, but it was done: %(changes)s. Do not repeat it.")
            yield "unanswered", text % {"changes": "; ".join(self.changes)}
        for code, text in self.notices:
            yield code, text


class Told(NamedTuple):
    """What a change tells, with the key of its cart, for the case that its answer is lost.

    `lost` are the answers that were lost before, of which it tells too.
    """

    cart_key: int | None
    version: int
    changes: Sequence[str]
    notices: Sequence[Any]  # of `carts.cart`
    lost: Sequence[Unanswered] = ()


def read(text: str | None) -> list[Unanswered]:
    """Read what `written` made, the oldest first."""
    rows: list[Any] = json.loads(text) if text else []
    # One alone was kept as it is by an earlier version.
    entries = [rows] if rows and isinstance(rows[0], str) else rows
    return [Unanswered(call, datetime.fromisoformat(at), *told) for call, at, *told in entries]


def told_of(lost: Sequence[Unanswered]) -> list[tuple[str, str]]:
    """Return the notices that tell of lost answers, each once."""
    return list(dict.fromkeys(pair for each in lost for pair in each.told))


def without_once(lost: Sequence[Unanswered]) -> list[Unanswered]:
    """Return lost answers without what only one answer tells; those that told nothing else are left out."""
    rest = [each._replace(notices=[pair for pair in each.notices if not pair[0].startswith(ONCE)]) for each in lost]
    return [each for each in rest if each.changes or each.notices]


def written(lost: Sequence[Unanswered]) -> str | None:
    """Return the newest of lost answers as text; None for none."""
    rows = [[each.call, each.at.isoformat(), *each[2:-1]] for each in lost[-MOST_KEPT:]]
    return json.dumps(rows, ensure_ascii=False) if rows else None


def digest_of(call: Call) -> str:
    """Return a digest of the tool and the arguments of a call, as they came."""
    return sha256(json.dumps([call.tool, dict(call.given)], sort_keys=True).encode()).hexdigest()
