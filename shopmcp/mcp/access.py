"""Whom a token names, and how a client is told to sign its shopper in.

The specification's way is HTTP 401 (or 403, for a token that opens too little) with a challenge in `WWW-Authenticate`.
ChatGPT's way is a refused call with the same challenge in `_meta`.
"""

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.utils.translation import gettext

from shopmcp.errors import ShopError

# The key of the challenge in the `_meta` of a result.
CHALLENGE: Final = "mcp/www_authenticate"
# ChatGPT's keys in the `_meta` of a call begin so.
_CHATGPT: Final = "openai/"
ALL_SCOPES: Final = ("cart", "orders")
# What a token must open for its person to count in tools that name nothing else.
_USUAL: Final = frozenset(("cart",))


class Holder(NamedTuple):
    """The person whom a token names, by the key of `accounts.Person`, the scopes that it opens, and its checksum."""

    person: int
    scopes: frozenset[str]
    token: str = ""


# Whom the token of the request at hand names.
current_holder: ContextVar[Holder | None] = ContextVar("current_holder", default=None)


class SignInNeeded(ShopError):
    code = "sign_in_needed"  # the call is for a person, and no token names one
    status = 401


class ScopeMissing(ShopError):
    code = "insufficient_scope"  # the token opens something else
    status = 403


_STATUS: Final = {kind.code: kind.status for kind in (SignInNeeded, ScopeMissing)}


def challenge(error: str = "", description: str = "") -> str:
    """Return what tells a client where to sign its shopper in. It names all scopes, as some clients ask only once.

    Args:
        error: A code of RFC 6750; empty for a request without a token.
        description: For people who read the client's log.
    """
    said = {
        "resource_metadata": f"{settings.PUBLIC_URL}/.well-known/oauth-protected-resource/mcp",
        "scope": " ".join(ALL_SCOPES),
        "error": error,
        "error_description": description,
    }
    return "Bearer " + ", ".join(f'{name}="{text}"' for name, text in said.items() if text)


def schemes_of(scopes: frozenset[str], *, needs_person: bool) -> list[dict[str, Any]]:
    """Return what a tool declares as its `securitySchemes`; nothing for one to which a person is nothing."""
    oauth = {"type": "oauth2", "scopes": sorted(scopes)}
    return ([oauth] if needs_person else [{"type": "noauth"}, oauth]) if scopes else []


def person_for(scopes: frozenset[str]) -> int | None:
    """Return the person of the request's token, if it opens what the tool needs; None for nobody."""
    holder = current_holder.get()
    return holder.person if holder is not None and (scopes or _USUAL) <= holder.scopes else None


def is_barred(scopes: frozenset[str]) -> bool:
    """Whether a call that has a token, or has to have one, needs another."""
    holder = current_holder.get()
    return holder is None or not scopes <= holder.scopes


def barred() -> ShopError:
    """Return the refusal of a call that needs another token."""
    if current_holder.get() is not None:
        return ScopeMissing(
            gettext("The shopper has not allowed that in this chat."), fix=gettext("Sign in anew, and allow it.")
        )
    if not settings.MAIL_IS_SET:
        return ShopError(
            gettext("This shop has no accounts."), fix=gettext("Go on without one: nothing else needs it.")
        )
    return SignInNeeded(
        gettext("The shopper has to sign in first."),
        fix=gettext("Let them sign in when the chat offers it, then call this again."),
    )


def ended() -> SignInNeeded:
    """Return the refusal of a call whose token has ended since it came."""
    return SignInNeeded(gettext("The shopper has ended this access."), fix=gettext("Sign in anew, if they ask for it."))


def with_challenge(result: dict[str, Any], meta: Mapping[str, Any]) -> dict[str, Any]:
    """Add the challenge to a refused call, where the client is one that looks for it there."""
    if status_of(result) is not None and any(key.startswith(_CHATGPT) for key in meta):
        words = "The shopper has to sign in."
        return {**result, "_meta": {CHALLENGE: [challenge(ScopeMissing.code, words)]}}
    return result


def status_of(result: Mapping[str, Any]) -> int | None:
    """Return the HTTP status by which a refused call is told to sign in; None for any other result."""
    if CHALLENGE in (result.get("_meta") or ()):
        return None
    return _STATUS.get(result["structuredContent"]["error"]["code"])
