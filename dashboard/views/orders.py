"""The list of orders, one order with what can be done about it, and the list as a file."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard.exports import csv_file
from dashboard.order_forms import AmountForm, LinesForm, OrderFilterForm
from dashboard.pages import demand, owner_page, show
from orders.browse import OrderFilter, order_of_number, order_page, orders_in_turn
from orders.links import link_of
from orders.models import Capture, Order, OrderEvent, OrderState, Refund
from orders.receipt import Receipt
from orders.services.captures import let_go, take_payment
from orders.services.changing import change_lines
from orders.services.held import Held
from orders.services.refunds import refund
from orders.services.states import FROM, Who, advance, cancel, note_payment, note_refund
from shopmcp.errors import ShopError
from shopmcp.money import money

_PER_PAGE: Final = 25
_MOST_EXPORTED: Final = 10_000
_SEE_PEOPLE: Final = "orders.see_people"
_REFUND: Final = "orders.refund"


@owner_page
@require_safe
def orders(request: HttpRequest) -> HttpResponse:
    """Orders by the filters of the query string, the newest first."""
    demand(request, "orders.view_order")
    form = _filters(request)
    page, cursor = order_page(form.asked, limit=_PER_PAGE, cursor=request.GET.get("cursor", ""))
    context = {
        "form": form,
        "rows": page,
        "cursor": cursor,
        "sees_people": request.user.has_perm(_SEE_PEOPLE),
        "new": Order.objects.real().filter(state=OrderState.PLACED).capped_count(),
        "narrowed": form.asked != OrderFilter(by_people=form.asked.by_people),
    }
    return show(request, "dashboard/orders.html", context)


@owner_page
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """The same orders as a CSV file, a row for each line, up to ten thousand orders."""
    demand(request, "orders.view_order")
    sees_people = request.user.has_perm(_SEE_PEOPLE)
    header = [
        _("Number"), _("State"), _("Test"), _("Store"), _("Placed"), _("Product"), _("Name"), _("Quantity"), _("Price"),
        _("Line"), _("Discount"), _("Tax"), _("Delivery"), _("Total"), _("Currency"), _("Payment"),
        _("Authorised"), _("Paid"), _("Paid back"),
    ]  # fmt: skip
    if sees_people:
        header += [_("Buyer"), _("Phone"), _("E-mail"), _("Address"), _("Note")]
    found = orders_in_turn(_filters(request).asked, most=_MOST_EXPORTED)
    return csv_file("orders", header, (row for order in found for row in _cells(order, sees_people=sees_people)))


@owner_page
@require_safe
def order(request: HttpRequest, number: str) -> HttpResponse:
    """One order."""
    demand(request, "orders.view_order")
    found = _found(number)
    context = _facts(request, found) | {
        "receipt": Receipt.of(found, found.lines.all()),
        "events": found.events.all(),
        "to_be_checked": found.payment_reports.to_be_checked(),
        "online_payments": list(found.online_payments.order_by("id")),
        "refunds": found.refunds.select_related("payment"),
        "held": Held.of(found),
        "page": link_of(found.number, full=False),
        "expired": found.payment_state == Order.PaymentState.UNPAID and _last_ended(found),
    }
    return show(request, "dashboard/order.html", context)


@owner_page
@require_safe
def slip(request: HttpRequest, number: str) -> HttpResponse:
    """The paper that goes with the goods."""
    demand(request, "orders.view_order")
    found = _found(number)
    context = _facts(request, found) | {"receipt": Receipt.of(found, found.lines.all())}
    return render(request, "dashboard/packing_slip.html", context)


@owner_page
@require_POST
def act(request: HttpRequest, number: str) -> HttpResponse:
    """Do one of the actions of an order's page."""
    demand(request, "orders.change_order")
    found = _found(number)
    action = _ACTIONS.get(request.POST.get("do", ""))
    if action is None:
        raise Http404
    try:
        is_done = action(request, found)
    except ShopError as refusal:
        messages.error(request, refusal.text)
    else:
        if is_done is not False:
            messages.success(request, _("Done. The buyer is told by mail, if the order has an address."))
    return redirect("dashboard-order", found.number)


@owner_page
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, number: str) -> HttpResponse:
    """A form for what is in an order, before it is ready."""
    demand(request, "orders.change_order")
    found = _found(number)
    form = LinesForm(found, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            change_lines(found.number, _who(request), form.edits, form.why, version=_version(request))
        except ShopError as refusal:
            messages.error(request, refusal.text)
        else:
            messages.success(request, _("The order was changed, and the buyer is told what it costs now."))
            return redirect("dashboard-order", found.number)
    return show(request, "dashboard/order_change.html", {"order": found, "form": form})


def _filters(request: HttpRequest) -> OrderFilterForm:
    form = OrderFilterForm(request.GET, sees_people=request.user.has_perm(_SEE_PEOPLE))
    form.is_valid()
    return form


def _found(number: str) -> Order:
    if (found := order_of_number(number)) is None:
        raise Http404(_("There is no such order."))
    return found


def _facts(request: HttpRequest, found: Order) -> dict[str, Any]:
    user = request.user
    return {
        "order": found,
        "sees_people": user.has_perm(_SEE_PEOPLE),
        "may_change": user.has_perm("orders.change_order"),
        "may_refund": user.has_perm(_REFUND),
        "next": [state for state, states in FROM.items() if found.state in states and state != OrderState.CANCELLED],
        "can_be_cancelled": found.state in FROM[OrderState.CANCELLED],
    }


def _who(request: HttpRequest) -> Who:
    return Who(Order.Actor.OWNER, request.user.get_username())


def _version(request: HttpRequest) -> int | None:
    text = request.POST.get("version", "")
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _amount(request: HttpRequest) -> Decimal:
    form = AmountForm(request.POST)
    return form.cleaned_data["amount"] if form.is_valid() and "amount" in form.cleaned_data else Decimal(0)


def _advance(state: OrderState) -> Callable[[HttpRequest, Order], object]:
    def go_on(request: HttpRequest, found: Order) -> None:
        order = advance(found.number, state, _who(request), version=_version(request))
        if state == OrderState.COMPLETED and order.to_take:
            messages.warning(request, _("The order is completed, and its payment is not taken yet: take it now."))

    return go_on


def _cancel(request: HttpRequest, found: Order) -> None:
    cancel(found.number, _who(request), request.POST.get("reason", ""), version=_version(request))


def _pay(request: HttpRequest, found: Order) -> None:
    note_payment(found.number, _who(request), _amount(request), version=_version(request))


def _pay_back(request: HttpRequest, found: Order) -> None:
    demand(request, _REFUND)
    reason = request.POST.get("reason", "")
    note_refund(found.number, _who(request), _amount(request), reason, version=_version(request))


def _refund(request: HttpRequest, found: Order) -> bool:
    demand(request, _REFUND)
    text = request.POST.get("payment", "")
    payment = int(text) if text.isdecimal() and len(text) < 19 else 0
    reason = request.POST.get("reason", "")
    done = refund(found.number, _who(request), _amount(request), reason, payment=payment, version=_version(request))
    if done.state != Refund.State.PENDING:
        return True
    messages.info(request, _("The provider has not said yet that it pays back. The shop asks it again by itself."))
    return False


def _take(request: HttpRequest, found: Order) -> bool:
    demand(request, _REFUND)
    done = take_payment(found.number, _who(request), version=_version(request))
    if all(capture.state != Capture.State.PENDING for capture in done):
        return True
    messages.info(
        request, _("The provider has not said yet that it takes the payment. The shop asks it again by itself.")
    )
    return False


def _let_go(request: HttpRequest, found: Order) -> None:
    demand(request, _REFUND)
    let_go(found.number, _who(request), version=_version(request))


def _last_ended(found: Order) -> bool:
    """Whether the last that happened to its payment is that an authorisation ended by itself."""
    kinds = (OrderEvent.Kind.AUTHORISED, OrderEvent.Kind.PAID, OrderEvent.Kind.RELEASED, OrderEvent.Kind.EXPIRED)
    last = [event.kind for event in found.events.all() if event.kind in kinds]
    return last[-1:] == [OrderEvent.Kind.EXPIRED]


_ACTIONS: Final[dict[str, Callable[[HttpRequest, Order], object]]] = {
    **{state.value: _advance(state) for state in (OrderState.CONFIRMED, OrderState.READY, OrderState.COMPLETED)},
    "cancel": _cancel,
    "paid": _pay,
    "refund": _pay_back,
    "refund-online": _refund,
    "take": _take,
    "let-go": _let_go,
}


def _cells(found: Order, *, sees_people: bool) -> list[list[Any]]:
    """A row for each line; the sums of the order stand in the first."""

    def shown(*values: Decimal) -> list[str]:
        # With the digits of its currency: a third one makes thousands of it in some spreadsheets.
        return [money(value, found.currency, "en").amount for value in values]

    rows = []
    for place, line in enumerate(found.lines.all()):
        sums = shown(found.delivery_price, found.total) if place == 0 else ["", ""]
        paid = shown(found.authorised, found.paid, found.refunded) if place == 0 else ["", "", ""]
        row = [
            found.shown_number, found.get_state_display(), _("test") if found.is_test else "", found.store.slug,
            found.placed_at.astimezone(found.store.zone).isoformat(timespec="seconds"), line.product_id_then, line.name,
            line.quantity, *shown(line.unit_price, line.total, line.discount, line.tax), *sums, found.currency,
            f"{found.get_payment_display()}: {found.get_payment_state_display()}", *paid,
        ]  # fmt: skip
        if sees_people:
            row += [found.name, found.phone, found.email, ", ".join(found.address), found.note]
        rows.append(row)
    return rows
