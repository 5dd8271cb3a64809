"""Orders in the JSON API."""

from typing import Annotated, Literal

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.translation import gettext
from ninja import Router
from ninja.params.functions import Query
from pydantic import BaseModel, Field

from accounts.api import Bearer, StaffSession, require, sees_people
from accounts.models import Scope
from orders.browse import OrderFilter, order_of_number, order_page
from orders.models import Order, OrderState
from orders.schemas import ApiOrderOut, ApiOrdersOut, OrderChange, api_order_out
from orders.services.states import Who, advance, cancel
from shopmcp.api_types import Cursor, ErrorOut, Limit, Moment, name, text
from shopmcp.errors import NotFound

orders = Router(tags=["orders"], auth=[Bearer(Scope.ORDERS), StaffSession()])
OrderNumber = Annotated[str, name(20, "The number of an order, with or without dashes.", "K7M-29Q-XFM")]


class OrderQuery(BaseModel):
    """Which orders to list."""

    state: Literal["", "open", "awaiting", "placed", "confirmed", "ready", "completed", "cancelled"] = Field(
        "", description="`open` for placed, confirmed or ready."
    )
    store: Annotated[str, text(40, "Only this store, by its slug.")] = ""
    search: Annotated[str, text(200, "A number; with the scope `people` a phone, an e-mail or a name too.")] = ""
    since: Moment | None = Field(None, description="Placed then or later.")
    until: Moment | None = Field(None, description="Placed before.")


@orders.get("", response=ApiOrdersOut, summary="List orders", operation_id="list_all_orders")
def list_orders(
    request: HttpRequest, asked: Annotated[OrderQuery, Query()], limit: Limit = 25, cursor: Cursor = ""
) -> ApiOrdersOut:
    """Orders with their lines, the newest first. Buyers are in it only with the scope `people`."""
    require(request, "orders.view_order")
    with_people = sees_people(request, "orders.see_people")
    page, following = order_page(OrderFilter(**asked.model_dump(), by_people=with_people), limit=limit, cursor=cursor)
    shown = [api_order_out(order, with_people=with_people) for order in page]
    return ApiOrdersOut(orders=shown, next_cursor=following or None)


@orders.get("/{number}", response=ApiOrderOut, summary="Get an order", operation_id="get_order")
def get_order(request: HttpRequest, number: OrderNumber) -> ApiOrderOut:
    """One order with its lines."""
    require(request, "orders.view_order")
    return api_order_out(_found(number), with_people=sees_people(request, "orders.see_people"))


@orders.patch(
    "/{number}", response={200: ApiOrderOut, 409: ErrorOut}, summary="Bring an order on", operation_id="change_order"
)
def change_order(request: HttpRequest, number: OrderNumber, change: OrderChange) -> ApiOrderOut:
    """Confirm an order, make it ready, complete or cancel it. The buyer is told.

    It is refused with 409 if the order is not in a state from which it comes there.
    """
    require(request, "orders.change_order")
    found, who = _found(number), _who(request)
    if change.state == "cancelled":
        cancel(found.number, who, change.reason)
    else:
        advance(found.number, OrderState(change.state), who)
    return api_order_out(_found(number), with_people=sees_people(request, "orders.see_people"))


def _found(number: str) -> Order:
    if (order := order_of_number(number)) is None:
        raise NotFound(gettext("There is no such order."), fix=gettext("List the orders and use the number of one."))
    return order


def _who(request: HttpRequest) -> Who:
    user = request.auth  # type: ignore[attr-defined]  # ninja sets it
    return Who(Order.Actor.OWNER, user.get_username() if isinstance(user, User) else f"API: {user.name}")
