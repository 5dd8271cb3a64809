"""Whether chats are kept apart, as something to tell the owner. The dashboard has a banner for it."""

from collections import defaultdict
from collections.abc import Iterator

from carts.isolation import isolation
from carts.models import SessionWarning
from carts.warning_kinds import WarningKind, severity_of
from health.troubles import Trouble

_NAMED = 3
_MOST_READ = 2000


def chat_troubles() -> Iterator[Trouble]:
    """Yield the kinds of open warnings by which carts can meet or be lost; three queries.

    Carts can be lost by what happened within a day of the newest call: a stray call of long ago is none of it.
    """
    since = isolation().since
    rows = SessionWarning.objects.open().order_by("first_at", "id").values_list("kind", "client", "last_at")
    clients: dict[str, list[str]] = defaultdict(list)
    for kind, client, last_at in rows[:_MOST_READ]:
        severity = severity_of(kind)
        if severity == "meet" or (severity == "lose" and (since is None or last_at > since)):
            clients[kind].append(client or "?")
    for kind, names in clients.items():
        named = ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")
        facts = {"warning": kind, "sign": str(WarningKind(kind).label), "clients": named}
        yield Trouble("carts_can_meet" if severity_of(kind) == "meet" else "carts_can_be_lost", kind, facts)
