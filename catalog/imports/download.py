"""Download of a feed: https only, from public addresses only, no redirect to another host, bounded size and time.

`shopmcp/outgoing.py` makes the connection.
"""

import http.client
import re
import ssl
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Protocol
from urllib.parse import urljoin

from django.utils.translation import gettext as _

from catalog.feeds import Unreadable
from catalog.feeds.source import LARGEST_FILE
from catalog.language.text import clean
from shopmcp import __version__
from shopmcp.outgoing import HTTPS, NotAllowed, Pinned, https_parts, is_public, reason

TIME_LIMIT = 300.0  # seconds for the whole download
_STEPS = 3  # redirects on the same host
_PIECE = 65_536
_HEADERS = {"User-Agent": f"shopmcp/{__version__}", "Accept": "*/*", "Accept-Encoding": "gzip"}
_PRINTABLE = re.compile(r"[\x20-\x7e]*")
_UNPACKED = ("", "identity", "gzip", "x-gzip")


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
    url: str,
    folder: Path,
    known: Known | None,
    watched: Callable[[Iterable[bytes]], Iterable[bytes]] = iter,
    *,
    seconds: float | None = None,
) -> Fetched:
    """Download a feed into the folder, unless the server says that it has not changed.

    Args:
        url: An https address.
        folder: Where the file goes.
        known: The last import of this address, if its versions still count.
        watched: Wraps the iteration over the pieces.
        seconds: For the whole download; by default TIME_LIMIT.

    Raises:
        Unreadable: With the reason.
    """
    host: tuple[str, int] | None = None
    conditions = _conditions(known)
    deadline = monotonic() + (TIME_LIMIT if seconds is None else seconds)
    for _step in range(_STEPS + 1):
        parts = _checked(url)
        if host is not None and parts[:2] != host:
            raise Unreadable(
                _("The address leads to another machine, %(host)s.") % {"host": _shown(*parts[:2])},
                fix=_("Give the address that it leads to, if you trust it."),
            )
        host = parts[:2]
        connection = Pinned(*host, deadline, is_public)
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
        except NotAllowed:
            raise Unreadable(
                _("%(host)s is not a machine on the public network.") % {"host": parts[0]},
                fix=_("Save the feed as a file and import that."),
            ) from None
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
        return https_parts(url)
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
    return host if port == HTTPS else f"{host}:{port}"


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
    return clean(reason(error), 200).rstrip(".") or type(error).__name__
