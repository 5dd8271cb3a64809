"""Refusals of tools, as text that is complete on its own and as data."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext, ngettext

from shopmcp.errors import Busy, DiskFull, ShopError, Uncertain


def refused(refusal: ShopError, *, ending: Iterable[str] = ()) -> dict[str, Any]:
    """Return a `CallToolResult` as it goes over the wire, in the active language; `ending` is more sentences."""
    wrong, todo = refusal.message, " ".join(filter(None, (refusal.fix, *ending)))
    if refusal.candidates:
        perhaps = gettext("Perhaps one of these is meant:")
        text = "\n".join((f"{wrong} {perhaps}", *map(_in_words, refusal.candidates), todo))
    else:
        text = " ".join(filter(None, (wrong, todo)))
    error: dict[str, Any] = {
        "code": refusal.code,
        "message": refusal.message,
        "fix": refusal.fix,
        "candidates": refusal.candidates,
    }
    if refusal.retry_after is not None:
        error["retry_after"] = refusal.retry_after
    return {"content": [{"type": "text", "text": text}], "structuredContent": {"error": error}, "isError": True}


def ignored(names: Sequence[str]) -> str:
    """Say which arguments a tool does not have; nothing if there are none."""
    if not names:
        return ""
    return ngettext("Ignored an unknown argument: %(names)s.", "Ignored unknown arguments: %(names)s.", len(names)) % {
        "names": ", ".join(names)
    }


def busy() -> Busy:
    """Return the refusal for a database that does not answer."""
    return Busy(
        gettext("The shop cannot reach its records right now."), fix=gettext("Try again in a moment."), retry_after=2
    )


def disk_full() -> DiskFull:
    """Return the refusal for a database whose disk is full."""
    return DiskFull(
        gettext("The shop's disk is full, so nothing can be changed."),
        fix=gettext("Tell the shopper to try again later; the shop's owner must make room."),
        retry_after=60,
    )


def stopping() -> Busy:
    """What is said of a call that had not begun when the server had to end."""
    return Busy(gettext("The shop is being restarted."), fix=gettext("Try again in a moment."), retry_after=2)


def too_late() -> Busy:
    """What is said of a call whose time was up before it had begun."""
    return Busy(gettext("The shop has too much to do right now."), fix=gettext("Try again in a moment."), retry_after=5)


def unsettled() -> Uncertain:
    """What is said of a change whose outcome the database did not tell in time."""
    return Uncertain(
        gettext("The shop's records did not answer in time, so it may have been done."),
        fix=gettext("Look at the cart with view_cart before you try once more."),
    )


def cut_off() -> Uncertain:
    """What is said of a change that had begun by then."""
    return Uncertain(
        gettext("The shop was restarted during this call, so it may have been done."),
        fix=gettext("Look at the cart with view_cart before you try once more."),
    )


def bug() -> ShopError:
    """Return the refusal for a bug; the words of the exception go to the log only."""
    error = ShopError(
        gettext("The shop could not do that because of a fault of its own."),
        fix=gettext("Look at the cart with view_cart before you try once more."),
    )
    error.code = "internal_error"
    return error


def _in_words(candidate: Mapping[str, Any]) -> str:
    price = candidate.get("price") or {}
    name = candidate.get("name") or candidate.get("category")
    known_by = candidate.get("product_id") or candidate.get("store")
    return "- " + " · ".join(filter(None, (name, known_by, price.get("formatted"))))
