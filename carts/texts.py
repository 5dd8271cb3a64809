"""What a cart's answer says in words: complete without the structured content."""

from collections.abc import Iterable, Mapping

from django.utils.translation import gettext, ngettext

from carts.schemas import CartOut, DebugOut, LineOut


def cart_text(cart: CartOut, remarks: Mapping[str, str], *, is_change: bool, how_found: str = "") -> str:
    """The cart in words.

    Args:
        remarks: By product id, what stands in the way of buying a line.
        is_change: Say what changed, or that nothing did.
        how_found: What the chat has to do for its cart to be found again.
    """
    parts: list[str] = []
    if is_change:
        parts += [f"{change}." for change in cart.changes] or [gettext("Nothing changed.")]
    parts += _contents(cart, remarks)
    parts += (notice.text for notice in cart.notices)
    if how_found:
        parts.append(how_found)
    return "\n".join(parts)


def by_handle(cart_id: str, *, is_new: bool) -> str:
    """What a chat without a conversation id has to do for its cart to be found again."""
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
    """The first answer to a request, with a word on what it does not know of."""
    if newest <= told:
        return text
    since = gettext(
        "This is the first answer to this request_id, version %(told)s; nothing was done again. The cart has changed "
        "since, to version %(newest)s: view_cart shows it."
    )
    return "\n".join((text, since % {"told": told, "newest": newest}))


def debug_text(report: DebugOut) -> str:
    """The report in words."""
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
