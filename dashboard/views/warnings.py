"""The pages of signs that chats are not kept apart, with checks whether one is fixed."""

from typing import Annotated
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe
from pydantic import BaseModel, StringConstraints, ValidationError

from carts.services import warnings as services
from dashboard.checks import Check, check_since
from dashboard.pages import owner_page, show
from dashboard.signs import KINDS, Sign, attention, banner, groups_of, settled
from shopmcp.api_types import PLAIN, Moment
from shopmcp.errors import NotProven

_ACTIONS: dict[str, tuple[services.WarningState, Promise]] = {
    "fixed": ("fixed", _("Marked as fixed. If it happens again, it is shown again.")),
    "mute": ("muted", _("Muted: this kind of warning is no longer shown for this client.")),
    "unmute": ("unmuted", _("This warning is shown again when it happens.")),
}


class _Check(BaseModel):
    """The query string of a check."""

    check: Annotated[str, StringConstraints(max_length=60, pattern=PLAIN)]
    since: Moment


@owner_page
@require_safe
def warnings(request: HttpRequest) -> HttpResponse:
    """Whether chats are kept apart, the open signs, and the settled warnings."""
    signs = attention()
    context = {"signs": signs, "settled": settled(), "isolation": banner()}
    return show(request, "dashboard/warnings.html", context, signs)


@owner_page
@require_safe
def warning(request: HttpRequest, kind: str) -> HttpResponse:
    """One kind of sign by client; with `check` and `since`, the result of the check of that client."""
    _demand(kind)
    context = {"sign": Sign(kind), "groups": groups_of(kind), "checked": _checked(request, kind)}
    return show(request, "dashboard/warning.html", context)


@owner_page
@require_POST
def check(request: HttpRequest, kind: str) -> HttpResponse:
    """Start a check, which waits for the client's next call."""
    _demand(kind)
    asked = urlencode({"check": request.POST.get("client", "")[:60], "since": timezone.now().isoformat()})
    return HttpResponseRedirect(f"{reverse('dashboard-warning', args=[kind])}?{asked}")


@owner_page
@require_POST
def settle(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark a warning as fixed, mute it, or listen to it again."""
    if (action := _ACTIONS.get(request.POST.get("action", ""))) is None:
        raise Http404(gettext("There is no such action."))
    state, said = action
    try:
        services.settle(pk, state)
    except NotProven as refusal:
        messages.error(request, refusal.text)
    else:
        messages.success(request, str(said))
    return redirect("dashboard-warnings")


def _demand(kind: str) -> None:
    if kind not in KINDS:
        raise Http404(gettext("There is no such kind of warning."))


def _checked(request: HttpRequest, kind: str) -> Check | None:
    """Return the check of the query string, with its result so far."""
    try:
        asked = _Check.model_validate(request.GET.dict())
    except ValidationError:
        return None
    return check_since(kind, asked.check, min(asked.since, timezone.now()))
