"""The project's own pages: the landing page, sign-in by a link, health and the error pages."""

import logging
import sys
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.sessions.exceptions import SessionInterrupted
from django.core.exceptions import DisallowedHost
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.utils import translation
from django.utils.cache import add_never_cache_headers
from django.utils.translation import get_language_from_request
from django.utils.translation import gettext as _
from django.views import defaults
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from accounts.services.staff_links import mail_link
from catalog.models import Store
from shopmcp import metrics, sign_in
from shopmcp.api import RETRY_AFTER, busy, get_health
from shopmcp.errors import NotFound, ShopError, TooMany
from shopmcp.network import FORWARDED_HOST, UNKNOWN, network_of

logger = logging.getLogger("shopmcp.views")
# Of those that the first page names.
_MOST_STORES = 20
_AWAY = (OperationalError, InterfaceError)


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """Tell shoppers how to shop, the owner how to connect chats, and developers what answers; one query."""
    public = settings.PUBLIC_URL
    told = {"mcp_url": f"{public}/mcp", "reachable": public.startswith("https://")}
    # Whoever connects a chat needs the page also while the database is away.
    with suppress(*_AWAY):
        stores = list(
            Store.objects.oldest_first().values("slug", "name", "merchant__pages_confirmed_at")[:_MOST_STORES]
        )
        told |= {"stores": stores, "has_terms": any(store["merchant__pages_confirmed_at"] for store in stores)}
    return render(request, "shopmcp/landing.html", told)


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """Lead to the icon: browsers ask here for what names none, such as a file or the page of a fault."""
    return redirect(static("shopmcp/icon.svg"))


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """Whether this process can serve, for load balancers and monitors; 503 only if the database does not answer."""
    try:
        return JsonResponse(get_health(request).model_dump(exclude_unset=True))
    except (DatabaseError, InterfaceError) as error:
        # The driver's message may name hosts and users: only the log gets it.
        logger.error("healthz: the database does not answer: %s", " ".join(str(error).split()))
        return JsonResponse({"status": "unhealthy", "reason": "The database does not answer."}, status=503)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def sign_in_by_link(request: HttpRequest, token: str) -> HttpResponse:
    """Show a button that signs in. A GET leaves the link unused, because mail scanners and previews send one."""
    hosts = (request.get_host(), getattr(request, "scope", {}).get(FORWARDED_HOST, ""))
    if not any(sign_in.same_host(host, settings.PUBLIC_URL) for host in hosts):
        told = {
            "link": f"{settings.PUBLIC_URL}{request.path}",
            "message": _("This sign-in link works only at the shop's public address."),
            "fix": _(
                "If you are there already, the tunnel or proxy replaces the Host header: let it pass the header on "
                "unchanged, or send the host as X-Forwarded-Host."
            ),
        }
        return render(request, "shopmcp/sign_in.html", told, status=403)
    try:
        if request.method != "POST":
            return render(request, "shopmcp/sign_in.html", {"user_to_be": sign_in.user_of(token)})
        user = sign_in.redeem(token)
    except ShopError as refusal:
        status = 404 if isinstance(refusal, NotFound) else 410
        return render(request, "shopmcp/sign_in.html", {"message": refusal.message, "fix": refusal.fix}, status=status)
    login(request, user, backend="accounts.backends.StaffBackend")
    logger.info("%s signed in by a link", user.get_username())
    return redirect("dashboard")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def link_by_mail(request: HttpRequest) -> HttpResponse:
    """Mail a sign-in link to a member of staff; the answer is the same for every address."""
    told: dict[str, Any] = {"has_mail": settings.MAIL_IS_SET}
    if request.method != "POST" or not settings.MAIL_IS_SET:
        return render(request, "shopmcp/link_by_mail.html", told)
    try:
        mail_link(request.POST.get("email", ""), network_of(request.META.get("REMOTE_ADDR") or UNKNOWN))
    except TooMany as refusal:
        return render(request, "shopmcp/link_by_mail.html", {**told, "message": refusal.text}, status=429)
    return render(request, "shopmcp/link_by_mail.html", {**told, "sent": True})


@csrf_exempt
def mcp_elsewhere(request: HttpRequest) -> HttpResponse:
    """Explain `/mcp` to a browser, and refuse chats where the server was started without `shopmcp/asgi.py`."""
    if request.method == "GET" and request.accepts("text/html"):
        response = render(request, "shopmcp/mcp.html", {"mcp_url": f"{settings.PUBLIC_URL}/mcp"}, status=405)
        response["Allow"] = "POST"
        return response
    sentence = "This server answers pages only; start it with `manage.py serve` to answer chats at /mcp.\n"
    return HttpResponse(sentence, content_type="text/plain; charset=utf-8", status=501)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400. A host name that is missing in ALLOWED_HOSTS is the usual cause; only the owner can add it."""
    if isinstance(exception, DisallowedHost):
        host = request.headers.get("Host", "")[:100]
        logger.warning("refused a request for host %r; PUBLIC_URL and ALLOWED_HOSTS say which are served", host)
        message = _("This shop does not answer under this host name.")
        fix = _(
            "If the shop is yours, set PUBLIC_URL to the address you use, "
            "or add the host name to ALLOWED_HOSTS, and restart."
        )
        return _problem(request, 400, message, fix)
    # Django takes a session that it cannot save for one that was deleted meanwhile.
    if isinstance(exception, SessionInterrupted) and isinstance(
        getattr(exception.__context__, "__context__", 0), _AWAY
    ):
        return _unavailable(request)
    return _problem(request, 400, _("The request could not be understood."), _("Go back and try again."))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _problem(request, 403, _("You may not see this page."), _("Sign in as a member of staff."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form whose CSRF token is missing or too old."""
    message = _("This form could not be accepted: it was open for too long, or came from another address.")
    fix = _("Reload the page and send it again. The shop's public address is set by PUBLIC_URL.")
    return _problem(request, 403, message, fix)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404, in the words of the refusal that led to it, if one did."""
    message, fix = _("There is no such page."), _("Check the address, or start from the first page.")
    if isinstance(refusal := exception.__cause__, ShopError):
        message, fix = refusal.message, refusal.fix
    return _problem(request, 404, message, fix)


def not_allowed(request: HttpRequest) -> HttpResponse:
    """405 for an address that takes forms alone."""
    return _problem(
        request, 405, _("This address takes forms, and shows nothing."), _("Go back, and use the page's button.")
    )


def failed(request: HttpRequest) -> HttpResponse:
    """503 while the database is away, also where a middleware needed it; else 500. Django logs the error."""
    error = sys.exc_info()[1]
    return _unavailable(request) if isinstance(error, _AWAY) else defaults.server_error(request)


def _unavailable(request: HttpRequest) -> HttpResponse:
    metrics.database_error("pages")
    # The error may come before the middleware that chooses the language.
    with translation.override(get_language_from_request(request)):
        if request.path.startswith("/api/"):
            return busy(request)
        message, fix = _("The shop cannot reach its records right now."), _("Try again in a few seconds.")
        if request.method == "POST":  # a page may need the database once more after its change
            message = _("The database did not answer in time, so this may have been done.")
            fix = _("Look before you try again.")
        answer = _problem(request, 503, message, fix)
    answer["Retry-After"] = RETRY_AFTER
    add_never_cache_headers(answer)
    return answer


def _problem(request: HttpRequest, status: int, message: str, fix: str) -> HttpResponse:
    if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
        return JsonResponse({"error": {"message": message, "fix": fix}}, status=status)
    return render(request, "shopmcp/problem.html", {"message": message, "fix": fix, "status": status}, status=status)
