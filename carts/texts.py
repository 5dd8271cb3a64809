"""The text of a cart's answer; it is complete without the structured content."""

from collections.abc import Iterable, Mapping

from django.utils.translation import gettext, ngettext

from carts.schemas import CartOut, DebugOut, LineOut


def cart_text(cart: CartOut, remarks: Mapping[str, str], *, is_change: bool, how_found: str = "") -> str:
    """Return the cart as text.

    Args:
        cart: The cart.
        remarks: Why a line cannot be bought now, by product id.
        is_change: Also say what changed, or that nothing did.
        how_found: The sentence of `by_handle`, for a chat that needs it.
    """
    changes = [f"{change}." for change in cart.changes] or [gettext("Nothing changed.")] if is_change else []
    notices = [notice.text for notice in cart.notices]
    return "\n".join([*changes, *_contents(cart, remarks), *notices, *([how_found] if how_found else [])])


def by_handle(cart_id: str, *, is_new: bool) -> str:
    """Return the sentence that tells a chat without a conversation id to pass its cart_id."""
    if is_new:
        text = gettext(
            "This chat sends no conversation id and passed no cart_id, so a new cart was started: pass cart_id "
            "%(cart_id)s with every later cart call. If an earlier answer gave another cart_id, that cart is still "
            "there: pass that one instead."
        )
    else:
        text = gettext("This chat sends no conversation id: pass cart_id %(cart_id)s with every later cart call.")
    return text % {"cart_id": cart_id}


def replayed_text(text: str, *, told: int, newest: int) -> str:
    """Return the first answer to a request, with a sentence if the cart changed since."""
    if newest <= told:
        return text
    since = gettext(
        "This is the first answer to this request_id, version %(told)s; nothing was done again. The cart has changed "
        "since, to version %(newest)s: view_cart shows it."
    )
    return "\n".join((text, since % {"told": told, "newest": newest}))


def debug_text(report: DebugOut) -> str:
    """Return the report as text."""
    items = ngettext("%(items)s item", "%(items)s items", report.item_count) % {"items": report.item_count}
    facts = [
        gettext("Session: %(session)s.") % {"session": report.session or gettext("none yet")},
        gettext("Source of the id: %(source)s.") % {"source": report.source},
        gettext("Isolated from other chats: %(answer)s.")
        % {"answer": gettext("yes") if report.isolated else gettext("no")},
        gettext("Cart: %(items)s, %(total)s.") % {"items": items, "total": report.total.formatted},
        gettext("Active sessions: %(count)s.") % {"count": report.active_sessions},
        gettext("Received in _meta: %(names)s.") % {"names": ", ".join(report.received) or gettext("nothing")},
    ]
    return "\n".join([*facts, *report.hints])


def _contents(cart: CartOut, remarks: Mapping[str, str]) -> Iterable[str]:
    if not cart.lines:
        return [gettext("The cart is empty (version %(version)s).") % {"version": cart.version}]
    count = ngettext(
        "The cart holds %(count)s item (version %(version)s):",
        "The cart holds %(count)s items (version %(version)s):",
        cart.item_count,
    ) % {"count": cart.item_count, "version": cart.version}
    total = gettext("Total: %(total)s.") % {"total": cart.total.formatted}
    return [count, *(_line(line, remarks.get(line.product_id)) for line in cart.lines), total]


def _line(line: LineOut, remark: str | None) -> str:
    text = f"- {line.quantity} × {line.name} ({line.product_id})"
    if line.unit_price is not None and line.line_total is not None:
        text = f"{text}, {line.unit_price.formatted}: {line.line_total.formatted}"
    return f"{text} – {remark}" if remark else text
