"""What a series of calls shows about a client's ids, and no single call does.

The memory is that of one process, and bounded. Ids that change show in each of several processes, some calls later than
in one. Ids that several places use may show in none, because a connection stays with its process; so each looks at the
records of all now and then. Networks stay in memory; the records hold digests that tell two networks of one
conversation apart (`carts.digests.origin_of`).
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from carts.warning_kinds import WarningKind

# So many conversations in a row that a client began and did not go on with are a sign of ids that change.
ROTATIONS = 10
# A call that goes on with a conversation weighs as much as so many that begin one: fewer than one in ten may go on.
_GOING_ON = 9
# A person who moves has two networks at the most: one at home, one on the way.
NETWORKS = 3
WITHIN = timedelta(hours=1)
# The records of a conversation are looked at so often at most, and are written so late at most.
_LOOK_EVERY, _LATE = timedelta(seconds=20), timedelta(seconds=5)
_MOST_CLIENTS, _MOST_PEOPLE, _MOST_SESSIONS = 200, 64, 5_000


# Not frozen: that takes three times as long to make.
@dataclass(slots=True)
class KeyedCall:
    """A call that named its conversation by an id.

    Attributes:
        session: The primary key of the conversation's session.
        begins: The call began the conversation.
        subject: The person's digest, or empty.
        network: Where the call came from, or empty if that is not known.
        since, until: When it came and when it was answered.
    """

    client: str
    session: int
    begins: bool
    subject: str
    network: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the record of an earlier call tells, of whatever process."""

    client: str
    origin: int | None
    since: datetime
    until: datetime


@dataclass(slots=True)
class _Client:
    begun: int = 0
    people: OrderedDict[str, None] = field(default_factory=OrderedDict)


@dataclass(slots=True)
class _Use:
    client: str
    network: str
    until: datetime
    networks: dict[str, datetime]


class IdWatch:
    """Tells which calls come with ids that change with each call, or that several places use."""

    def __init__(self) -> None:
        self._clients: OrderedDict[str, _Client] = OrderedDict()
        self._uses: OrderedDict[int, _Use] = OrderedDict()
        # When the records of a session were looked at.
        self._looked: OrderedDict[int, datetime] = OrderedDict()

    def forget(self) -> None:
        self._clients.clear()
        self._uses.clear()
        self._looked.clear()

    def due(self, session: int, now: datetime) -> bool:
        """Whether the records of this session should be looked at now."""
        looked = self._looked.get(session)
        return looked is None or now - looked >= _LOOK_EVERY

    def is_shared_by(self, session: int, calls: Sequence[Recorded], now: datetime) -> bool:
        """Whether the records of a session, those of the last hour, show that several places use it.

        What was seen the last time counts no more, except networks.
        """
        fresh = self._looked.get(session, now - WITHIN) - _LATE
        self._looked[session] = now
        self._looked.move_to_end(session)
        if len(self._looked) > _MOST_SESSIONS:
            self._looked.popitem(last=False)
        last: Recorded | None = None
        for call in sorted(calls, key=lambda call: call.since):
            if last is not None and call.since < last.until and call.until > fresh:
                moved = None not in (call.origin, last.origin) and call.origin != last.origin
                if moved or call.client != last.client:
                    return True
            if last is None or call.until > last.until:
                last = call
        return len({call.origin for call in calls if call.origin is not None}) >= NETWORKS

    def signs(self, call: KeyedCall) -> list[str]:
        """Return the kinds of signs that the call gives; calls come in the order of their answers."""
        kinds = []
        if self._rotates(call):
            kinds.append(WarningKind.ROTATING.value)
        if not call.subject and self._is_shared(call):
            kinds.append(WarningKind.SHARED.value)
        return kinds

    def _rotates(self, call: KeyedCall) -> bool:
        if (client := self._clients.get(call.client)) is None:
            client = self._clients[call.client] = _Client()
            if len(self._clients) > _MOST_CLIENTS:
                self._clients.popitem(last=False)
        self._clients.move_to_end(call.client)
        if not call.begins:
            client.begun = max(0, client.begun - _GOING_ON)
            return False
        # Many people who ask once each are no sign, so the first conversation of each person does not count.
        person = call.subject or call.network
        if not person or person in client.people:
            client.begun = min(client.begun + 1, ROTATIONS)
        if person:
            client.people[person] = None
            client.people.move_to_end(person)
            if len(client.people) > _MOST_PEOPLE:
                client.people.popitem(last=False)
        return client.begun >= ROTATIONS

    def _is_shared(self, call: KeyedCall) -> bool:
        use = self._uses.get(call.session)
        if use is None:
            networks = {call.network: call.until} if call.network else {}
            self._uses[call.session] = _Use(call.client, call.network, call.until, networks)
            if len(self._uses) > _MOST_SESSIONS:
                self._uses.popitem(last=False)
            return False
        self._uses.move_to_end(call.session)
        # One chat may make several calls at once, but from one client in one network.
        moved = call.network != use.network and bool(call.network and use.network)
        elsewhere = call.since < use.until and (moved or call.client != use.client)
        use.client, use.network, use.until = call.client, call.network, max(call.until, use.until)
        if moved or len(use.networks) > 1:
            use.networks = {name: at for name, at in use.networks.items() if at > call.until - WITHIN}
        if call.network and (call.network in use.networks or len(use.networks) < NETWORKS):
            use.networks[call.network] = call.until
        return elsewhere or len(use.networks) >= NETWORKS
