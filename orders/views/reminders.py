"""The page on which a shopper ends reminders; their mail program may do it with one request (RFC 8058)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from orders.services import reminders
from orders.views.shopper import shopper_page, speak


@shopper_page
@require_http_methods(["GET", "HEAD", "POST"])
def end_reminders(request: HttpRequest, token: str) -> HttpResponse:
    """Ask whether reminders shall end, and end them: a GET only shows, because mail programs follow links."""
    reminder = reminders.of_token(token)
    speak(request, reminder.language)
    if request.method == "POST":
        reminders.end(reminder)
    return render(request, "orders/reminders.html", {"is_over": request.method == "POST"})
