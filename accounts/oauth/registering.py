"""Registering clients (RFC 7591), and how many may register."""

import json
from math import ceil
from typing import Final, NamedTuple

from django.db.models import F
from oauth2_provider.generators import generate_client_secret
from oauth2_provider.models import Application

from accounts.oauth.clients import LARGEST, Client, Unusable, read_client
from shopmcp.throttle import Buckets, NetworkBuckets, Rate

registrations: Final = NetworkBuckets("oauth-registrations", lambda: Rate(1 / 6, 60), larger=1)
all_registrations: Final = Buckets("oauth-registrations-all", lambda: Rate(1 / 3, 300))
# A network that registers more than this is one of those that registered most.
shares_of_registrations: Final = NetworkBuckets("oauth-registrations-share", lambda: Rate(1 / 60, 20), larger=1)
# When registrations run short, this part is kept for networks that made few.
_KEPT: Final = 0.2


class Registered(NamedTuple):
    """A client that was registered. Its secret is stored as a digest alone; a public client has none."""

    row: Application
    client: Client
    secret: str


def wait_to_register(network: str) -> int:
    """Count a registration; return 0, or in how many seconds the network may register."""
    if wait := registrations.take(network):
        return wait
    share = 1.0 if shares_of_registrations.take(network) else shares_of_registrations.used(network)
    left, (per_second, burst) = 1 - all_registrations.used("*"), all_registrations.rate
    if (lacking := _KEPT * share - left) > 0:
        return max(1, ceil(lacking * burst / per_second))
    return all_registrations.take("*")


def read_registration(body: bytes) -> Client:
    """Read the body of a registration.

    Raises:
        Unusable: If it is too long, no JSON object, or as `read_client`.
    """
    try:
        said = json.loads(body) if len(body) <= LARGEST else None
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise Unusable("invalid_client_metadata", f"the body must be one JSON object of at most {LARGEST} bytes")
    return read_client(said)


def register(client: Client) -> Registered:
    """Store a client and return it with its secret."""
    is_public, secret = client.method == "none", generate_client_secret()
    made = Application(
        name=client.name,
        redirect_uris=" ".join(client.redirects),
        client_type=Application.CLIENT_PUBLIC if is_public else Application.CLIENT_CONFIDENTIAL,
        client_secret=secret,
        authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
        registration_source=Application.RegistrationSource.DCR,
    )
    made.save()
    Application.objects.filter(pk=made.pk).update(updated=F("created"))  # `clean_up` sees that it was never used
    return Registered(made, client, "" if is_public else secret)
