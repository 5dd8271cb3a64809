"""Orders in the JSON API."""

from typing import Annotated, Final, Literal

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.translation import gettext
from ninja import Router
from ninja.params.functions import Query
from pydantic import BaseModel, Field

from accounts.api import Bearer, StaffSession, require, sees_people
from accounts.models import Scope
from orders.browse import OrderFilter, order_of_number, order_page
from orders.customers import customer_of, customer_page
from orders.models import Order, OrderState
from orders.schemas import (
    ApiOrderOut,
    ApiOrdersOut,
    CustomerOut,
    CustomersOut,
    OrderChange,
    api_order_out,
    customer_out,
)
from orders.services.states import Who, advance, cancel
from shopmcp.api_types import Cursor, ErrorOut, Limit, Moment, name, text
from shopmcp.errors import Forbidden, NotFound

orders = Router(tags=["orders"], auth=[Bearer(Scope.ORDERS), StaffSession()])
customers = Router(tags=["customers"], auth=[Bearer(Scope.PEOPLE), StaffSession()])
_SEE_PEOPLE: Final = "orders.see_people"
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
    with_people = sees_people(request, _SEE_PEOPLE)
    page, following = order_page(OrderFilter(**asked.model_dump(), by_people=with_people), limit=limit, cursor=cursor)
    shown = [api_order_out(order, with_people=with_people) for order in page]
    return ApiOrdersOut(orders=shown, next_cursor=following or None)


@orders.get("/{number}", response=ApiOrderOut, summary="Get an order", operation_id="get_order")
def get_order(request: HttpRequest, number: OrderNumber) -> ApiOrderOut:
    """One order with its lines."""
    require(request, "orders.view_order")
    return api_order_out(_found(number), with_people=sees_people(request, _SEE_PEOPLE))


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
    return api_order_out(_found(number), with_people=sees_people(request, _SEE_PEOPLE))


@customers.get("", response=CustomersOut, summary="List customers", operation_id="list_customers")
def list_customers(
    request: HttpRequest,
    search: Annotated[str, text(200, "The beginning of an e-mail address, or a part of a name.")] = "",
    limit: Limit = 25,
    cursor: Cursor = "",
) -> CustomersOut:
    """Shoppers with an account, who signed in last first. It needs the scope `people`."""
    _demand_people(request)
    page, following = customer_page(search, limit=limit, cursor=cursor)
    return CustomersOut(customers=[customer_out(each) for each in page], next_cursor=following or None)


@customers.get("/{customer_id}", response=CustomerOut, summary="Get a customer", operation_id="get_customer")
def get_customer(
    request: HttpRequest, customer_id: Annotated[str, name(18, "The public id.", "p_k3v7m2x5q4a6b2cd")]
) -> CustomerOut:
    """One shopper with an account. It needs the scope `people`."""
    _demand_people(request)
    if (found := customer_of(customer_id)) is None:
        raise NotFound(gettext("There is no such customer."), fix=gettext("List the customers, and use the id of one."))
    return customer_out(found)


def _demand_people(request: HttpRequest) -> None:
    if not sees_people(request, _SEE_PEOPLE):
        raise Forbidden(
            gettext("You may not do this: the permission %(name)s is missing.") % {"name": _SEE_PEOPLE},
            fix=gettext("Ask a superuser to give it to you in the admin."),
        )


def _found(number: str) -> Order:
    if (order := order_of_number(number)) is None:
        raise NotFound(gettext("There is no such order."), fix=gettext("List the orders and use the number of one."))
    return order


def _who(request: HttpRequest) -> Who:
    user = request.auth  # type: ignore[attr-defined]  # ninja sets it
    return Who(Order.Actor.OWNER, user.get_username() if isinstance(user, User) else f"API: {user.name}")
