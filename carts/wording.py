"""What a cart's answer says in words: complete without the structured content."""

from collections.abc import Iterable

from django.utils.translation import gettext, ngettext

from carts.schemas import CartOut, DebugOut, LineOut


def cart_text(cart: CartOut, *, is_change: bool, name_handle: bool) -> str:
    """The cart in words.

    Args:
        is_change: Say what changed, or that nothing did.
        name_handle: The chat has to pass the cart_id itself: say so.
    """
    parts: list[str] = []
    if is_change:
        parts += [f"{change}." for change in cart.changes] or [gettext("Nothing changed.")]
    parts += _contents(cart)
    parts += (notice.text for notice in cart.notices)
    if name_handle:
        parts.append(
            gettext("This chat sends no conversation id: pass cart_id %(cart_id)s with every later cart call.")
            % {"cart_id": cart.cart_id}
        )
    return "\n".join(parts)


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


def _contents(cart: CartOut) -> Iterable[str]:
    if not cart.lines:
        return [gettext("The cart is empty (version %(version)s).") % {"version": cart.version}]
    count = ngettext(
        "The cart holds %(count)s item (version %(version)s):",
        "The cart holds %(count)s items (version %(version)s):",
        cart.item_count,
    ) % {"count": cart.item_count, "version": cart.version}
    total = gettext("Total: %(total)s.") % {"total": cart.total.formatted}
    return [count, *map(_line, cart.lines), total]


def _line(line: LineOut) -> str:
    if line.unit_price is None or line.line_total is None:
        return f"- {line.quantity} × {line.name} ({line.product_id})"
    return (
        f"- {line.quantity} × {line.name} ({line.product_id}), {line.unit_price.formatted}: {line.line_total.formatted}"
    )
