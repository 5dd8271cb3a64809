"""Where a request comes from: the client's address behind trusted proxies, and the network that limits count.

A proxy tells the address in `X-Forwarded-For`, or else in `Forwarded` (RFC 7239). Anybody can write these headers, so
they count only as far as each address was told by a trusted proxy: from the right to the first that is not one.
"""

import re
from collections.abc import Iterable
from contextvars import ContextVar
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Final

Network = IPv4Network | IPv6Network
LOOPBACK: Final = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
UNKNOWN: Final = "unknown"
# The `X-Forwarded-Host` of a trusted proxy, in the scope.
FORWARDED_HOST: Final = "shopmcp.forwarded_host"
_HEADERS = frozenset((b"x-forwarded-for", b"forwarded", b"x-forwarded-proto", b"x-forwarded-host"))
# The rest of a longer header is a client's invention, and the cache keeps what was read.
_MOST_READ = 500
_FOR = re.compile(rb'(?:^|;)\s*for="?([^";]+)', re.IGNORECASE)
_PROTO = re.compile(rb'(?:^|[;,])\s*proto="?(https?)\b', re.IGNORECASE)

# The network of the client whose call is being answered.
caller_network: ContextVar[str] = ContextVar("caller_network", default=UNKNOWN)


@lru_cache(maxsize=4096)
def network_of(address: str) -> str:
    """Return the IPv4 address, or the /64 network that one IPv6 customer has; both count as one address."""
    found = _address(address)
    if found is None:
        return UNKNOWN
    return found.exploded[:19] if isinstance(found, IPv6Address) else str(found)


def site_of(network: str) -> str:
    """Return the /48 of an IPv6 network, which one customer may have all of; of other networks nothing."""
    return network[:14] if ":" in network else ""


class Proxies:
    """The proxies whose word counts.

    Args:
        trusted: Their networks.
    """

    def __init__(self, trusted: Iterable[Network]) -> None:
        self._trusted = tuple(trusted)
        self._trusts = lru_cache(maxsize=1024)(self._is_trusted)
        self._client = lru_cache(maxsize=4096)(self._find_client)

    def seen_through(self, scope: Any) -> Any:
        """Return the ASGI scope of an HTTP request with the client and the scheme that trusted proxies tell."""
        peer = scope["client"]
        if peer is None or not self._trusts(peer[0]):
            return scope
        # Of a repeated header the last line, which the nearest proxy wrote.
        told = dict(scope["headers"])
        if told.keys().isdisjoint(_HEADERS):
            return scope
        name = b"x-forwarded-for" if b"x-forwarded-for" in told else b"forwarded"
        chain = b",".join([value for key, value in scope["headers"] if key == name])
        scheme = told.get(b"x-forwarded-proto", b"").split(b",")[0].strip().lower()
        if name == b"forwarded" and (found := _PROTO.search(chain)):
            scheme = found[1].lower()
        return {
            **scope,
            "client": (self._client(peer[0], name, chain[-_MOST_READ:]), 0),
            "scheme": scheme.decode() if scheme in (b"http", b"https") else scope["scheme"],
            FORWARDED_HOST: told.get(b"x-forwarded-host", b"").decode("latin-1"),
        }

    def _find_client(self, peer: str, header: bytes, chain: bytes) -> str:
        client = peer
        for element in reversed(chain.split(b",")):
            if header == b"forwarded":
                found = _FOR.search(element)
                element = found[1] if found else b""  # noqa: PLW2901
            address = _address(element.decode("latin-1"))
            if address is None:  # a word that hides the address; only what came before it is known
                break
            client = str(address)
            if not self._trusts(client):
                break
        return client

    def _is_trusted(self, address: str) -> bool:
        found = _address(address)
        return found is not None and any(found in network for network in self._trusted)


@lru_cache(maxsize=4096)
def _address(text: str) -> IPv4Address | IPv6Address | None:
    """Read an address, also with a port, in brackets, or with a zone; None for other text."""
    host = text.strip()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        found = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found
