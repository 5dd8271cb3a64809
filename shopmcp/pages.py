"""Django's pages and the JSON API, behind limits on the bodies that they get.

Django stores a body before any view sees the request, from memory on to a temporary file.
"""

import asyncio
import json
from http import HTTPStatus
from io import BytesIO
from typing import Any, Final

from asgiref.typing import ASGISendCallable, HTTPScope
from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.db import DatabaseError, InterfaceError, connection
from django.utils import translation
from django.utils.translation import get_language_from_request, gettext

from shopmcp.bodies import Body, Limit, declared

BODY: Final = Limit(size=256 * 1024, seconds=30)
UPLOAD: Final = Limit(size=32 * 1024 * 1024, seconds=300)
# A product file of 100 MB, and the form around it.
FILE: Final = Limit(size=101 * 1024 * 1024, seconds=900)
# Where members of staff who are signed in may send larger bodies.
_UPLOAD_PATHS: Final = ("/admin/", "/dashboard/")
_FILE_PATH: Final = "/dashboard/imports/"


class Pages:
    """An ASGI application that hands Django only bodies within limits.

    Args:
        limit: For everybody.
        uploads: For members of staff on their pages, if they declare the size.
        files: For them on the page that takes product files.
    """

    def __init__(
        self,
        django: ASGIHandler,
        *,
        limit: Limit = BODY,
        uploads: Limit = UPLOAD,
        files: Limit = FILE,
    ) -> None:
        self._django = django
        self._limit = limit
        self._uploads = uploads
        self._files = files

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        size, limit = declared(scope["headers"]), self._limit
        if size > limit.size and scope["path"].startswith(_UPLOAD_PATHS) and await asyncio.to_thread(_is_staff, scope):
            limit = self._files if scope["path"] == _FILE_PATH else self._uploads
        body = Body(receive, limit, size)
        if body.refusal is None:
            await self._django(scope, body.receive, send)
        if body.refusal is not None:
            await _refuse(scope, body, send)


def _is_staff(scope: HTTPScope) -> bool:
    request = _request(scope)
    request.session = SessionStore(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
    try:
        user = get_user(request)
        return user.is_active and user.is_staff
    except (DatabaseError, InterfaceError):
        return False  # nothing can be done with an upload either
    finally:
        connection.close()


async def _refuse(scope: HTTPScope, body: Body, send: ASGISendCallable) -> None:
    assert body.refusal is not None
    with translation.override(get_language_from_request(_request(scope))):
        message = body.words
        if body.refusal == HTTPStatus.REQUEST_TIMEOUT:
            code, fix = "too_late", gettext("Try again in a few seconds.")
        else:
            code, fix = "too_large", gettext("Send less at once.")
    if scope["path"].startswith("/api/"):
        kind = b"application/json"
        text = json.dumps({"error": {"code": code, "message": message, "fix": fix}}, ensure_ascii=False)
    else:
        kind, text = b"text/plain; charset=utf-8", f"{message} {fix}"
    content = text.encode()
    headers = [(b"content-type", kind), (b"content-length", b"%d" % len(content))]
    await send({"type": "http.response.start", "status": body.refusal, "headers": headers, "trailers": False})
    await send({"type": "http.response.body", "body": content, "more_body": False})


def _request(scope: HTTPScope) -> ASGIRequest:
    # A query that is no text has no meaning here and would be an error.
    return ASGIRequest({**scope, "query_string": b""}, BytesIO())
