"""Authentication of the JSON API: a script's key, or the session of a member of staff."""

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest
from django.utils.translation import gettext
from ninja.security import APIKeyCookie, HttpBearer
from ninja.utils import check_csrf

from accounts.models import ApiKey
from accounts.services import find_key, note_use
from shopmcp.errors import Forbidden, TooMany, Unauthorized
from shopmcp.throttle import Buckets, Rate

SAFE = ("GET", "HEAD", "OPTIONS")
# By key, and by member of staff.
_requests = Buckets("api", lambda: Rate(settings.SHOPMCP_API_PER_KEY / 60, settings.SHOPMCP_API_PER_KEY))


class Bearer(HttpBearer):
    """`Authorization: Bearer KEY`, with a key from `manage.py create_api_key`."""

    openapi_description = "A key from `manage.py create_api_key NAME [--read-only] [--expires 90d]`."

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey:
        """Return the key's record.

        Raises:
            Unauthorized: If the key is unknown, expired or revoked.
            Forbidden: If a read-only key would change something.
            TooMany: If the key was used too often.
        """
        key = find_key(token.strip())
        if key is None:
            raise Unauthorized(
                gettext("This key is unknown, has expired or was revoked."),
                fix=gettext("Make a new one with: manage.py create_api_key NAME"),
            )
        if wait := _requests.take(f"key {key.pk}"):
            raise TooMany(wait)
        note_use(key)
        if key.read_only and request.method not in SAFE:
            raise Forbidden(
                gettext("This key is read-only, and the request would change something."),
                fix=gettext("Use a key that was made without --read-only."),
            )
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
    """Refuse a member of staff without this permission; the keys of scripts have them all.

    Raises:
        Forbidden: If it is missing.
    """
    user = request.auth  # type: ignore[attr-defined]  # ninja sets it
    if isinstance(user, User) and not user.has_perm(permission):
        raise Forbidden(
            gettext("You may not do this: the permission %(name)s is missing.") % {"name": permission},
            fix=gettext("Ask a superuser to give it to you in the admin."),
        )
