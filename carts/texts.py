"""The text of a cart's answer; it is complete without the structured content."""

from collections.abc import Iterable, Mapping, Sequence

from django.utils.translation import gettext, ngettext

from carts.cart import Outcome
from carts.schemas import CartOut, DebugOut, LineOut


def cart_text(
    cart: CartOut, remarks: Mapping[str, str], *, newest: int, is_change: bool, endings: Sequence[str] = ()
) -> str:
    """Return the cart as text.

    Args:
        cart: The cart.
        remarks: Why a line cannot be bought now, by product id.
        newest: The version of the lines; that of a repeated answer is an earlier one.
        is_change: Also say what changed, or that nothing did.
        endings: Sentences of `repeated` and `by_handle`, where they are needed.
    """
    changes = [f"{change}." for change in cart.changes] or [gettext("Nothing changed.")] if is_change else []
    notices = [notice.text for notice in cart.notices]
    return "\n".join([*changes, *_contents(cart, newest, remarks), *notices, *filter(None, endings)])


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


def repeated(outcome: Outcome, *, is_shared: bool) -> str:
    """Return what the answer to a repeated request has to say; nothing if it fits the cart as it is.

    Args:
        outcome: What the first answer told, with the cart as it is now.
        is_shared: Another chat may have made the request.
    """
    said = []
    if is_shared:
        said.append(
            gettext(
                "This request_id came before, perhaps from another chat on this cart, so nothing was done now. If the "
                "change is still to be made, call again with another request_id."
            )
        )
    if not outcome.is_current:
        said.append(
            gettext(
                "This repeats the first answer to this request_id, version %(told)s; nothing was done again. The cart "
                "has changed since: its lines and total are those of now, version %(newest)s."
            )
            % {"told": outcome.version, "newest": outcome.state.version}
        )
    return "\n".join(said)


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


def _contents(cart: CartOut, version: int, remarks: Mapping[str, str]) -> Iterable[str]:
    if not cart.lines:
        return [gettext("The cart is empty (version %(version)s).") % {"version": version}]
    count = ngettext(
        "The cart holds %(count)s item (version %(version)s):",
        "The cart holds %(count)s items (version %(version)s):",
        cart.item_count,
    ) % {"count": cart.item_count, "version": version}
    total = gettext("Total: %(total)s.") % {"total": cart.total.formatted}
    return [count, *(_line(line, remarks.get(line.product_id)) for line in cart.lines), total]


def _line(line: LineOut, remark: str | None) -> str:
    text = f"- {line.quantity} × {line.name} ({line.product_id})"
    if line.unit_price is not None and line.line_total is not None:
        text = f"{text}, {line.unit_price.formatted}: {line.line_total.formatted}"
    return f"{text} – {remark}" if remark else text
