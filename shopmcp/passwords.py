"""Sign-in of staff by password: how often it may fail, and whose password is guessed at once."""

import logging
from collections.abc import Iterator
from typing import Any, Final

from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import check_password
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from shopmcp.network import UNKNOWN, network_of
from shopmcp.runnable import runnable
from shopmcp.throttle import Buckets, NetworkBuckets, Rate

# What people and scripts try first.
_GUESSES: Final = ("admin", "password", "123456", "1", "shopmcp")
# Checking one password takes a tenth of a second or more, on purpose.
_MOST_CHECKED: Final = 5

logger = logging.getLogger("shopmcp.sign_in")
_of_account = Buckets("sign-in-of-account", lambda: Rate(1 / 60, 10))
_of_network = NetworkBuckets("sign-in-of-network", lambda: Rate(1 / 20, 30))


class PasswordForm(AdminAuthenticationForm):
    """The admin's form, which answers a few failures of an account or a network, and then one in a while.

    A right password counts for nothing. Whoever is locked out by others can use a sign-in link.
    """

    def clean(self) -> dict[str, Any]:
        account = str(self.cleaned_data.get("username") or "").casefold()[:150]
        address = self.request.META.get("REMOTE_ADDR") if self.request else None
        network = network_of(address or UNKNOWN)
        if wait := _of_network.take(network) or _of_account.take(account):
            raise ValidationError(
                _("Too many failed sign-ins. Wait %(seconds)d seconds, or use a link from: %(command)s")
                % {"seconds": wait, "command": runnable("sign_in_link")}
            )
        try:
            cleaned = super().clean()
        except ValidationError:
            logger.warning("sign-in failed for %.150r from %s", account, network)
            raise
        _of_network.give_back(network)
        _of_account.give_back(account)
        return cleaned


def guessable() -> Iterator[User]:
    """Yield the superusers, or the first few of them, whose password is their name or one that everybody tries."""
    users = get_user_model().objects.filter(is_active=True, is_superuser=True).order_by("pk")
    for user in [user for user in users[:50] if user.has_usable_password()][:_MOST_CHECKED]:
        # The user's own `check_password` would also store the password anew where its hash is outdated.
        if any(check_password(guess, user.password) for guess in (user.username, *_GUESSES)):
            yield user
