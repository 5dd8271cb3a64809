"""The bearer tokens of requests. A bad one is refused at once: it never counts as none."""

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from django.db import DatabaseError, InterfaceError

from shopmcp import metrics
from shopmcp.db.outcome import NotBegun
from shopmcp.db.waiting import Wait
from shopmcp.db.workers import lanes
from shopmcp.mcp.access import Holder, challenge
from shopmcp.mcp.replies import Reply, failure
from shopmcp.network import caller_network
from shopmcp.throttle import NetworkBuckets, Rate

logger = logging.getLogger(__name__)

# Bad tokens of a network; one maker's chats may share a few addresses.
bad_tokens: Final = NetworkBuckets("bad-tokens", lambda: Rate(20, 1000))
_LONGEST: Final = 500
_SCHEME: Final = "bearer"
_RETRY_AFTER: Final = 2  # seconds


class Bearers:
    """Finds whom the token of a request names.

    Args:
        holder_of: Returns whom a token names, or None for one that is not good. It asks the database, so that a token
            that was ended names nobody from then on.
    """

    def __init__(self, holder_of: Callable[[str], Holder | None]) -> None:
        self._holder_of = holder_of

    async def read(self, lines: Sequence[bytes], wait: Wait | None) -> Holder | Reply | None:
        """Return whom the `Authorization` headers name, None if they hold no token, or the refusal of a bad one."""
        parts = [line.decode("latin-1").strip().partition(" ") for line in lines]
        tokens = [token.strip() for scheme, _space, token in parts if scheme.lower() == _SCHEME]
        if not tokens:
            return None  # another scheme, such as a proxy's own
        network = caller_network.get()
        if seconds := bad_tokens.take(network):
            return failure(429, "Too many bad tokens came from your network.", retry_after=seconds)
        holder = None
        if len(tokens) == 1 and 0 < len(tokens[0]) <= _LONGEST:
            try:
                holder = await lanes.run("read", partial(self._holder_of, tokens[0]), wait, network)
            except (NotBegun, DatabaseError, InterfaceError):
                logger.exception("a token could not be looked up")
                metrics.database_error("calls")
                words = "The shop cannot reach its records right now. Try again in a moment."
                return failure(503, words, retry_after=_RETRY_AFTER)
        if holder is None:
            return failure(
                401,
                "The token is unknown, over or for another place. Sign in anew.",
                challenge=challenge("invalid_token"),
            )
        bad_tokens.give_back(network)
        return holder
