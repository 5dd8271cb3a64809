"""The addresses of the shop's systems: a form for each, its log, and what can be done with it."""

from collections.abc import Callable, Iterable

from django.contrib import messages
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard.pages import demand, in_place, owner_page, show
from dashboard.webhook_forms import PEOPLE, WebhookForm, needed
from outbox.models import KINDS, Attempt, Endpoint, Message
from outbox.services import endpoints as services
from outbox.services import replay as replay_messages
from shopmcp import paging
from shopmcp.errors import ShopError

_PER_PAGE = 25
# Where a new secret waits for the page that shows it once.
_SECRET = "webhook_secret"


@owner_page
@require_safe
def webhooks(request: HttpRequest) -> HttpResponse:
    """All webhooks with their state."""
    return show(request, "dashboard/webhooks.html", {"endpoints": list(Endpoint.objects.all()), "kinds": KINDS})


@owner_page
@require_http_methods(["GET", "HEAD", "POST"])
def new_webhook(request: HttpRequest) -> HttpResponse:
    """A form for a new webhook."""
    demand(request, "outbox.add_endpoint")
    form = WebhookForm(request.POST or None, may_share=request.user.has_perm(PEOPLE))
    if request.method == "POST" and form.is_valid():
        _demand_what_it_tells(request, form.cleaned_data["event_types"])
        try:
            endpoint = services.make_endpoint(**form.cleaned_data)
        except ShopError as refusal:
            _tell_beside(form, refusal)
        else:
            return _with_secret(request, endpoint, endpoint.secret)
    return show(request, "dashboard/webhook_form.html", {"form": form, "endpoint": None})


@owner_page
@require_safe
def webhook(request: HttpRequest, public_id: str) -> HttpResponse:
    """A webhook with its log; after it was made or its secret changed, once with the secret."""
    endpoint = _found(public_id)
    cursor = request.GET.get("cursor", "")
    log = endpoint.messages.prefetch_related(Prefetch("attempts", Attempt.objects.order_by("id")))
    rows, following = paging.page("webhook-log", log, _PER_PAGE, cursor)
    context = {
        "endpoint": endpoint,
        "events": [KINDS.get(name, name) for name in endpoint.event_types],
        "rows": rows,
        "cursor": cursor,
        "following": following,
        "has_failed": endpoint.messages.failed().exists(),
        "may_change": request.user.has_perm("outbox.change_endpoint")
        and (not endpoint.with_people or request.user.has_perm(PEOPLE)),
        # A page that updates in place must not take it from the one that waits for it.
        "secret": "" if in_place(request) else _taken_secret(request, endpoint),
    }
    return show(request, "dashboard/webhook.html", context)


@owner_page
@require_http_methods(["GET", "HEAD", "POST"])
def change_webhook(request: HttpRequest, public_id: str) -> HttpResponse:
    """A form for a webhook."""
    demand(request, "outbox.change_endpoint")
    endpoint = _changeable(request, public_id)
    fields = ("name", "address", "event_types", "store", "with_people")
    initial = {name: getattr(endpoint, name) for name in fields}
    form = WebhookForm(request.POST or None, initial=initial, may_share=request.user.has_perm(PEOPLE))
    if request.method == "POST" and form.is_valid():
        _demand_what_it_tells(request, form.cleaned_data["event_types"])
        try:
            services.change_endpoint(endpoint, **form.cleaned_data)
        except ShopError as refusal:
            _tell_beside(form, refusal)
        else:
            messages.success(request, gettext("Saved: %(name)s.") % {"name": endpoint})
            return redirect("dashboard-webhook", endpoint.public_id)
    return show(request, "dashboard/webhook_form.html", {"form": form, "endpoint": endpoint})


@owner_page
@require_POST
def act_on_webhook(request: HttpRequest, public_id: str, action: str) -> HttpResponse:
    """Test, pause, resume or delete a webhook, change its secret, or send again what failed."""
    if action not in _ACTIONS:
        raise Http404(gettext("There is no such action."))
    demand(request, "outbox.delete_endpoint" if action == "delete" else "outbox.change_endpoint")
    endpoint = _changeable(request, public_id)
    if action == "rotate":
        return _with_secret(request, endpoint, services.rotate_secret(endpoint))
    try:
        messages.success(request, _ACTIONS[action](endpoint))
    except ShopError as refusal:
        messages.error(request, refusal.text)
    return redirect("dashboard-webhooks") if action == "delete" else redirect("dashboard-webhook", public_id)


@owner_page
@require_POST
def replay(request: HttpRequest, public_id: str) -> HttpResponse:
    """Send one message of a webhook's log once more."""
    demand(request, "outbox.change_endpoint")
    message = get_object_or_404(Message.objects.exclude(endpoint=None).select_related("endpoint"), public_id=public_id)
    assert message.endpoint is not None
    _demand_to_know(request, message.endpoint)
    if replay_messages(Message.objects.filter(pk=message.pk)):
        messages.success(request, gettext("The message is sent again, with its id."))
    else:
        messages.success(request, gettext("The message waits already."))
    return redirect("dashboard-webhook", message.endpoint.public_id)


def _test(endpoint: Endpoint) -> str:
    services.send_test(endpoint)
    return gettext("A test is on its way; the log says what is answered.")


def _pause(endpoint: Endpoint) -> str:
    services.pause(endpoint)
    return gettext("Paused: its messages wait.")


def _resume(endpoint: Endpoint) -> str:
    services.resume(endpoint)
    return gettext("Resumed: what waited is sent now.")


def _replay_failed(endpoint: Endpoint) -> str:
    count = services.replay_failed(endpoint)
    said = ngettext("%(count)d message is sent again.", "%(count)d messages are sent again.", count)
    return said % {"count": count}


def _delete(endpoint: Endpoint) -> str:
    name = str(endpoint)
    services.delete_endpoint(endpoint)
    return gettext("Deleted: %(name)s.") % {"name": name}


# Each does its work and says so. The secret's change leads to a page that shows it.
_ACTIONS: dict[str, Callable[[Endpoint], str]] = {
    "test": _test,
    "pause": _pause,
    "resume": _resume,
    "replay": _replay_failed,
    "delete": _delete,
    "rotate": services.rotate_secret,
}


def _found(public_id: str) -> Endpoint:
    return get_object_or_404(Endpoint, public_id=public_id)


def _changeable(request: HttpRequest, public_id: str) -> Endpoint:
    endpoint = _found(public_id)
    _demand_to_know(request, endpoint)
    return endpoint


def _demand_to_know(request: HttpRequest, endpoint: Endpoint) -> None:
    """Answer 403 to whoever may not know what the webhook is told: another address would tell them."""
    _demand_what_it_tells(request, endpoint.event_types)
    if endpoint.with_people:
        demand(request, PEOPLE)


def _demand_what_it_tells(request: HttpRequest, event_types: Iterable[str]) -> None:
    for permission in needed(event_types):
        demand(request, permission)


def _tell_beside(form: WebhookForm, refusal: ShopError) -> None:
    form.add_error("address" if refusal.code == "invalid_arguments" else None, refusal.text)


def _with_secret(request: HttpRequest, endpoint: Endpoint, secret: str) -> HttpResponse:
    request.session[_SECRET] = [endpoint.public_id, secret]
    return redirect("dashboard-webhook", endpoint.public_id)


def _taken_secret(request: HttpRequest, endpoint: Endpoint) -> str:
    public_id, secret = request.session.get(_SECRET, ("", ""))
    if public_id != endpoint.public_id:
        return ""
    del request.session[_SECRET]
    return str(secret)
