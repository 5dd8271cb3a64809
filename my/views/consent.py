"""The page on which a shopper lets a chat see their things, or not."""

from typing import Any, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

from csp.decorators import csp_update
from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.views.decorators.http import require_http_methods
from oauth2_provider.exceptions import OAuthToolkitError
from oauth2_provider.models import Application
from oauth2_provider.settings import oauth2_settings
from oauth2_provider.views import AuthorizationView
from oauthlib.oauth2.rfc6749.errors import AccessDeniedError, CustomOAuth2Error

from accounts.models import Person
from accounts.oauth.clients import host_of, is_loopback, origin_of
from my.pages import my_page

# Others could change what happens here: one of them skips the question.
_READ = ("client_id", "redirect_uri", "response_type", "scope", "state", "code_challenge", "code_challenge_method")


@my_page
@require_http_methods(["GET", "HEAD", "POST"])
def consent(request: HttpRequest, person: Person) -> HttpResponse:
    """Ask the shopper; each time, whatever they answered before."""
    view = cast("HttpResponse", Consent.as_view()(request, person=person))
    if isinstance(view, Page) and view.leads_to:
        # Browsers apply `form-action` to the redirect after the form too.
        return cast("HttpResponse", csp_update({"form-action": [view.leads_to]})(lambda _request: view)(request))
    return view


class Page(AuthorizationView.response_class):
    """The answer with the question, and the origin to which the shopper's answer leads."""

    leads_to = ""


class Consent(AuthorizationView):
    template_name = "my/consent.html"
    response_class = Page

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        kept = QueryDict(mutable=True)
        for name in (*_READ, "resource"):
            if name in request.GET:
                kept.setlist(name, request.GET.getlist(name))
        if any("\0" in value for sent in (kept, request.POST) for values in sent.lists() for value in values[1]):
            return self.form_invalid(None)
        request.GET = kept  # type: ignore[assignment]  # Django lets it be replaced
        return cast("HttpResponse", super().dispatch(request, *args, **kwargs))

    def validate_authorization_request(self, request: HttpRequest) -> Any:
        scopes, credentials = super().validate_authorization_request(request)
        _demand_resource(request.GET.getlist("resource"), credentials)
        return scopes, credentials

    def create_authorization_response(
        self, request: HttpRequest, scopes: str, credentials: dict[str, Any], allow: bool
    ) -> Any:
        if request.method != "POST":  # for clients that somebody marked as always allowed
            raise OAuthToolkitError(AccessDeniedError(state=credentials.get("state")), credentials["redirect_uri"])
        if allow:
            _demand_resource(credentials.get("resource"), credentials)
        return super().create_authorization_response(request, scopes, credentials, allow)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "person": self.kwargs["person"], "shop": settings.PUBLIC_URL}

    def form_valid(self, form: Any) -> HttpResponse:
        if not Application.objects.filter(client_id=form.cleaned_data["client_id"]).exists():
            return self.form_invalid(form)
        return cast("HttpResponse", super().form_valid(form))

    def form_invalid(self, form: Any) -> HttpResponse:
        return self.render_to_response({"error": "invalid_request"}, status=400)

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        redirect = context.get("redirect_uri", "")
        asks = {"host": host_of(redirect), "is_loopback": is_loopback(redirect)} if redirect else {}
        page = cast("Page", super().render_to_response({"person": self.kwargs["person"], **context, **asks}, **kwargs))
        page.leads_to = origin_of(redirect) if redirect else ""
        return page

    def redirect(self, redirect_to: str, application: Any) -> HttpResponse:
        """Lead back to the client, or, if the shopper has answered nothing yet, offer a link that does.

        Anybody can register a client with any address. A redirect before the question would let them lead shoppers
        from the shop's own address to theirs (RFC 9700, 4.11.2).
        """
        back = _with_issuer(redirect_to)
        if self.request.method == "POST":
            return cast("HttpResponse", super().redirect(back, application))
        error = dict(parse_qsl(urlsplit(back).query)).get("error", "invalid_request")
        links = {"back": back, "back_host": host_of(back)} if urlsplit(back).scheme in ("https", "http") else {}
        return self.render_to_response({"error": error, **links}, status=400)


def _with_issuer(address: str) -> str:
    """Return an answer's address with the issuer, which errors name too, as the metadata promises."""
    parts = urlsplit(address)
    if parts.fragment:
        return address
    query = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != "iss"]
    return parts._replace(query=urlencode([*query, ("iss", oauth2_settings.OIDC_ISS_ENDPOINT)])).geturl()


def _demand_resource(asked: Any, credentials: dict[str, Any]) -> None:
    """Give no code for any other resource than the shop's own, nor one for all.

    Raises:
        OAuthToolkitError: If another was asked for, or none.
    """
    own = oauth2_settings.OAUTH2_PROTECTED_RESOURCE_IDENTIFIER
    if list(asked or ()) != [own]:
        raise OAuthToolkitError(
            CustomOAuth2Error("invalid_target", f"resource must be {own}", state=credentials.get("state")),
            redirect_uri=credentials["redirect_uri"],
        )
