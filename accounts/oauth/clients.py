"""What a client may say of itself, wherever it says it: in a registration, or in a document at its own address."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

MOST_REDIRECTS: Final = 10
LARGEST: Final = 10_000  # bytes of a registration or a document
_LONGEST_REDIRECT: Final = 500
_LONGEST_NAME: Final = 60
LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
_ADDRESS: Final = re.compile(r"[A-Za-z0-9:/?#\[\]@!$&'()*+,;=._~%-]+")
_HOST: Final = re.compile(r"[a-z0-9.-]+|[0-9a-f:]+")
_METHODS: Final = ("none", "client_secret_basic", "client_secret_post")


class Unusable(Exception):
    """What a client says of itself cannot be used. `error` is the code of RFC 7591."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error


@dataclass(frozen=True, slots=True)
class Client:
    """A client as it describes itself.

    Attributes:
        name: What it calls itself, cleaned; the shop cannot check it.
        method: How it proves itself at the token endpoint; `none` for a public client.
    """

    name: str
    redirects: tuple[str, ...]
    method: str


def read_client(said: Mapping[str, Any]) -> Client:
    """Read what a client says of itself (RFC 7591); what the shop has no use for is left out.

    Raises:
        Unusable: If it wants no authorization code, names no address to go back to or one that is not its own, or
            proves itself in a way that is not known here.
    """
    grants = said.get("grant_types", ["authorization_code"])
    if not isinstance(grants, list) or "authorization_code" not in grants:
        raise Unusable("invalid_client_metadata", "grant_types must contain authorization_code")
    method = said.get("token_endpoint_auth_method", "client_secret_basic")
    if method not in _METHODS:
        raise Unusable("invalid_client_metadata", f"token_endpoint_auth_method must be one of {', '.join(_METHODS)}")
    redirects = said.get("redirect_uris")
    if not isinstance(redirects, list) or not 1 <= len(redirects) <= MOST_REDIRECTS:
        raise Unusable("invalid_redirect_uri", f"redirect_uris must be a list of 1 to {MOST_REDIRECTS}")
    if not all(map(_is_redirect, redirects)):
        raise Unusable(
            "invalid_redirect_uri",
            "each of redirect_uris must be an https address, or an http address of 127.0.0.1, [::1] or localhost",
        )
    return Client(clean_name(said.get("client_name")), tuple(dict.fromkeys(redirects)), method)


def clean_name(said: object) -> str:
    """Return what a client calls itself as plain text of one line: without characters that change how it reads."""
    if not isinstance(said, str):
        return ""
    plain = "".join(" " if unicodedata.category(sign)[0] in "CZ" else sign for sign in said[: 4 * _LONGEST_NAME])
    return " ".join(plain.split())[:_LONGEST_NAME].rstrip()


def origin_of(redirect: str) -> str:
    """Return the origin to which a redirect leads, as a content security policy writes it."""
    parts = urlsplit(redirect)
    return f"{parts.scheme}://{parts.netloc}"


def host_of(redirect: str) -> str:
    """Return the host to which a redirect leads."""
    return urlsplit(redirect).hostname or ""


def is_loopback(redirect: str) -> bool:
    """Whether a redirect leads to a program on the shopper's own device."""
    return host_of(redirect) in LOOPBACK


def _is_redirect(said: object) -> bool:
    if not isinstance(said, str) or len(said) > _LONGEST_REDIRECT or not _ADDRESS.fullmatch(said):
        return False
    try:
        parts = urlsplit(said)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if not _HOST.fullmatch(host) or "@" in parts.netloc or "#" in said:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK)
