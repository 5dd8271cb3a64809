"""Which names get tallies of their own. Callers choose the names, so their number is bounded; the rest share one."""

from datetime import UTC, datetime, timedelta

from analytics.models import Tally
from analytics.tally import RecordedCall, searched
from carts.call_log import OTHER_CLIENTS as OTHER

# Names of clients within a month, and vain searches within a day.
MOST_CLIENTS = 30
MOST_SEARCHES = 1000
_MONTH = timedelta(days=30)


class Names:
    """The names that are known on the days of one step of counting. A client that was there within a month stays."""

    def __init__(self) -> None:
        self._clients: dict[datetime, set[str]] = {}
        self._searches: dict[datetime, set[str]] = {}

    def client(self, name: str, at: datetime) -> str:
        """Return the name under which a client counts at that time."""
        day = _day(at)
        if (known := self._clients.get(day)) is None:
            known = self._clients[day] = set(Tally.objects.clients(day - _MONTH, day))
        return _admitted(name, known, MOST_CLIENTS)

    def of_call(self, call: RecordedCall) -> RecordedCall:
        """Return the call under the names by which it counts."""
        client, words = self.client(call.client, call.at), call.words
        if words and call.results == 0:
            words = self._search(words, call.at)
        if client == call.client and words is call.words:
            return call
        return call._replace(client=client, words=words)

    def _search(self, words: list[str], at: datetime) -> list[str]:
        day = _day(at)
        if (known := self._searches.get(day)) is None:
            known = self._searches[day] = set(Tally.objects.vain_searches(day, MOST_SEARCHES))
        name = searched(words)
        return words if _admitted(name, known, MOST_SEARCHES) == name else [OTHER]


def _admitted(name: str, known: set[str], most: int) -> str:
    if name in known:
        return name
    if len(known) >= most:
        return OTHER
    known.add(name)
    return name


def _day(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
