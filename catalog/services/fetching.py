"""A feed from an address: https alone, from public machines alone, never led elsewhere, never more than fits.

What a name stands for is looked up once, and the connection is made to that very address: a name that means something
else a moment later leads nowhere.
"""

import http.client
import re
import socket
import ssl
from contextlib import closing
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network, ip_address
from pathlib import Path
from time import monotonic
from typing import IO, Protocol
from urllib.parse import urljoin, urlsplit

from django.utils.translation import gettext as _

from catalog.feeds import Unreadable
from catalog.feeds.source import LARGEST_FILE
from shopmcp import __version__

_PATIENCE = 20.0  # seconds for each wait
_ENOUGH = 300.0  # seconds for all of it
_STEPS = 3  # redirects on the same machine
_PIECE = 65_536
_PRINTABLE = re.compile(r"[\x20-\x7e]*")
# Addresses that carry an IPv4 address inside, by which a private one could be meant.
_TRANSLATED = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))


class Known(Protocol):
    """What is remembered of the version that was imported last."""

    @property
    def etag(self) -> str: ...
    @property
    def last_modified(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Fetched:
    """A feed on disk, and by what its server knows this version; no path where it has nothing newer."""

    path: Path | None
    etag: str = ""
    last_modified: str = ""


def fetch(url: str, folder: Path, known: Known | None) -> Fetched:
    """Load a feed into a file in the folder, unless the server says that it is as it was known.

    Raises:
        Unreadable: With the reason why it cannot be had.
    """
    host: tuple[str, int] | None = None
    deadline = monotonic() + _ENOUGH
    for _step in range(_STEPS + 1):
        parts = _checked(url)
        if host is not None and parts[:2] != host:
            raise Unreadable(
                _("The address leads to another machine, %(host)s.") % {"host": parts[0]},
                fix=_("Give the address that it leads to, if you trust it."),
            )
        host = parts[:2]
        connection = _Pinned(*host)
        try:
            connection.request("GET", parts[2], headers=_headers(known))
            with closing(connection.getresponse()) as response:
                if response.status in (301, 302, 303, 307, 308) and (target := response.getheader("location")):
                    url = urljoin(url, target)
                    continue
                if response.status == 304 and known is not None:
                    return Fetched(None)
                if response.status != 200:
                    raise Unreadable(
                        _("The address answers %(status)d instead of a feed.") % {"status": response.status}
                    )
                path = folder / "feed"
                with path.open("wb") as file:
                    _save(response, file, deadline)
                return Fetched(path, _kept(response, "etag", 500), _kept(response, "last-modified", 100))
        except (OSError, ValueError, http.client.HTTPException) as error:
            reason = str(error) or type(error).__name__
            raise Unreadable(
                _("%(host)s cannot be read: %(reason)s.") % {"host": parts[0], "reason": reason[:200]}
            ) from None
        finally:
            connection.close()
    raise Unreadable(_("The address leads from one to the next without end."))


def _checked(url: str) -> tuple[str, int, str]:
    """Host, port and what to ask for.

    Raises:
        Unreadable: If it is no https address, or names a person.
    """
    refusal = Unreadable(
        _("“%(url)s” is no address that a feed can be read from.") % {"url": url[:200]},
        fix=_("Use one that begins with https://, without user name and password."),
    )
    if not re.fullmatch(r"[\x21-\x7e]{1,2000}", url):
        raise refusal
    try:
        parts = urlsplit(url)
        port = parts.port or 443
    except ValueError:
        raise refusal from None
    if parts.scheme != "https" or not parts.hostname or parts.username is not None or parts.password is not None:
        raise refusal
    return parts.hostname, port, f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"


def _headers(known: Known | None) -> dict[str, str]:
    headers = {"User-Agent": f"shopmcp/{__version__}", "Accept": "*/*", "Accept-Encoding": "gzip"}
    if known is not None and known.etag:
        headers["If-None-Match"] = known.etag
    if known is not None and known.last_modified:
        headers["If-Modified-Since"] = known.last_modified
    return headers


def _kept(response: http.client.HTTPResponse, name: str, longest: int) -> str:
    """A header that will be sent back; whatever could break a line of a request is not kept."""
    value = response.getheader(name, "")
    return value if len(value) <= longest and _PRINTABLE.fullmatch(value) else ""


def _save(response: http.client.HTTPResponse, file: IO[bytes], deadline: float) -> None:
    size = 0
    while piece := response.read1(_PIECE):
        size += len(piece)
        if size > LARGEST_FILE:
            raise Unreadable(_("The feed is larger than 100 MB."))
        if monotonic() > deadline:
            raise Unreadable(_("The feed took longer than five minutes."))
        file.write(piece)
    if response.length:
        raise Unreadable(_("The feed broke off before its end."))


class _Pinned(http.client.HTTPSConnection):
    """Connects to a public address that its host's name stands for, and to no other."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(host, port, timeout=_PATIENCE, context=_tls())

    def connect(self) -> None:
        found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        # One private address among public ones is enough: nobody means well by that.
        if not addresses or not all(is_public(address) for address in addresses):
            raise Unreadable(
                _("%(host)s is not a machine on the public network.") % {"host": self.host},
                fix=_("Save the feed as a file and import that."),
            )
        failure: OSError | None = None
        for address in addresses[:4]:
            try:
                plain = socket.create_connection((address, self.port), timeout=_PATIENCE)
            except OSError as error:
                failure = error
                continue
            self.sock = _tls().wrap_socket(plain, server_hostname=self.host)
            return
        raise failure or OSError("no address")


def is_public(address: str) -> bool:
    """Whether an IP address belongs to a machine that anybody can reach, itself and whatever is wrapped in it."""
    try:
        ip = ip_address(address.split("%", maxsplit=1)[0])
    except ValueError:
        return False
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        elif ip.sixtofour is not None or ip.teredo is not None or any(ip in network for network in _TRANSLATED):
            return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified or ip.is_loopback)


def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
