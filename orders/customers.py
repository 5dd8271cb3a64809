"""Shoppers with an account as the owner sees them: how many chats and orders, what they spent, when they were here."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, Max, Q, Sum

from accounts.models import Person
from carts.models import Session
from orders.models import Order, OrderState
from shopmcp import paging
from shopmcp.money import rounded

_NOT_SOLD = (OrderState.AWAITING, OrderState.CANCELLED)


@dataclass(slots=True)
class Customer:
    """A person with numbers.

    Attributes:
        orders: Those that count, without tests and those that were cancelled or await their payment.
        value: What they cost, by currency.
        seen_at: The last sign-in or call of a chat.
    """

    person: Person
    chats: int = 0
    orders: int = 0
    value: dict[str, Decimal] = field(default_factory=dict)
    seen_at: datetime = datetime.min


def customer_page(search: str = "", *, limit: int = 25, cursor: str = "") -> tuple[list[Customer], str]:
    """Return a page of customers, who signed in last first, and the cursor of the next; three queries.

    Args:
        search: The beginning of an e-mail address, or a part of a name; empty for all.

    Raises:
        InvalidArguments: If the cursor is not of this list.
    """
    rows = Person.objects.select_related("user")
    if search := search.replace("\0", " ").strip():  # which PostgreSQL cannot look for
        rows = rows.filter(Q(user__email__istartswith=search) | Q(name__icontains=search))
    page, following = paging.page("customers", rows, limit, cursor, by="seen_at")
    return with_numbers(page), following


def customer_of(public_id: str) -> Customer | None:
    """Return the customer with this public id."""
    found = Person.objects.select_related("user").filter(public_id=public_id).first()
    return with_numbers([found])[0] if found else None


def with_numbers(people: Iterable[Person]) -> list[Customer]:
    """Return these people with their numbers; two queries."""
    found = {person.pk: Customer(person, seen_at=person.seen_at) for person in people}
    chats = Session.objects.filter(person__in=found).values_list("person").order_by()
    for key, number, last in chats.annotate(Count("pk"), Max("last_seen_at")):
        found[key].chats, found[key].seen_at = number, max(found[key].seen_at, last)
    sums: dict[int, dict[str, Decimal]] = defaultdict(dict)
    orders = Order.objects.real().filter(person__in=found).exclude(state__in=_NOT_SOLD).order_by()
    for key, currency, number, total in orders.values_list("person", "currency").annotate(Count("pk"), Sum("total")):
        found[key].orders += number
        # SQLite adds floats, and its sum has more decimals than money.
        sums[key][currency] = rounded(total, currency)
    for key, value in sums.items():
        found[key].value = value
    return list(found.values())
