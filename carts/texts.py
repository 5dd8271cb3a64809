"""The text of a cart's answer; it is complete without the structured content."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext, ngettext

from carts.cart import CartState, LineState, Outcome
from carts.offers import CartOffers
from carts.schemas import DebugOut
from offers.models import Coupon
from offers.texts import free_delivery_text, gain


def cart_text(
    outcome: Outcome,
    cart: Mapping[str, Any],
    *,
    is_change: bool,
    offers: CartOffers | None = None,
    endings: Sequence[str] = (),
) -> str:
    """Return the cart as text.

    Args:
        outcome: The cart.
        cart: The same as `cart_data` returns it.
        offers: What is told beside the lines.
        is_change: Also say what changed, or that nothing did.
        endings: Sentences of `repeated` and `by_handle`, where they are needed.
    """
    changes = [f"{change}." for change in outcome.changes] or [gettext("Nothing changed.")] if is_change else []
    notices = [notice.text for notice in outcome.notices]
    state = outcome.state
    told = [] if offers is None else _offered(offers, cart)
    if state.store is not None and state.lines:
        why = state.store.paused
        told.append(
            gettext("The shop takes no orders now: %(why)s") % {"why": why}
            if why
            else gettext("To go on in the browser: get_checkout_link.")
        )
    return "\n".join([*changes, *_contents(state, cart), *told, *notices, *filter(None, endings)])


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


def _contents(state: CartState, cart: Mapping[str, Any]) -> Sequence[str]:
    # The lines are today's; a repeated answer has an earlier version.
    if not cart["lines"]:
        return [gettext("The cart is empty (version %(version)s).") % {"version": state.version}]
    count = ngettext(
        "The cart holds %(count)s item (version %(version)s):",
        "The cart holds %(count)s items (version %(version)s):",
        cart["item_count"],
    ) % {"count": cart["item_count"], "version": state.version}
    lines = [_line(line, data) for line, data in zip(state.lines.values(), cart["lines"], strict=True)]
    return [count, *lines, _total(cart)]


def _line(line: LineState, data: Mapping[str, Any]) -> str:
    text = f"- {data['quantity']} × {data['name']} ({data['product_id']})"
    if "unit_price" in data:
        text = f"{text}, {data['unit_price']['formatted']}"
        if data.get("available") != 0:
            text = f"{text}: {data['line_total']['formatted']}"
    return f"{text} – {line.remark}" if "available" in data else text


def _total(cart: Mapping[str, Any]) -> str:
    total = cart["total"]["formatted"]
    missing = sum(line["quantity"] - line["available"] for line in cart["lines"] if "available" in line)
    if not missing:
        return gettext("Total: %(total)s.") % {"total": total}
    return ngettext(
        "Total: %(total)s, without %(missing)s item that cannot be bought now.",
        "Total: %(total)s, without %(missing)s items that cannot be bought now.",
        missing,
    ) % {"total": total, "missing": missing}


def _offered(offers: CartOffers, cart: Mapping[str, Any]) -> list[str]:
    """The sentences on coupon, delivery and budget."""
    told = []
    if offers.coupon is not None:
        told.append(_coupon(offers, offers.coupon, cart))
    elif offers.near is not None:
        coupon, missing = offers.near
        facts = {"sum": coupon.shown(missing).formatted, "code": coupon.code, "gain": gain(coupon)}
        told.append(gettext("%(sum)s more, and the coupon %(code)s gives: %(gain)s.") % facts)
    if offers.free is not None and not offers.discount.free_delivery and (text := free_delivery_text(offers.free)):
        told.append(text)
    if offers.left is not None:
        over = offers.left < 0
        text = gettext("Over the budget of %(budget)s by %(sum)s.") if over else gettext("Left of %(budget)s: %(sum)s.")
        told.append(
            text
            % {
                "budget": cart["budget"]["amount"]["formatted"],
                "sum": cart["budget"]["left"]["formatted"].replace("-", "").replace("\u2212", ""),
            }
        )
    return told


def _coupon(offers: CartOffers, coupon: Coupon, cart: Mapping[str, Any]) -> str:
    """What the applied coupon does, or why it does nothing now."""
    facts = {"code": coupon.code}
    if offers.discount.free_delivery:
        return gettext("Coupon %(code)s: the delivery is free.") % facts
    if offers.discount.amount:
        facts |= {name: cart["coupon"][name]["formatted"] for name in ("discount", "total")}
        return gettext("Coupon %(code)s takes off %(discount)s: %(total)s to pay.") % facts
    if offers.discount.missing:
        facts |= {"sum": coupon.shown(offers.discount.missing).formatted, "gain": gain(coupon)}
        return gettext("Coupon %(code)s does not work yet: %(sum)s more, and it gives %(gain)s.") % facts
    if offers.discount.covers:
        return gettext("Coupon %(code)s covers nothing that is in the cart.") % facts
    return gettext("Coupon %(code)s no longer works: take it off with apply_coupon and an empty code.") % facts
