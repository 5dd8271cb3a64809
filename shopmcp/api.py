"""The JSON API: one router per app, and what is true of all of them.

Who may ask is decided in `accounts.api`, how often in `shopmcp.throttle`. Every refusal has one shape, the one that
chats get. The OpenAPI document tells of each operation how it may be refused.
"""

import logging
from collections.abc import Callable, Mapping
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.db import DatabaseError, InterfaceError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.urls import URLPattern, URLResolver
from django.utils.cache import add_never_cache_headers, patch_vary_headers
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI, Router
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.openapi.docs import Swagger
from ninja.openapi.schema import OpenAPISchema
from ninja.renderers import JSONRenderer
from pydantic import BaseModel, Field

from accounts.api import SAFE, Bearer, StaffSession
from catalog.search.categories import shelves
from shopmcp import errors
from shopmcp.errors import ShopError, TooMany
from shopmcp.throttle import network_of, spend

logger = logging.getLogger("shopmcp.api")

_STATUS: Mapping[type[ShopError], int] = {
    errors.Unauthorized: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Ambiguous: 409,
    errors.Kept: 409,
    errors.CartExpired: 410,
    errors.TooMany: 429,
    errors.Busy: 503,
}


class ErrorFacts(BaseModel):
    """A refusal in words."""

    code: str = Field(description="For programs; it stays the same in every language.")
    message: str = Field(description="What is wrong, for people.")
    fix: str = Field(description="What to do instead, for people.")


class ErrorOut(BaseModel):
    """What every answer other than 2xx holds."""

    error: ErrorFacts


class HealthStoreOut(BaseModel):
    slug: str
    name: str
    products: int = Field(description="How many products can be bought.")


class HealthOut(BaseModel):
    status: str = Field(examples=["healthy"])
    stores: list[HealthStoreOut]


_DESCRIPTION = """What the shop's dashboard shows, for scripts.

Send `Authorization: Bearer KEY` with a key from `manage.py create_api_key NAME`, or be signed in as a member of staff.
Lists come in pages: pass `next_cursor` of one answer as `cursor` of the next request until it is null. Times are ISO
8601 with their zone. An answer other than 2xx holds an `error` with a `code` for programs, and a `message` and a `fix`
for people, in the language of `Accept-Language` (English or Hebrew).
"""
# What an operation may answer besides its own answers: the example's code, message and fix.
_REFUSALS = {
    400: ("bad_request", "The body of the request is not JSON.", "Send a JSON object."),
    401: ("unauthorized", "This needs a key or a member of staff.", "Send the header Authorization: Bearer KEY."),
    403: ("forbidden", "This key is read-only, and the request would change something.", "Use another key."),
    404: ("not_found", "There is no such thing.", "List what there is and use the id of one of them."),
    409: ("kept", "Something was ordered in this session: it is kept.", "Leave it."),
    422: ("invalid_arguments", "limit: Input should be less than or equal to 100.", "Correct the request."),
    429: ("too_many_requests", "Too many requests within one minute.", "Wait 20 seconds, then go on."),
    503: ("busy", "The database could not answer now; nothing was changed.", "Try again in a few seconds."),
}


class _Readable(JSONRenderer):
    """Hebrew stays Hebrew."""

    json_dumps_params = {"ensure_ascii": False}


class ShopAPI(NinjaAPI):
    """An API whose every answer is JSON, counted, kept out of caches, and documented."""

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        """Return the document, with the refusals that each operation may answer."""
        document = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        parts = ErrorOut.model_json_schema(ref_template="#/components/schemas/{model}")
        document["components"]["schemas"] |= {**parts.pop("$defs"), "ErrorOut": parts}
        for operations in document["paths"].values():
            for method, operation in operations.items():
                for parameter in operation["parameters"]:
                    _say_what_a_query_can(parameter["schema"])
                for status in _refusals_of(method, operation):
                    operation["responses"].setdefault(status, _documented(status))
        return document

    def _get_urls(self) -> list[URLResolver | URLPattern]:
        patterns = super()._get_urls()
        for pattern in patterns:
            if isinstance(pattern, URLPattern) and pattern.name not in ("openapi-json", "openapi-view", "api-root"):
                pattern.callback = self._guarded(pattern.callback)
        return patterns

    def _guarded(self, view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            answer = self._throttled(request) or view(request, *args, **kwargs)
            if isinstance(answer, HttpResponseNotAllowed):
                allowed = answer["Allow"]
                answer = self.refuse(
                    request,
                    405,
                    "method_not_allowed",
                    gettext("This address does not take %(method)s.") % {"method": (request.method or "")[:20]},
                    gettext("Use one of these: %(methods)s.") % {"methods": allowed},
                )
                answer["Allow"] = allowed
            # Even for those who may see it, none of it is for a cache on the way.
            add_never_cache_headers(answer)
            patch_vary_headers(answer, ("Authorization", "Cookie"))
            return answer

        return guarded

    def _throttled(self, request: HttpRequest) -> HttpResponse | None:
        # Before anybody is asked for a key: trying keys out counts too.
        address = network_of(request.META.get("REMOTE_ADDR") or "")
        wait = spend("address", address, settings.SHOPMCP_API_PER_ADDRESS)
        return self.on_exception(request, TooMany.after(wait)) if wait else None

    def refuse(self, request: HttpRequest, status: int, code: str, message: str, fix: str) -> HttpResponse:
        """Return a refusal in the shape that all of them have."""
        error = {"code": code, "message": message, "fix": fix}
        return self.create_response(request, {"error": error}, status=status)


api = ShopAPI(
    title="shopmcp",
    version="1",
    description=_DESCRIPTION,
    urls_namespace="api",
    auth=[Bearer(), StaffSession()],
    renderer=_Readable(),
    docs=Swagger(settings={"tryItOutEnabled": True, "persistAuthorization": False, "validatorUrl": None}),
    openapi_extra={
        "tags": [
            {"name": "sessions", "description": "Conversations, as far as the shop can tell them apart."},
            {"name": "carts", "description": "What conversations put together."},
            {"name": "products", "description": "What can be bought."},
            {"name": "stores", "description": "Who sells it."},
            {"name": "analytics", "description": "What happened, counted."},
            {"name": "warnings", "description": "Signs that chats may not be told apart."},
            {"name": "health", "description": "Whether the shop can serve."},
        ]
    },
)
health = Router(tags=["health"])


@health.get("", response=HealthOut, summary="Health", operation_id="health")
def get_health(request: HttpRequest) -> HealthOut:
    """Whether the shop can serve, with its stores; `/healthz` says the same without a key."""
    stores = [HealthStoreOut(slug=s.store.slug, name=s.store.name, products=s.products) for s in shelves()]
    return HealthOut(status="healthy", stores=stores)


api.add_router("/sessions", "carts.api.sessions")
api.add_router("/carts", "carts.api.carts")
api.add_router("/products", "catalog.api.products")
api.add_router("/stores", "catalog.api.stores")
api.add_router("/analytics", "dashboard.api.analytics")
api.add_router("/warnings", "carts.api.warnings_router")
api.add_router("/health", health)


@api.exception_handler(ShopError)
def refused(request: HttpRequest, error: ShopError) -> HttpResponse:
    """A refusal in words, under the status that fits its kind."""
    status = next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 422)
    answer = api.refuse(request, status, error.code, error.message, error.fix)
    if isinstance(error, TooMany):
        answer["Retry-After"] = str(error.seconds)
    if status == 401:
        answer["WWW-Authenticate"] = 'Bearer realm="shopmcp"'
    return answer


@api.exception_handler(AuthenticationError)
def anonymous(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    """Neither a key nor a member of staff."""
    message = gettext("This needs a key, or a member of staff who is signed in.")
    fix = gettext("Send the header Authorization: Bearer KEY, with a key from: manage.py create_api_key NAME")
    return refused(request, errors.Unauthorized(message, fix=fix))


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Arguments out of their bounds."""
    # The place begins with `query`, `path` or `body` and a name that only the code knows.
    said = [f"{'.'.join(map(str, fault['loc'][1:])) or 'body'}: {fault['msg']}" for fault in error.errors[:5]]
    fix = gettext("Correct the request; /api/docs tells what each argument may be.")
    return api.refuse(request, 422, errors.InvalidArguments.code, ". ".join(said), fix)


@api.exception_handler(HttpError)
def unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Ninja's own refusals: a body that is no JSON."""
    message = gettext("The body of the request is not JSON.")
    return api.refuse(request, error.status_code, "bad_request", message, gettext("Send a JSON object."))


@api.exception_handler(SuspiciousOperation)
def oversized(request: HttpRequest, error: SuspiciousOperation) -> HttpResponse:
    """A body or a query larger than Django takes."""
    message = gettext("The request is too large, or cannot be read.")
    return api.refuse(request, 400, "bad_request", message, gettext("Send less at once."))


@api.exception_handler(Http404)
def unknown_address(request: HttpRequest, error: Http404) -> HttpResponse:
    """An address under /api/ where nothing is."""
    message = gettext("There is nothing at this address.")
    return api.refuse(request, 404, errors.NotFound.code, message, gettext("/api/docs lists every address there is."))


@api.exception_handler(DatabaseError)
@api.exception_handler(InterfaceError)
def database_away(request: HttpRequest, error: Exception) -> HttpResponse:
    """The database did not answer in time."""
    # The driver's own words may name hosts and users: they are for the log.
    logger.error("%s %s: the database does not answer", request.method, request.path, exc_info=error)
    message = gettext("The database could not answer now; nothing was changed.")
    answer = api.refuse(request, 503, errors.Busy.code, message, gettext("Try again in a few seconds."))
    answer["Retry-After"] = "5"
    return answer


@api.exception_handler(Exception)
def fault(request: HttpRequest, error: Exception) -> HttpResponse:
    """A bug of ours: logged with its traceback, and told without it."""
    logger.error("%s %s failed", request.method, request.path, exc_info=error)
    message = gettext("Something went wrong in the shop.")
    fix = gettext("Try again; if it stays, the shop's log tells what happened.")
    return api.refuse(request, 500, "internal", message, fix)


@csrf_exempt
def nothing_here(request: HttpRequest) -> HttpResponse:
    """What every other address under /api/ answers."""
    return unknown_address(request, Http404())


def _say_what_a_query_can(schema: dict[str, Any]) -> None:
    """Take null out of a parameter's schema: a query leaves a parameter out, it cannot say null."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    if len(kinds) == 1:
        del schema["anyOf"]
        schema.update(kinds[0])


def _refusals_of(method: str, operation: Mapping[str, Any]) -> list[int]:
    places = {parameter["in"] for parameter in operation["parameters"]}
    found = [401, 429, 503]
    if method.upper() not in SAFE:
        found.append(403)
    if "path" in places or any(parameter["name"] == "store" for parameter in operation["parameters"]):
        found.append(404)
    if method == "delete":
        found.append(409)
    if "requestBody" in operation:
        found.append(400)
    if places or "requestBody" in operation:
        found.append(422)
    return sorted(found)


def _documented(status: int) -> dict[str, Any]:
    code, message, fix = _REFUSALS[status]
    example = {"error": {"code": code, "message": message, "fix": fix}}
    answer: dict[str, Any] = {
        "description": HTTPStatus(status).phrase,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorOut"}, "example": example}},
    }
    if status in (429, 503):
        answer["headers"] = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
    if status == 401:
        answer["headers"] = {"WWW-Authenticate": {"description": "How to sign in.", "schema": {"type": "string"}}}
    return answer
