"""Download of a feed: https only, from public addresses only, no redirect to another host, bounded size and time.

The host name is resolved once, and the connection goes to the address that was checked, so DNS rebinding has no effect.
Proxies of the environment are not used, because they would resolve the name again.
"""

import http.client
import re
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from pathlib import Path
from time import monotonic
from typing import Any, Protocol
from urllib.parse import quote, urljoin, urlsplit

from django.utils.translation import gettext as _

from catalog.feeds import Unreadable
from catalog.feeds.source import LARGEST_FILE
from catalog.language.text import clean
from shopmcp import __version__

_PATIENCE = 20.0  # seconds for each read
TIME_LIMIT = 300.0  # seconds for the whole download
_STEPS = 3  # redirects on the same host
_PIECE = 65_536
_HTTPS = 443
_HEADERS = {"User-Agent": f"shopmcp/{__version__}", "Accept": "*/*", "Accept-Encoding": "gzip"}
_KEPT_IN_URLS = "%/:?#[]@!$&'()*+,;=~-._"
_PRINTABLE = re.compile(r"[\x20-\x7e]*")
_ADDRESS = re.compile(r"[^\s\x00-\x20\x7f-\xa0]{1,2000}")
_UNPACKED = ("", "identity", "gzip", "x-gzip")
# The global unicast range. Other ranges hold private networks and mapped IPv4 addresses.
_IPV6 = IPv6Network("2000::/3")
# Addresses that `is_global` accepts, though none is a public host: protocol assignments, documentation, ORCHID.
_NOT_MEANT = tuple(map(IPv4Network, ("192.0.0.0/24", "192.88.99.0/24")))
_NOT_MEANT_6 = tuple(map(IPv6Network, ("3fff::/20", "2001:20::/28")))


class Known(Protocol):
    """What the server said of the feed at the last import."""

    @property
    def etag(self) -> str: ...
    @property
    def last_modified(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Fetched:
    """A downloaded feed with its ETag and date; no path if the server has nothing newer."""

    path: Path | None
    etag: str = ""
    last_modified: str = ""


def name_of(url: str) -> str:
    """Return the address for records: without its query, which may hold a secret.

    Raises:
        Unreadable: If no feed can be read from such an address.
    """
    host, port, asked = _checked(url)
    return f"https://{_shown(host, port)}{asked.partition('?')[0]}"


def fetch_feed(
    url: str, folder: Path, known: Known | None, watched: Callable[[Iterable[bytes]], Iterable[bytes]] = iter
) -> Fetched:
    """Download a feed into the folder, unless the server says that it has not changed.

    Args:
        url: An https address.
        folder: Where the file goes.
        known: The last import of this address, if its versions still count.
        watched: Wraps the iteration over the pieces.

    Raises:
        Unreadable: With the reason.
    """
    host: tuple[str, int] | None = None
    conditions = _conditions(known)
    deadline = monotonic() + TIME_LIMIT
    for _step in range(_STEPS + 1):
        parts = _checked(url)
        if host is not None and parts[:2] != host:
            raise Unreadable(
                _("The address leads to another machine, %(host)s.") % {"host": _shown(*parts[:2])},
                fix=_("Give the address that it leads to, if you trust it."),
            )
        host = parts[:2]
        connection = _Pinned(*host, deadline)
        try:
            connection.request("GET", parts[2], headers={**_HEADERS, **conditions})
            with closing(connection.getresponse()) as response:
                if response.status in (301, 302, 303, 307, 308) and (target := response.getheader("location")):
                    url = urljoin(url, target)
                    continue
                if response.status == 304 and conditions:
                    return Fetched(None)
                _refuse_unless_feed(response)
                path = folder / "feed"
                with path.open("wb") as file:
                    file.writelines(watched(_pieces(response, deadline)))
                return Fetched(path, _kept(response, "etag", 500), _kept(response, "last-modified", 100))
        except (http.client.IncompleteRead, ssl.SSLEOFError):
            raise Unreadable(_("The feed broke off before its end.")) from None
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise Unreadable(
                _("%(host)s cannot be read: %(reason)s.") % {"host": parts[0], "reason": _reason(error)}
            ) from None
        finally:
            connection.close()
    raise Unreadable(_("The address leads from one to the next without end."))


def _checked(url: str) -> tuple[str, int, str]:
    """Return host, port, and path with query, in ASCII.

    Raises:
        Unreadable: If it is no https address, or has a user name.
    """
    try:
        parts = urlsplit(url)
        is_plain = _ADDRESS.fullmatch(url) and parts.scheme == "https" and parts.hostname
        if is_plain and parts.username is None and parts.password is None:
            host = str(parts.hostname).encode("idna").decode()
            asked = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
            return host, parts.port or _HTTPS, quote(asked, safe=_KEPT_IN_URLS)
    except ValueError:
        pass
    # Show neither the part before an @ nor the query: they may hold passwords.
    shown = clean(re.split("[?#]", url)[0].rpartition("@")[2], 200)
    raise Unreadable(
        _("“%(url)s” is no address that a feed can be read from.") % {"url": shown},
        fix=_("Use one that begins with https://, without user name and password."),
    )


def _shown(host: str, port: int) -> str:
    host = f"[{host}]" if ":" in host else host
    return host if port == _HTTPS else f"{host}:{port}"


def _conditions(known: Known | None) -> dict[str, str]:
    """The headers of a conditional request."""
    said = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified} if known else {}
    return {name: value for name, value in said.items() if value}


def _refuse_unless_feed(response: http.client.HTTPResponse) -> None:
    if response.status != 200:
        raise Unreadable(_("The address answers %(status)d instead of a feed.") % {"status": response.status})
    packed = response.getheader("content-encoding", "").strip().lower()
    if packed not in _UNPACKED:
        raise Unreadable(_("The feed is packed as %(kind)s, which nobody asked for.") % {"kind": clean(packed, 40)})


def _kept(response: http.client.HTTPResponse, name: str, longest: int) -> str:
    """A header to send back at the next request; empty if it has characters that could inject another header."""
    value = response.getheader(name, "")
    return value if len(value) <= longest and _PRINTABLE.fullmatch(value) else ""


def _pieces(response: http.client.HTTPResponse, deadline: float) -> Iterator[bytes]:
    size = 0
    while piece := response.read1(_PIECE):
        size += len(piece)
        if size > LARGEST_FILE:
            raise Unreadable(_("The feed is larger than 100 MB."))
        if monotonic() > deadline:
            raise Unreadable(_("The feed took longer than five minutes."))
        yield piece
    if response.length:
        raise Unreadable(_("The feed broke off before its end."))


def _reason(error: Exception) -> str:
    """The reason of an error on one clean line, because a server's words may contain anything."""
    told = getattr(error, "verify_message", "") or getattr(error, "strerror", "") or str(error)
    return clean(told, 200).rstrip(".") or type(error).__name__


class _Socket(ssl.SSLSocket):
    """Ends every read at the deadline, because a server may send single bytes for ever."""

    deadline = float("inf")

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(_patience(self.deadline))
        return super().recv_into(*args, **kwargs)


class _Pinned(http.client.HTTPSConnection):
    """Connects only to addresses that were resolved once and are all public."""

    def __init__(self, host: str, port: int, deadline: float) -> None:
        self._tls = ssl.create_default_context()
        self._tls.sslsocket_class = _Socket
        super().__init__(host, port, context=self._tls)
        self._deadline = deadline

    def connect(self) -> None:
        found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        # Refuse a name with any private address: it may be an attack.
        if not addresses or not all(is_public(address) for address in addresses):
            raise Unreadable(
                _("%(host)s is not a machine on the public network.") % {"host": self.host},
                fix=_("Save the feed as a file and import that."),
            )
        failure: OSError | None = None
        for address in addresses[:4]:
            try:
                plain = socket.create_connection((address, self.port), timeout=_patience(self._deadline))
            except OSError as error:
                failure = error
                continue
            # Without a TLS close the feed may be cut off, and its missing products would be withdrawn.
            secured = self._tls.wrap_socket(plain, server_hostname=self.host, suppress_ragged_eofs=False)
            assert isinstance(secured, _Socket)
            secured.deadline = self._deadline
            self.sock = secured
            return
        raise failure or OSError("no address")


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
