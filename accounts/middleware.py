"""Two sessions in one browser: the staff's, and on shoppers' pages another one with cookies of its own."""

from typing import Final

from django.conf import settings
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse

from accounts.sessions import SessionStore

# What begins so is a shopper's; everything else is the staff's or nobody's.
PATHS: Final = ("/my/", "/o/")
COOKIE: Final = "shopper"
CSRF_COOKIE: Final = "shopper_csrf"


def is_shoppers(path: str) -> bool:
    return path.startswith(PATHS)


class TwoSessions(SessionMiddleware):
    """Django's session middleware, to which shoppers' pages show their own two cookies under the usual names.

    It stands outside of what reads and writes the CSRF cookie: signing in on one side changes that cookie, and the open
    forms of the other side go on.
    """

    def process_request(self, request: HttpRequest) -> None:
        if not is_shoppers(request.path):
            super().process_request(request)
            return
        sent = request.COOKIES
        for own, usual in _names():
            sent.pop(usual, None)
            if own in sent:
                sent[usual] = sent[own]
        request.session = SessionStore(sent.get(settings.SESSION_COOKIE_NAME))

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        answered = super().process_response(request, response)
        if is_shoppers(request.path):
            for own, usual in _names():
                if (morsel := answered.cookies.pop(usual, None)) is not None:
                    answered.cookies[own] = morsel.value
                    answered.cookies[own].update(morsel)
        return answered


def _names() -> tuple[tuple[str, str], ...]:
    return (COOKIE, settings.SESSION_COOKIE_NAME), (CSRF_COOKIE, settings.CSRF_COOKIE_NAME)
