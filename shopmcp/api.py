"""The JSON API: one router per app, and what all of them share.

`accounts.api` decides who may ask, `shopmcp.throttle` how often. Every refusal has the shape that chats get, and the
OpenAPI document lists the refusals of each operation.
"""

import logging
from collections.abc import Callable, Mapping
from functools import wraps
from http import HTTPStatus
from typing import Any, Literal

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.urls import URLPattern, URLResolver
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.vary import vary_on_headers
from ninja import NinjaAPI, Router
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.openapi.docs import Swagger
from ninja.openapi.schema import OpenAPISchema
from ninja.renderers import JSONRenderer
from pydantic import BaseModel, Field

from accounts.api import Bearer, StaffSession
from catalog.search.categories import shelves
from health import database
from health.report import recent_health
from shopmcp import errors, metrics
from shopmcp.db.outcome import Unsettled
from shopmcp.db.workers import lanes
from shopmcp.errors import ShopError, TooMany
from shopmcp.network import network_of
from shopmcp.throttle import NetworkBuckets, Rate

logger = logging.getLogger("shopmcp.api")

# Seconds after which a page is worth another try while the database is away.
RETRY_AFTER = 5
_STATUS: Mapping[type[ShopError], int] = {
    errors.Unauthorized: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Kept: 409,
    errors.Taken: 409,
    errors.WrongState: 409,
    errors.TooMany: 429,
    errors.Busy: 503,
    errors.Uncertain: 503,
}


class HealthStoreOut(BaseModel):
    slug: str
    name: str
    products: int = Field(description="How many products can be bought.")


class HealthOut(BaseModel):
    status: Literal["healthy", "degraded"]
    stores: list[HealthStoreOut]
    reasons: list[str] = Field(default=[], description="Why it is degraded.", examples=[["nothing_for_sale"]])


_DESCRIPTION = """What the shop's dashboard shows, for scripts.

Send `Authorization: Bearer KEY` with a key from the page *Keys* of the dashboard, or be signed in as a member of staff.
Lists come in pages: pass `next_cursor` of one answer as `cursor` of the next request until it is null. Times are ISO
8601 with their zone. An answer other than 2xx holds an `error` with a `code` for programs, and a `message` and a `fix`
for people, in the language of `Accept-Language` (English or Hebrew).
"""
# The example of each refusal in the OpenAPI document: code, message and fix.
_REFUSALS = {
    400: ("bad_request", "The body of the request is not JSON.", "Send a JSON object."),
    401: ("unauthorized", "This needs a key or a member of staff.", "Send the header Authorization: Bearer KEY."),
    403: ("forbidden", "This key is read-only, and the request would change something.", "Use another key."),
    404: ("not_found", "There is no such thing.", "List what there is and use the id of one of them."),
    409: ("kept", "Something was ordered in this session: it is kept.", "Leave it."),
    413: ("too_large", "The body is larger than 256 KiB.", "Send less at once."),
    422: ("invalid_arguments", "limit: Input should be less than or equal to 100.", "Correct the request."),
    429: ("too_many_requests", "Too many requests within one minute.", "Wait 20 seconds, then go on."),
    503: ("busy", "The database could not answer now; nothing was changed.", "Try again in a few seconds."),
}


# Requests without a good key or a session of staff, by network.
_strangers = NetworkBuckets(
    "api-strangers", lambda: Rate(settings.SHOPMCP_API_PER_ADDRESS / 60, settings.SHOPMCP_API_PER_ADDRESS)
)


class _Readable(JSONRenderer):
    """Writes Hebrew as it is, not as escapes."""

    json_dumps_params = {"ensure_ascii": False}


class ShopAPI(NinjaAPI):
    """An API that throttles strangers by network, answers in JSON alone, and documents every refusal."""

    @property
    def urls(self) -> tuple[list[URLResolver | URLPattern], str, str]:
        """The addresses, those of the documentation left as ninja makes them."""
        patterns, app, namespace = super().urls
        for pattern in patterns:
            if isinstance(pattern, URLPattern) and pattern.name not in ("openapi-json", "openapi-view", "api-root"):
                # Around the whole view: ninja's own decorators see no request whose method is not allowed.
                pattern.callback = _guarded(pattern.callback)
        return patterns, app, namespace

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        """Return the document, with the refusals that operations declare and those that any may answer."""
        document = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        for path, operations in document["paths"].items():
            for operation in operations.values():
                for parameter in operation["parameters"]:
                    # A query leaves a parameter out; it cannot say null.
                    arms = parameter["schema"].pop("anyOf", ())
                    parameter["schema"] |= next((arm for arm in arms if arm != {"type": "null"}), {})
                answers, has_body = operation["responses"], "requestBody" in operation
                # The others may come from any operation.
                some = {400: has_body, 413: has_body, 404: "{" in path, 409: False}
                some[422] = has_body or operation["parameters"]
                answers |= {code: _documented(code) for code in _REFUSALS if code in answers or some.get(code, True)}
        return document


def _guarded(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    # Proxies must not cache answers.
    @never_cache
    @vary_on_headers("Authorization", "Cookie")
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        answer = view(request, *args, **kwargs)
        # Only now: a good key is answered however many wrong ones come from its network.
        is_known = getattr(request, "auth", None) is not None
        if not is_known and (wait := _strangers.take(network_of(request.META.get("REMOTE_ADDR") or ""))):
            return refuse(request, TooMany(wait))
        return _not_allowed(request, answer["Allow"]) if isinstance(answer, HttpResponseNotAllowed) else answer

    return guarded


def _documented(status: int) -> dict[str, Any]:
    example = {"error": dict(zip(("code", "message", "fix"), _REFUSALS[status], strict=True))}
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorOut"}, "example": example}}
    answer: dict[str, Any] = {"description": HTTPStatus(status).phrase, "content": content}
    if status in (429, 503):
        answer["headers"] = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
    if status == 401:
        answer["headers"] = {"WWW-Authenticate": {"description": "How to sign in.", "schema": {"type": "string"}}}
    return answer


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
            {"name": "orders", "description": "What was bought, and what becomes of it."},
            {"name": "products", "description": "What can be bought."},
            {"name": "stores", "description": "Who sells it."},
            {"name": "delivery options", "description": "How stores deliver, and at what price."},
            {"name": "coupons", "description": "Codes that take something off."},
            {"name": "merchants", "description": "Who sells in each store."},
            {"name": "webhooks", "description": "The shop's own systems, told what happens."},
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
    # Without the lanes this is no server for chats, and a request's own connection is all that there is.
    reasons = list(database.reasons()) if lanes.started else []
    if database.AWAY in reasons:
        raise OperationalError("the database does not answer a probe")
    stores = [HealthStoreOut(slug=s.store.slug, name=s.store.name, products=s.products) for s in shelves()]
    reasons += [trouble.kind for trouble in recent_health().troubles if trouble.level == "bad"]
    if not any(store.products for store in stores):
        reasons.append("nothing_for_sale")
    if reasons:
        return HealthOut(status="degraded", stores=stores, reasons=list(dict.fromkeys(reasons)))
    return HealthOut(status="healthy", stores=stores)


api.add_router("/sessions", "carts.api.sessions")
api.add_router("/carts", "carts.api.carts")
api.add_router("/orders", "orders.api.orders")
api.add_router("/customers", "orders.api.customers")
api.add_router("/products", "catalog.api.products")
api.add_router("/stores", "catalog.api.stores")
api.add_router("/analytics", "analytics.api.analytics")
api.add_router("/warnings", "carts.api.warnings_router")
api.add_router("/delivery-options", "offers.api.delivery_options")
api.add_router("/coupons", "offers.api.coupons")
api.add_router("/merchants", "offers.api.merchants")
api.add_router("/webhooks", "dashboard.api.webhooks")
api.add_router("/health", health)


def _refusal(request: HttpRequest, status: int, code: str, message: str, fix: str) -> HttpResponse:
    return api.create_response(request, {"error": {"code": code, "message": message, "fix": fix}}, status=status)


@api.exception_handler(ShopError)
def refuse(request: HttpRequest, error: ShopError) -> HttpResponse:
    """A refusal in words, under the status of its kind."""
    status = _STATUS.get(type(error), 422)
    answer = _refusal(request, status, error.code, error.message, error.fix)
    if error.retry_after is not None:
        answer["Retry-After"] = str(error.retry_after)
    if status == 401:
        answer["WWW-Authenticate"] = 'Bearer realm="shopmcp"'
    return answer


@api.exception_handler(AuthenticationError)
def anonymous(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    """The request has neither a key nor a session of staff."""
    message = gettext("This needs a key, or a member of staff who is signed in.")
    fix = gettext("Send the header Authorization: Bearer KEY, with a key from the page Keys of the dashboard.")
    return refuse(request, errors.Unauthorized(message, fix=fix))


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """An argument is missing or out of its bounds."""
    # The first part of the place, such as `query`, is of no use to the caller.
    said = [f"{'.'.join(map(str, fault['loc'][1:])) or 'body'}: {fault['msg']}" for fault in error.errors[:5]]
    fix = gettext("Correct the request; /api/docs tells what each argument may be.")
    return refuse(request, errors.InvalidArguments(". ".join(said), fix=fix))


@api.exception_handler(HttpError)
def unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Ninja's own refusal: the body is not JSON."""
    message = gettext("The body of the request is not JSON.")
    return _refusal(request, error.status_code, "bad_request", message, gettext("Send a JSON object."))


@api.exception_handler(SuspiciousOperation)
def oversized(request: HttpRequest, error: SuspiciousOperation) -> HttpResponse:
    """The body or the query is larger than Django accepts."""
    message = gettext("The request is too large, or cannot be read.")
    return _refusal(request, 400, "bad_request", message, gettext("Send less at once."))


@csrf_exempt
@api.exception_handler(Http404)
def nothing_here(request: HttpRequest, error: Http404 | None = None) -> HttpResponse:
    """No operation has this address."""
    message = gettext("There is nothing at this address.")
    return refuse(request, errors.NotFound(message, fix=gettext("/api/docs lists every address there is.")))


@api.exception_handler(DatabaseError)
@api.exception_handler(InterfaceError)
def database_away(request: HttpRequest, error: Exception) -> HttpResponse:
    """The database did not answer in time."""
    # The driver's message may name hosts and users: only the log gets it.
    logger.error("%s %s: the database does not answer", request.method, request.path, exc_info=error)
    metrics.database_error("pages")
    if isinstance(error, Unsettled):
        message = gettext("The database did not answer in time, so this may have been done.")
        return refuse(request, errors.Uncertain(message, fix=gettext("Look before you try again.")))
    return busy(request)


def busy(request: HttpRequest) -> HttpResponse:
    """Return the refusal for a database that does not answer."""
    message = gettext("The database could not answer now; nothing was changed.")
    fix = gettext("Try again in a few seconds.")
    return refuse(request, errors.Busy(message, fix=fix, retry_after=RETRY_AFTER))


@api.exception_handler(Exception)
def fault(request: HttpRequest, error: Exception) -> HttpResponse:
    """A bug: its traceback goes to the log, not to the caller."""
    logger.error("%s %s failed", request.method, request.path, exc_info=error)
    message = gettext("Something went wrong in the shop.")
    fix = gettext("Try again; if it stays, the shop's log tells what happened.")
    return _refusal(request, 500, "internal", message, fix)


def _not_allowed(request: HttpRequest, allowed: str) -> HttpResponse:
    message = gettext("This address does not take %(method)s.") % {"method": (request.method or "")[:20]}
    fix = gettext("Use one of these: %(methods)s.") % {"methods": allowed}
    answer = _refusal(request, 405, "method_not_allowed", message, fix)
    answer["Allow"] = allowed
    return answer
