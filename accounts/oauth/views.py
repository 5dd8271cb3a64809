"""What programs ask of the authorization server; its page for people is in `my/views/consent.py`."""

import json
from base64 import b64decode
from collections.abc import Callable
from functools import wraps
from time import time
from typing import Any, Final
from urllib.parse import unquote_plus

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe
from oauth2_provider.settings import oauth2_settings
from oauth2_provider.views import (
    OAuthProtectedResourceMetadataView,
    OAuthServerMetadataView,
    RevokeTokenView,
    TokenView,
)

from accounts.oauth.clients import Unusable
from accounts.oauth.registering import Registered, read_registration, wait_to_register
from accounts.oauth.registering import register as register_client
from accounts.oauth.tokens import (
    burn_code,
    checksum_of,
    close_chats_of,
    live_relative,
    live_token,
    lock_owners_of,
    note_given,
)
from accounts.services.people import has_accounts
from shopmcp import metrics
from shopmcp.network import network_of
from shopmcp.throttle import NetworkBuckets, Rate

View = Callable[[HttpRequest], HttpResponse]

# One maker's chats may all come from a few addresses.
asked: Final = NetworkBuckets("oauth-tokens", lambda: Rate(20, 1000))

_issue = TokenView.as_view()
_revoke = RevokeTokenView.as_view()
_server = OAuthServerMetadataView.as_view()
_resource = OAuthProtectedResourceMetadataView.as_view()


def _endpoint(view: View) -> View:
    """Answer only where people can sign in, and let nobody keep the answer."""

    @wraps(view)
    def answered(request: HttpRequest) -> HttpResponse:
        if not has_accounts():
            response = _refused("not_found", "This shop has no accounts.", 404)
        elif _holds_nul(request):
            response = _refused("invalid_request", "There is a NUL character in it.")
        else:
            response = view(request)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return answered


@_endpoint
@require_safe
def server_metadata(request: HttpRequest) -> HttpResponse:
    """Say what the authorization server offers (RFC 8414)."""
    return _for_a_while(_server(request))


@_endpoint
@require_safe
def resource_metadata(request: HttpRequest) -> HttpResponse:
    """Say who gives out tokens for `/mcp` (RFC 9728)."""
    return _for_a_while(_resource(request))


@csrf_exempt
@_endpoint
@require_POST
@sensitive_post_parameters("client_secret", "code", "code_verifier", "refresh_token")
def token(request: HttpRequest) -> HttpResponse:
    """Give a token for a code or for a refresh token.

    Codes and refresh tokens are good once. One that comes again ends all that it gave, with the chats that were linked
    by it, and a code that comes with anything wrong is good no more.
    """
    if wait := asked.take(_network(request)):
        return _too_many(wait)
    code, refresh = request.POST.get("code", ""), request.POST.get("refresh_token", "")
    with transaction.atomic():
        lock_owners_of(checksum_of(refresh), code=code)
        live = live_relative(checksum_of(refresh), code)
        response: HttpResponse = _issue(request)
        if response.status_code == 200:
            note_given(json.loads(response.content)["refresh_token"], code)
        elif code and response.status_code < 500:
            burn_code(code)
        if live is not None and live_relative(checksum_of(refresh), code) is None:
            close_chats_of(live)
    return response


@csrf_exempt
@_endpoint
@require_POST
@sensitive_post_parameters("client_secret", "token")
def revoke(request: HttpRequest) -> HttpResponse:
    """End a token (RFC 7009), and the chats that its client linked to the account."""
    if wait := asked.take(_network(request)):
        return _too_many(wait)
    checksum = checksum_of(request.POST.get("token", ""))
    with transaction.atomic():
        lock_owners_of(checksum)
        token = live_token(checksum)
        response: HttpResponse = _revoke(request)
        if token is not None and live_token(checksum) is None:
            close_chats_of(token)
    return response


@csrf_exempt
@_endpoint
@require_POST
def register(request: HttpRequest) -> HttpResponse:
    """Register a client (RFC 7591). There is no registration token: whoever wants other details registers anew."""
    if wait := wait_to_register(_network(request)):
        metrics.limit_hit("registrations")
        return _too_many(wait)
    try:
        return JsonResponse(_told(register_client(read_registration(request.body))), status=201)
    except Unusable as error:
        return _refused(error.error, str(error))


def _told(made: Registered) -> dict[str, Any]:
    told = {
        "client_id": made.row.client_id,
        "client_id_issued_at": int(time()),
        "client_name": made.client.name,
        "redirect_uris": made.client.redirects,
        "grant_types": oauth2_settings.OAUTH2_GRANT_TYPES_SUPPORTED,
        "response_types": oauth2_settings.OAUTH2_RESPONSE_TYPES_SUPPORTED,
        "token_endpoint_auth_method": made.client.method,
        "scope": " ".join(oauth2_settings.SCOPES),
    }
    return {**told, "client_secret": made.secret, "client_secret_expires_at": 0} if made.secret else told


def _holds_nul(request: HttpRequest) -> bool:
    """Whether a form, or a name and secret in the header, hold what PostgreSQL cannot look for."""
    if request.method != "POST" or request.content_type == "application/json":
        return False
    scheme, _space, proof = request.headers.get("Authorization", "").partition(" ")
    try:
        proven = unquote_plus(b64decode(proof).decode()) if scheme.lower() == "basic" else ""
    except ValueError:
        proven = ""  # it proves nothing
    return "\0" in proven or any("\0" in value for _name, values in request.POST.lists() for value in values)


def _for_a_while(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "public, max-age=300"
    return response


def _too_many(wait: int) -> HttpResponse:
    response = _refused("slow_down", f"Too many requests. Try again in {wait} seconds.", 429)
    response["Retry-After"] = str(wait)
    return response


def _refused(error: str, description: str, status: int = 400) -> HttpResponse:
    return JsonResponse({"error": error, "error_description": description}, status=status)


def _network(request: HttpRequest) -> str:
    return network_of(request.META.get("REMOTE_ADDR") or "")
