"""Connections to addresses that people name: bounded in time, and only to addresses that were checked.

The host name is resolved once, and the connection goes to the address that was checked, so DNS rebinding has no effect.
Proxies of the environment are not used, because they would resolve the name again.
"""

import http.client
import re
import socket
import ssl
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from time import monotonic
from typing import Any
from urllib.parse import quote, urlsplit

HTTPS = 443
_PATIENCE = 20.0  # seconds for each read
_KEPT_IN_URLS = "%/:?#[]@!$&'()*+,;=~-._"
_ADDRESS = re.compile(r"[^\s\x00-\x20\x7f-\xa0]{1,2000}")
# The global unicast range. Other ranges hold private networks and mapped IPv4 addresses.
_IPV6 = IPv6Network("2000::/3")
# Addresses that `is_global` accepts, though none is a public host: protocol assignments, documentation, ORCHID.
_NOT_MEANT = tuple(map(IPv4Network, ("192.0.0.0/24", "192.88.99.0/24")))
_NOT_MEANT_6 = tuple(map(IPv6Network, ("3fff::/20", "2001:20::/28")))


class NotAllowed(Exception):
    """The host has an address to which no connection may go."""


def https_parts(url: str) -> tuple[str, int, str]:
    """Return host, port, and path with query, in ASCII.

    Raises:
        ValueError: If it is no https address, or has a user name.
    """
    scheme, host, port, path = web_parts(url)
    if scheme != "https":
        raise ValueError("no plain https address")
    return host, port, path


def web_parts(url: str) -> tuple[str, str, int, str]:
    """Return scheme, host, port, and path with query, in ASCII.

    Raises:
        ValueError: If it is neither an https nor an http address, or has a user name.
    """
    parts = urlsplit(url)
    is_plain = _ADDRESS.fullmatch(url) and parts.scheme in ("https", "http") and parts.hostname
    if not is_plain or parts.username is not None or parts.password is not None:
        raise ValueError("no plain https address")
    host = str(parts.hostname).encode("idna").decode()
    asked = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    port = parts.port or (HTTPS if parts.scheme == "https" else http.client.HTTP_PORT)
    return parts.scheme, host, port, quote(asked, safe=_KEPT_IN_URLS)


class _Bounded:
    """Ends every read at the deadline, because a server may send single bytes for ever."""

    deadline = float("inf")

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(_patience(self.deadline))  # type: ignore[attr-defined]  # a socket's
        return super().recv_into(*args, **kwargs)  # type: ignore[misc, no-any-return]


class _Secured(_Bounded, ssl.SSLSocket):
    pass


class _Plain(_Bounded, socket.socket):
    pass


class Pinned(http.client.HTTPSConnection):
    """Connects only to addresses that were resolved once and are all allowed.

    Args:
        deadline: Of the whole exchange, by the monotonic clock.
        allowed: Whether a connection may go to an IP address.
    """

    def __init__(self, host: str, port: int, deadline: float, allowed: Callable[[str], bool]) -> None:
        self._tls = ssl.create_default_context()
        self._tls.sslsocket_class = _Secured
        super().__init__(host, port, context=self._tls)
        self._deadline = deadline
        self._allowed = allowed

    def connect(self) -> None:
        """Connect.

        Raises:
            NotAllowed: If the host has an address that is not allowed.
            OSError: If no address answers.
        """
        plain = _connected(self.host, self.port, self._deadline, self._allowed)
        # Without a TLS close an answer may be cut off unnoticed.
        secured = self._tls.wrap_socket(plain, server_hostname=self.host, suppress_ragged_eofs=False)
        assert isinstance(secured, _Secured)
        secured.deadline = self._deadline
        self.sock = secured


class PinnedPlain(http.client.HTTPConnection):
    """The same without encryption, for private networks; the arguments are those of `Pinned`."""

    def __init__(self, host: str, port: int, deadline: float, allowed: Callable[[str], bool]) -> None:
        super().__init__(host, port)
        self._deadline = deadline
        self._allowed = allowed

    def connect(self) -> None:
        """Connect, as `Pinned` does."""
        plain = _Plain(fileno=_connected(self.host, self.port, self._deadline, self._allowed).detach())
        plain.deadline = self._deadline
        plain.settimeout(_patience(self._deadline))
        self.sock = plain


def _connected(host: str, port: int, deadline: float, allowed: Callable[[str], bool]) -> socket.socket:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    # Refuse a name with any such address: it may be an attack.
    if not addresses or not all(map(allowed, addresses)):
        raise NotAllowed(host)
    failure: OSError | None = None
    for address in addresses[:4]:
        try:
            return socket.create_connection((address, port), timeout=_patience(deadline))
        except OSError as error:
            failure = error
    raise failure or OSError("no address")


def reason(error: Exception) -> str:
    """Return the reason of a failure as its library gives it. A server's words may be in it: clean them."""
    return getattr(error, "verify_message", "") or getattr(error, "strerror", "") or str(error) or type(error).__name__


def _patience(deadline: float) -> float:
    """The time-out of the next operation, in seconds.

    Raises:
        TimeoutError: If the deadline has passed.
    """
    left = deadline - monotonic()
    if left <= 0:
        raise TimeoutError("timed out")
    return min(_PATIENCE, left)


def is_public(address: str) -> bool:
    """Whether an IP address is public, and the IPv4 address that it may contain is too."""
    try:
        ip = ip_address(address.split("%", maxsplit=1)[0])
    except ValueError:
        return False
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        elif ip not in _IPV6 or ip.sixtofour is not None or ip.teredo is not None:
            return False
    if any(ip in network for network in (_NOT_MEANT if ip.version == 4 else _NOT_MEANT_6)):
        return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified or ip.is_loopback)
