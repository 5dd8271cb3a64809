"""Mail, alarms and webhooks that are not sent: what waits, what was given up, and what can be done with it."""

from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_POST, require_safe

from dashboard.message_texts import reason_of, subject_of
from dashboard.pages import demand, owner_page, show
from outbox.models import Message, MessageQuerySet
from outbox.services import drop, try_again
from shopmcp import paging

_MAY_CHANGE: Final = "outbox.change_message"
_MAY_SEE_PEOPLE: Final = "orders.see_people"
_PER_PAGE: Final = 25
_PAGES: Final = {"waiting": "dashboard-messages", "failed": "dashboard-messages-failed"}

_ORDERS: Final = {"waiting": "id", "failed": "failed_at"}


@dataclass(frozen=True, slots=True)
class MessageItem:
    """A message in words; `answered` is the last error as it came, which may name a person."""

    message: Message
    subject: str
    reason: str
    answered: str


@owner_page
@require_safe
def waiting(request: HttpRequest) -> HttpResponse:
    """What waits to be sent, the newest first."""
    return _list(request, "waiting")


@owner_page
@require_safe
def failed(request: HttpRequest) -> HttpResponse:
    """What was given up, the last one first."""
    return _list(request, "failed")


@owner_page
@require_POST
def act(request: HttpRequest) -> HttpResponse:
    """Send again or drop one message, or all that wait or were given up."""
    demand(request, _MAY_CHANGE)
    state, message = request.POST.get("state", ""), request.POST.get("message", "")
    if state not in _PAGES or request.POST.keys().isdisjoint({"again", "drop"}):
        raise Http404
    chosen = Message.objects.filter(public_id=message.replace("\0", "")) if message else _of(state)
    if "again" in request.POST:
        count = try_again(chosen)
        said = ngettext("%(count)d message is tried again.", "%(count)d messages are tried again.", count)
    else:
        count = drop(chosen)
        said = ngettext("%(count)d message is dropped.", "%(count)d messages are dropped.", count)
    if count:
        messages.success(request, said % {"count": count})
    else:
        messages.warning(request, gettext("Nothing was changed: it was sent since, or is being sent now."))
    return redirect(_PAGES[state])


def _of(state: str) -> MessageQuerySet:
    return Message.objects.waiting() if state == "waiting" else Message.objects.failed()


def _list(request: HttpRequest, state: str) -> HttpResponse:
    cursor, sees_people = request.GET.get("cursor", ""), request.user.has_perm(_MAY_SEE_PEOPLE)
    found = _of(state).select_related("endpoint").defer("payload")
    rows, following = paging.page(f"messages-{state}", found, _PER_PAGE, cursor, by=_ORDERS[state])
    context = {
        "state": state,
        "rows": [_item(message, sees_people=sees_people) for message in rows],
        "counts": {name: _of(name).capped_count() for name in _PAGES},
        "cursor": cursor,
        "following": following,
        "mail_is_set": settings.MAIL_IS_SET,
        "may_change": request.user.has_perm(_MAY_CHANGE),
    }
    return show(request, "dashboard/messages.html", context)


def _item(message: Message, *, sees_people: bool) -> MessageItem:
    # What a mail server answers names the address.
    shown = sees_people or message.channel != Message.Channel.EMAIL
    return MessageItem(message, subject_of(message), reason_of(message), message.last_error if shown else "")
