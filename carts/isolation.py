"""Are chats kept apart? The answer of the policy, the settings and the calls, whatever the owner has muted."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from django.conf import settings
from django.db.models import Max
from django.utils import timezone

from carts.models import CallRecord, SessionWarning
from carts.warning_kinds import WarningKind, severity_of

# `meet`: one shopper can see another's cart. `lose`: a chat can lose its own cart, or may share its id. `apart`: no
# call shows either. `unknown`: no call has come.
IsolationState = Literal["meet", "lose", "apart", "unknown"]
# How much of the latest calls the state rests on. A shop that nobody calls keeps the state of its last day.
RESTS_ON = timedelta(days=1)
POLICY = "policy"
_WORST_FIRST = [kind.value for kind in WarningKind]


@dataclass(frozen=True, slots=True)
class Isolation:
    """What is known.

    Attributes:
        causes: The kinds of signs that make the state, the worst first; `policy` if the policy alone does.
        since, until: The calls that it rests on: those of the day before the newest call; None without calls.
    """

    state: IsolationState
    causes: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None


def isolation() -> Isolation:
    """Return whether carts can meet; two queries."""
    until = CallRecord.objects.newest_at()
    seen = SessionWarning.objects.unfixed().order_by().values_list("kind").annotate(last=Max("last_at"))
    latest: dict[str, datetime] = dict(seen)
    since = None if until is None else until - RESTS_ON
    # A cart in which chats met is there as long as carts are kept.
    met_since = timezone.now() - settings.SHOPMCP_KEEP_CARTS
    kinds = [kind for kind in _WORST_FIRST if kind in latest]
    meeting = [kind for kind in kinds if severity_of(kind) == "meet" and latest[kind] > met_since]
    if settings.SHOPMCP_UNKEYED_CALLS == "shared" and not meeting:
        meeting = [POLICY]
    if meeting:
        return Isolation("meet", tuple(meeting), since, until)
    if since is None:
        return Isolation("unknown")
    losing = [kind for kind in kinds if severity_of(kind) == "lose" and latest[kind] > since]
    return Isolation("lose" if losing else "apart", tuple(losing), since, until)
