"""Which payment providers take the payments of a store online, by the settings."""

from typing import Final
from urllib.parse import urlsplit

from django.conf import settings

from catalog.demo import STORE
from catalog.models import Store

ONLINE: Final = ("stripe", "dummy")
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")


def online_providers(store: Store) -> list[str]:
    """Return the names of the providers by which orders of the store are paid online."""
    return [name for name in ONLINE if takes_payments(name, store)]


def takes_payments(provider: str, store: Store) -> bool:
    """Whether the provider takes payments for the store now.

    The dummy takes no money, so no shop that others can reach offers it: only the demo store on this machine, or any
    store there with DEBUG.
    """
    if provider not in settings.SHOPMCP_PAYMENTS:
        return False
    return provider != "dummy" or (_is_loopback() and (settings.DEBUG or store.slug == STORE["slug"]))


def _is_loopback() -> bool:
    address = urlsplit(settings.PUBLIC_URL)
    return address.scheme == "http" and address.hostname in _LOOPBACK
