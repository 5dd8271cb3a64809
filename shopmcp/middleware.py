"""What all pages have in common after their views."""

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_only_middleware


@sync_only_middleware
def explain_refused_methods(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Show people a page for Django's empty 405: signing in leads on to where a form was sent, by GET."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED and not response.content:
            # A server starts without the pages.
            from shopmcp.views import not_allowed  # noqa: PLC0415

            page = not_allowed(request)
            page["Allow"] = response["Allow"]
            return page
        return response

    return answer
