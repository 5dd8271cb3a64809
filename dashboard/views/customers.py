"""Shoppers with an account: the list, one of them, and the end of a link."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from carts.marks import marks_of
from carts.models import Session
from dashboard.pages import demand, owner_page, show
from dashboard.texts import client_name
from orders.customers import customer_of, customer_page
from orders.handoff.access import unlink as end_link
from orders.models import Order

_PER_PAGE = 25
_MOST = 50


@owner_page
@require_safe
def customers(request: HttpRequest) -> HttpResponse:
    """Customers, who signed in last first."""
    demand(request, "orders.see_people")
    search = request.GET.get("search", "")[:200]
    rows, cursor = customer_page(search, limit=_PER_PAGE, cursor=request.GET.get("cursor", ""))
    return show(request, "dashboard/customers.html", {"rows": rows, "cursor": cursor, "search": search})


@owner_page
@require_safe
def customer(request: HttpRequest, public_id: str) -> HttpResponse:
    """One customer: chats and orders in the order of time."""
    demand(request, "orders.see_people")
    if (found := customer_of(public_id)) is None:
        raise Http404(_("There is no such customer."))
    chats = list(Session.objects.of_person(found.person).chats()[:_MOST])
    marks = marks_of(chats, searches_of=chats)
    orders = list(Order.objects.of_person(found.person).newest_first().select_related("store")[:_MOST])
    story = [
        *((chat.linked_at, "linked", chat, None) for chat in chats if chat.linked_at),
        *((order.placed_at, "ordered", None, order) for order in orders),
        (found.person.created_at, "joined", None, None),
    ]
    context = {
        "customer": found,
        "chats": [(chat, client_name(chat.client), marks[chat.pk]) for chat in chats],
        "orders": orders,
        "story": sorted(story, key=lambda step: step[0], reverse=True),
    }
    return show(request, "dashboard/customer.html", context)


@owner_page
@require_POST
def unlink(request: HttpRequest, public_id: str) -> HttpResponse:
    """End the link of a session with an account, for both."""
    demand(request, "orders.see_people")
    demand(request, "carts.change_session")
    found = get_object_or_404(Session.objects.select_related("person"), public_id=public_id)
    if found.person is not None:
        end_link(public_id, found.person)
    messages.success(request, _("The chat is linked to no account now."))
    return redirect("dashboard-session", public_id)
