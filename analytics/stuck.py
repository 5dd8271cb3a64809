"""Where models get stuck: refusals by kind, with the words of the answers and what the conversations did next."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import OuterRef, Subquery

from carts.models import CallRecord

# Of each kind, the newest.
LOOKED_AT: Final = 200
_WORDS = 3
_SESSIONS = 5


@dataclass(frozen=True, slots=True)
class Stuck:
    """The newest refusals of one kind, up to LOOKED_AT.

    Attributes:
        looked_at: How many were looked at.
        sessions: How many conversations they came from; calls of none are not among them.
        worked, refused_again, ended: How many next calls of the conversation succeeded, were refused, or never came.
        words: What the tool answered, and how often, the most frequent first.
        newest: The public ids of some of the conversations, the newest first.
    """

    looked_at: int
    sessions: int
    worked: int
    refused_again: int
    ended: int
    words: Sequence[tuple[str, int]]
    newest: Sequence[str]


def stuck(tool: str, code: str, since: datetime, until: datetime, client: str = "") -> Stuck:
    """Return what is known of the refusals of a tool with a code in [since, until); one query over a bounded range."""
    rows = CallRecord.objects.filter(tool=tool, outcome=code, at__gte=since, at__lt=until)
    # The first condition follows from the above; it lets SQLite use the index.
    rows = rows.exclude(outcome="ok").exclude(session__is_check=True)
    if client:
        rows = rows.filter(client=client)
    later = CallRecord.objects.filter(session=OuterRef("session"), pk__gt=OuterRef("pk")).order_by("pk")
    found = list(
        rows.order_by("-at").values_list("session__public_id", "said", Subquery(later.values("outcome")[:1]))[
            :LOOKED_AT
        ]
    )
    known = [(session, following) for session, _said, following in found if session]
    followed = Counter("ended" if after is None else "worked" if after == "ok" else "again" for _, after in known)
    sessions = list(dict.fromkeys(session for session, _ in known))
    return Stuck(
        looked_at=len(found),
        sessions=len(sessions),
        worked=followed["worked"],
        refused_again=followed["again"],
        ended=followed["ended"],
        words=Counter(said for _session, said, _following in found if said).most_common(_WORDS),
        newest=sessions[:_SESSIONS],
    )
