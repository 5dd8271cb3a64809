"""Where a shopper pays outside of this shop: an address, or a template of one that an order fills in."""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlsplit

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from catalog.language.text import web_address

# What a template may name, each in braces.
PLACES: Final = ("sum", "currency", "number", "return")
# Without these a provider's page knows neither what to charge nor for which order.
_NEEDED: Final = ("sum", "number")
_PLACE: Final = re.compile(r"\{([^{}]*)\}")


def https_address(text: str) -> None:
    """Refuse what is no https address, or holds a user name.

    Raises:
        ValidationError: In words.
    """
    address = web_address(text)
    if urlsplit(address).scheme.lower() != "https" or any(sign.isspace() for sign in text):
        raise ValidationError(_("Use an address that begins with https://."))


def pay_link(text: str) -> None:
    """Refuse what is no template of a pay link: an https address with `{sum}` and `{number}` behind its host.

    Raises:
        ValidationError: In words.
    """
    named = _PLACE.findall(text)
    if wrong := sorted(set(named) - set(PLACES)):
        raise ValidationError(
            _("There is no place %(name)s. Use %(places)s."),
            params={"name": f"{{{wrong[0]}}}", "places": ", ".join(f"{{{name}}}" for name in PLACES)},
        )
    if any(brace in _PLACE.sub("", text) for brace in "{}"):
        raise ValidationError(_("A brace has no partner."))
    for name in _NEEDED:
        if name not in named:
            raise ValidationError(_("It lacks %(name)s."), params={"name": f"{{{name}}}"})
    https_address(_PLACE.sub("1", text))
    # A host that an order's values are part of could be anybody's.
    if "{" in urlsplit(text).netloc:
        raise ValidationError(_("Write the host as it is, without braces."))


def filled(template: str, values: Mapping[str, str]) -> str:
    """Return the address of a template with these values in its places, percent-encoded."""
    return web_address(_PLACE.sub(lambda place: quote(values[place[1]], safe=""), template))
