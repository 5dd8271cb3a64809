"""Providers of online payments, behind one interface: `provider` says what the shop asks of each."""

from collections.abc import Callable
from typing import Final

from django.conf import settings

from orders.payments.dummy import Dummy
from orders.payments.provider import Provider
from orders.payments.stripe import Stripe

__all__ = ["pay_hosts", "provider_named"]

_PROVIDERS: Final[dict[str, Callable[[], Provider]]] = {"dummy": Dummy, "stripe": Stripe}


def provider_named(name: str) -> Provider:
    """Return the provider with this name.

    Raises:
        KeyError: If there is none.
    """
    return _PROVIDERS[name]()


def pay_hosts() -> list[str]:
    """Return the origins of the pages on which the providers of this shop are paid, but for our own."""
    return [host for name in settings.SHOPMCP_PAYMENTS if name in _PROVIDERS for host in provider_named(name).hosts]
