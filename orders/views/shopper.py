"""What all pages for shoppers have in common: their language, their headers, and refusals in words."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, Final, ParamSpec

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.response import SimpleTemplateResponse
from django.utils import timezone, translation
from django.utils.cache import add_never_cache_headers
from django.utils.encoding import escape_uri_path
from django.utils.translation import check_for_language
from django.views.decorators.csrf import csrf_exempt

from catalog.models import Store
from shopmcp import metrics
from shopmcp.errors import Forbidden, ShopError, TooMany
from shopmcp.network import network_of
from shopmcp.throttle import NetworkBuckets, Rate

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]

# Requests for these pages from one network; a shopper's phone asks for a page with a dozen images.
page_views: Final = NetworkBuckets("page-views", lambda: Rate(10, 600))
_STATUS: Final = {
    "not_found": 404,
    "too_many_requests": 429,
    "forbidden": 403,
    "invalid_arguments": 400,
    "disk_full": 503,
    "ordered": 410,
}
_YEAR: Final = 365 * 24 * 3600


def shopper_page(view: View[P]) -> View[P]:
    """Make a page that its address alone opens: never cached, not in search engines, and no word of it to other sites.

    Its forms need no CSRF token: who may send them is told by the address, which other sites do not know. A browser
    that must not tell the address sends no origin either, which Django's check would refuse.
    """
    return csrf_exempt(_shown(view, "no-referrer"))


def account_page(view: View[P]) -> View[P]:
    """Make a page of whoever is signed in: as `shopper_page`, but a session opens it, so its forms need CSRF tokens."""
    return _shown(view, "same-origin")


def _shown(view: View[P], referrer: str) -> View[P]:
    @wraps(view)
    def seen(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        # What `speak` chooses ends with the request.
        with translation.override(translation.get_language()), timezone.override(timezone.get_current_timezone()):
            try:
                _admit(request)
                response = _chosen_language(request) or view(request, *args, **kwargs)
            except ShopError as refusal:
                if isinstance(refusal, TooMany):
                    metrics.limit_hit("pages")
                response = refused(request, refusal)
            if isinstance(response, SimpleTemplateResponse):
                response.render()  # while its language is the reader's
            response.headers.setdefault("Content-Language", translation.get_language() or settings.LANGUAGE_CODE)
        response["Referrer-Policy"] = referrer
        response["X-Robots-Tag"] = "noindex, nofollow"
        if "Cache-Control" not in response:
            add_never_cache_headers(response)
        return response

    return seen


def speak(request: HttpRequest, language: str, store: Store | None = None) -> None:
    """Use the language that the reader chose, or else this one, for the rest of the page, and the store's hours."""
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    translation.activate(chosen if chosen in dict(settings.LANGUAGES) else language)
    if store is not None:
        timezone.activate(store.zone)


def network(request: HttpRequest) -> str:
    """Return the network that the request comes from."""
    return network_of(request.META.get("REMOTE_ADDR") or "")


def refused(request: HttpRequest, refusal: ShopError) -> HttpResponse:
    """Answer with the words of a refusal."""
    response = render(request, "orders/refusal.html", {"refusal": refusal}, status=_STATUS.get(refusal.code, 409))
    if refusal.retry_after is not None:
        response["Retry-After"] = str(refusal.retry_after)
    return response


def _admit(request: HttpRequest) -> None:
    if wait := page_views.take(network(request)):
        raise TooMany(wait)
    if request.method == "POST" and request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site"):
        raise Forbidden(
            translation.gettext("This form came from another site, so nothing was done."),
            fix=translation.gettext("Open the page itself, and send the form there."),
        )


def _chosen_language(request: HttpRequest) -> HttpResponse | None:
    """Keep the language that a link of the page asks for, and lead back to the page."""
    language = request.GET.get("lang", "")
    if request.method != "GET" or language not in dict(settings.LANGUAGES) or not check_for_language(language):
        return None
    query = request.GET.copy()
    del query["lang"]
    response = HttpResponse(
        status=303, headers={"Location": f"?{query.urlencode()}" if query else escape_uri_path(request.path)}
    )
    keep_language(response, language)
    return response


def keep_language(response: HttpResponse, language: str) -> None:
    """Let the browser keep the language that its reader chose."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=_YEAR,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
