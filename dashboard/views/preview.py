"""The widgets as shoppers see them: the real ones over the real tools, in a frame that holds them as a host does."""

from collections.abc import Sequence
from secrets import token_urlsafe
from typing import Any, Final

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp_replace, csp_update
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from carts.conversation import CHECK, MARK_HOLDS, check_mark
from catalog.models import Store
from dashboard.pages import owner_page, show
from shopmcp.mcp.widgets import Widget
from widgets.resources import WIDGETS

# Where the conversation of the preview is kept for the owner's session.
_CHAT: Final = "preview_chat"
# What is shown: the tool that answers it, and the widget.
_SHOWN: Final = {
    "products": ("search_products", _("Search results")),
    "product": ("get_product", _("One product")),
    "cart": ("view_cart", _("The cart")),
}


@owner_page
@require_safe
def preview(request: HttpRequest) -> HttpResponse:
    """The page that plays the host; its chat is marked as a test and counts in no number."""
    chat = request.session.setdefault(_CHAT, f"preview-{token_urlsafe(16)}")
    shown = request.GET.get("show", "")
    shown = shown if shown in _SHOWN else "products"
    host = {
        "tool": _SHOWN[shown][0],
        "words": request.GET.get("q", "")[:200],
        "meta": {CHECK: check_mark()},
        "chat": {"openai/session": chat},
        # The mark of a test ends; what is clicked afterwards would count.
        "seconds": MARK_HOLDS - 120,
    }
    context = {
        "choices": [(name, label) for name, (_tool, label) in _SHOWN.items()],
        "shown": shown,
        "words": host["words"],
        "host": host,
        "frame": reverse("dashboard-preview-widget", args=[shown]),
        "has_stores": Store.objects.exists(),
        "languages": settings.LANGUAGES,
    }
    framing = csp_update({"frame-src": [SELF]})
    return framing(lambda _request: show(request, "dashboard/preview.html", context))(request)  # type: ignore[return-value]  # it is given back as it is


@owner_page
@require_safe
def widget(request: HttpRequest, name: str) -> HttpResponse:
    """The HTML of a widget, with the policy that its resource declares, in a sandbox."""
    found = next((each for each in WIDGETS if each.name == name), None)
    if found is None:
        raise Http404
    held = csp_replace(_policy(found))
    response = HttpResponse(found.html)
    return xframe_options_sameorigin(held(lambda _request: response))(request)  # type: ignore[return-value]  # as above


def _policy(found: Widget) -> dict[str, Any]:
    """The policy that hosts make of what the resource declares."""
    declared = found.meta["ui"]["csp"]
    sites: Sequence[str] = declared["resourceDomains"]
    return {
        "default-src": [NONE],
        "script-src": [UNSAFE_INLINE, *sites],
        "style-src": [UNSAFE_INLINE, *sites],
        "img-src": ["data:", *sites],
        "font-src": [*sites],
        "connect-src": declared["connectDomains"] or [NONE],
        "form-action": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [SELF],
        "sandbox": ["allow-scripts"],
    }
