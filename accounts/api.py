"""Authentication of the JSON API: a script's key, or the session of a member of staff."""

from typing import Final

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest
from django.utils.translation import gettext
from ninja.security import APIKeyCookie, HttpBearer
from ninja.utils import check_csrf

from accounts.models import ApiKey, Scope
from accounts.services import find_key, note_use
from shopmcp.errors import Forbidden, TooMany, Unauthorized
from shopmcp.throttle import Buckets, Rate

SAFE = ("GET", "HEAD", "OPTIONS")
# By key, and by member of staff.
_requests = Buckets("api", lambda: Rate(settings.SHOPMCP_API_PER_KEY / 60, settings.SHOPMCP_API_PER_KEY))


# What an app's rows need, and what changes of those need that `read` opens.
_SCOPES: Final = {"catalog": Scope.CATALOGUE, "offers": Scope.CATALOGUE, "orders": Scope.ORDERS}
_SCOPES_OF_CHANGES: Final = {"carts": Scope.CATALOGUE}


class Bearer(HttpBearer):
    """`Authorization: Bearer KEY`, with a key from `manage.py create_api_key`.

    Args:
        scope: What the key must open.
    """

    openapi_description = "A key from the page *Keys* of the dashboard, or from the command `create_api_key`."

    def __init__(self, scope: Scope = Scope.READ) -> None:
        super().__init__()
        self._scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey:
        """Return the key's record.

        Raises:
            Unauthorized: If the key is unknown, expired or revoked.
            Forbidden: If a read-only key would change something, or the key does not open this.
            TooMany: If the key was used too often.
        """
        key = find_key(token.strip())
        if key is None:
            raise Unauthorized(
                gettext("This key is unknown, has expired or was revoked."),
                fix=gettext("Make a new one in the dashboard, under Keys."),
            )
        if wait := _requests.take(f"key {key.pk}"):
            raise TooMany(wait)
        note_use(key)
        if key.read_only and request.method not in SAFE:
            raise Forbidden(
                gettext("This key is read-only, and the request would change something."),
                fix=gettext("Use a key that was made without --read-only."),
            )
        _demand(key, self._scope)
        if request.method not in SAFE and not key.opens(Scope.ORDERS):
            _demand(key, Scope.CATALOGUE)  # the others let nothing be changed
        return key


class StaffSession(APIKeyCookie):
    """The session of a signed-in member of staff; unsafe methods need the CSRF token too."""

    param_name = settings.SESSION_COOKIE_NAME
    openapi_description = "The session of a signed-in member of staff. Unsafe methods need the `X-CSRFToken` header."

    def __call__(self, request: HttpRequest) -> User | None:
        return self.authenticate(request, request.COOKIES.get(self.param_name))

    def authenticate(self, request: HttpRequest, key: str | None) -> User | None:
        """Return the member of staff, or None for others.

        Raises:
            Forbidden: If an unsafe request has no valid CSRF token.
            TooMany: If the member of staff sent too many requests.
        """
        user: User | AnonymousUser = request.user
        if not (isinstance(user, User) and user.is_active and user.is_staff):
            return None
        if check_csrf(request):
            raise Forbidden(
                gettext("The request does not prove that it comes from the shop's own pages."),
                fix=gettext("Send the CSRF token in the X-CSRFToken header, or use an API key."),
            )
        if wait := _requests.take(f"user {user.pk}"):
            raise TooMany(wait)
        return user


def require(request: HttpRequest, permission: str) -> None:
    """Refuse a member of staff without this permission, or a key that does not open its app.

    Raises:
        Forbidden: If it is missing.
    """
    user = request.auth  # type: ignore[attr-defined]  # ninja sets it
    if isinstance(user, ApiKey):
        app, _, action = permission.partition(".")
        scope = _SCOPES.get(app) or (None if action.startswith("view_") else _SCOPES_OF_CHANGES.get(app))
        if scope is not None:
            _demand(user, scope)
    if isinstance(user, User) and not user.has_perm(permission):
        raise Forbidden(
            gettext("You may not do this: the permission %(name)s is missing.") % {"name": permission},
            fix=gettext("Ask a superuser to give it to you in the admin."),
        )


def sees_people(request: HttpRequest, permission: str) -> bool:
    """Whether the caller may see names, contacts and addresses: a key by its scope, staff by this permission."""
    user = request.auth  # type: ignore[attr-defined]  # ninja sets it
    return user.opens(Scope.PEOPLE) if isinstance(user, ApiKey) else user.has_perm(permission)


def _demand(key: ApiKey, scope: Scope) -> None:
    if not key.opens(scope):
        raise Forbidden(
            gettext("This key does not open that: its scope %(name)s is missing.") % {"name": scope.value},
            fix=gettext("Make another in the dashboard, under Keys, that may: %(name)s.") % {"name": scope.label},
        )
