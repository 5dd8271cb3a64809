"""How the shop introduces itself to chats: by the name, the logo and the contact of its stores."""

from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.templatetags.static import static
from pydantic import HttpUrl

from catalog.models import Store
from catalog.models.logos import logo_path
from shopmcp.mcp.introduction import Introduction, Picture

_ICON: Final = "shopmcp/icon.svg"
_MOST_CONTACTS: Final = 5
_LONGEST: Final = 300  # characters of a contact


def introduction() -> Introduction:
    """Return the store's name, or the shop's where there are several; the oldest logo; and each store's contact."""
    fields = ("slug", "name", "contact", "logo__digest", "logo__width", "logo__height")
    stores = list(Store.objects.oldest_first().values_list(*fields))
    icon = next((_icon(slug, *logo) for slug, _, _, *logo in stores if logo[0]), None)
    contacts = [
        f"Contact of {name}: {' '.join(contact.split())[:_LONGEST]}" for _, name, contact, *_ in stores if contact
    ]
    return Introduction(
        title=stores[0][1] if len(stores) == 1 else _name_of_shop(),
        icons=(icon or Picture(_absolute(static(_ICON)), "image/svg+xml", "any"),),
        contact="; ".join(contacts[:_MOST_CONTACTS]),
    )


def _icon(slug: str, digest: str, width: int, height: int) -> Picture:
    return Picture(_absolute(logo_path(slug, digest)), "image/png", f"{width}x{height}")


def _absolute(path: str) -> str:
    return f"{settings.PUBLIC_URL}{path}"


def _name_of_shop() -> str:
    """The shop's host, as people write it; a shop on this machine has no name of its own."""
    if urlsplit(settings.PUBLIC_URL).hostname in ("127.0.0.1", "localhost", "::1"):
        return "shopmcp"
    return HttpUrl(settings.PUBLIC_URL).unicode_host() or "shopmcp"
