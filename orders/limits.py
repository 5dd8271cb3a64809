"""How many orders one conversation, one network and one contact may place."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.utils.translation import gettext

from shopmcp.errors import TooMany
from shopmcp.throttle import Buckets, NetworkBuckets, Rate

_HOUR = 3600
_sessions = Buckets("orders-session", lambda: Rate(10 / _HOUR, 10))
# Of a network, because shoppers of one office or one mobile provider share it.
_networks = NetworkBuckets("orders-network", lambda: Rate(120 / _HOUR, 60))
_contacts = Buckets("orders-contact", lambda: Rate(10 / _HOUR, 10))


@contextmanager
def admitted(session: int, network: str, contacts: Iterable[str]) -> Iterator[None]:
    """Count an order that the block places; one that it refuses does not count.

    Raises:
        TooMany: If one of them placed too many.
    """
    names = [(_sessions, str(session)), (_networks, network), *((_contacts, contact) for contact in contacts)]
    taken = list[tuple[Buckets, str]]()
    try:
        for buckets, name in names:
            if not name:
                continue
            if wait := buckets.take(name):
                raise TooMany(
                    wait,
                    gettext("Too many orders came from here lately; nothing was ordered."),
                    gettext("Try again later, or call the shop."),
                )
            taken.append((buckets, name))
        yield
    except BaseException:
        for buckets, name in taken:
            buckets.give_back(name)
        raise
