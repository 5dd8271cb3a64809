"""Documents in which clients describe themselves at their own addresses, fetched when one asks to sign somebody in."""

import http.client
import json
from time import monotonic
from typing import Any, Final

from django.urls import reverse
from oauth2_provider import cimd

from accounts.oauth.clients import LARGEST, Unusable, read_client
from shopmcp.network import network_of
from shopmcp.outgoing import NotAllowed, Pinned, https_parts, is_public
from shopmcp.throttle import Buckets, NetworkBuckets, Rate

SECONDS: Final = 5.0
# An old document is good enough while a client is in use; another one is looked for after a day.
_FRESH: Final = 24 * 3600
fetches: Final = NetworkBuckets("client-documents", lambda: Rate(1, 30))
all_fetches: Final = Buckets("client-documents-all", lambda: Rate(2, 100))


class MayFetch:
    """Documents are fetched for a page that asks a signed-in shopper, and not too many of them."""

    def has_permission(self, request: Any, client_id: str) -> bool:
        if not request.uri.startswith(reverse("oauth2_provider:authorize")):
            return False
        network = network_of(request.headers.get("REMOTE_ADDR") or "")
        return not (fetches.take(network) or all_fetches.take("*"))


class Fetcher:
    """Fetches a document from a public address: within five seconds, at most 10 kB, without following redirects."""

    def fetch(self, client_id: str) -> tuple[dict[str, Any], int]:
        """Return what the client says of itself, as django-oauth-toolkit takes it, and for how long (seconds).

        Raises:
            CIMDError: If there is no such document, or it cannot be used.
        """
        try:
            said = json.loads(_download(client_id))
            if not isinstance(said, dict) or said.get("client_id") != client_id:
                raise cimd.CIMDError("the document is not that of its own address")
            if "client_secret" in said or said.get("token_endpoint_auth_method", "none") != "none":
                raise cimd.CIMDError("a client with a document proves itself by no secret")
            client = read_client({"token_endpoint_auth_method": "none", **said})
        except (OSError, http.client.HTTPException, NotAllowed, ValueError, RecursionError, Unusable) as error:
            raise cimd.CIMDError(f"{type(error).__name__}: {error}") from error
        return {"client_id": client_id, "client_name": client.name, "redirect_uris": list(client.redirects)}, _FRESH


def _download(address: str) -> bytes:
    host, port, path = https_parts(address)
    if len(path) < 2 or "#" in address or any(part in (".", "..") for part in path.split("?")[0].split("/")):
        raise ValueError("no address of a document")
    connection = Pinned(host, port, monotonic() + SECONDS, is_public)
    try:
        connection.request("GET", path, headers={"Accept": "application/json", "User-Agent": "shopmcp"})
        answer = connection.getresponse()
        kind = (answer.getheader("Content-Type") or "").split(";")[0].strip().lower()
        if answer.status != http.client.OK or not (kind == "application/json" or kind.endswith("+json")):
            raise ValueError(f"status {answer.status}, {kind!r}")
        body = answer.read(LARGEST + 1)
    finally:
        connection.close()
    if len(body) > LARGEST:
        raise ValueError("too large")
    return body
