"""Access, time zone and in-place updates of the owner's pages."""

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib.admin.views.decorators import staff_member_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache

from dashboard.signs import Sign, attention
from shopmcp.errors import ShopError
from shopmcp.zones import zone_of

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def owner_page(view: View[P]) -> View[P]:
    """Make a page for staff, in the reader's time zone. Others are sent to sign in; a refusal is a 404."""
    guarded = staff_member_required(view)

    @never_cache
    @wraps(view)
    def seen(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if in_place(request) and not _may_enter(request):
            # htmx would paste the sign-in page into the old one, so tell it to reload.
            return HttpResponse(status=204, headers={"HX-Refresh": "true"})
        with timezone.override(zone_of(request)):
            try:
                return guarded(request, *args, **kwargs)
            except ShopError as refusal:
                raise Http404(refusal.message) from refusal

    return seen


def demand(request: HttpRequest, permission: str) -> None:
    """Answer 403 to a member of staff without this permission of Django's."""
    if not request.user.has_perm(permission):
        raise PermissionDenied


def in_place(request: HttpRequest) -> bool:
    """Whether the request comes from htmx, which needs only the part of the page that changes."""
    return "HX-Request" in request.headers


def number(request: HttpRequest, name: str) -> int | None:
    """Return a whole number of the query string that fits into a column, or None."""
    text = request.GET.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 19 else None


def show(
    request: HttpRequest, template: str, context: Mapping[str, Any], signs: Sequence[Sign] | None = None
) -> HttpResponse:
    """Answer with a page, or with its changing part for an in-place update.

    Args:
        signs: The open signs, if the view has read them already.
    """
    layout = "dashboard/part.html" if in_place(request) else "dashboard/page.html"
    facts = {"layout": layout, "attention": attention() if signs is None else signs, **context}
    response = render(request, template, facts)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _may_enter(request: HttpRequest) -> bool:
    return request.user.is_active and request.user.is_staff
