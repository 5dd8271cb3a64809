"""What the checkout is filled in with, and the language of pages and mails."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import Person
from accounts.services.people import forget_address
from my.pages import my_page
from orders.refusals import InvalidDetails
from orders.services import accounts
from orders.views.shopper import keep_language

_ADDRESS = ("street", "street_more", "city", "postal_code")


@my_page
@require_http_methods(["GET", "HEAD", "POST"])
def details(request: HttpRequest, person: Person) -> HttpResponse:
    """Name, phone, addresses and language, each with a form of its own."""
    if request.method != "POST":
        return _shown(request, person)
    form, wish = request.POST, request.POST.get("do", "")
    try:
        if wish == "address":
            accounts.add_address(person, **{name: form.get(name, "")[:1000] for name in _ADDRESS})
        elif wish == "forget":
            number = form.get("which", "")
            if number.isdecimal() and len(number) < 19:
                forget_address(person, int(number))
        else:
            language = form.get("language", "")
            language = language if language in dict(settings.LANGUAGES) else ""
            accounts.save_details(
                person, name=form.get("name", "")[:1000], phone=form.get("phone", "")[:1000], language=language
            )
    except InvalidDetails as refusal:
        return _shown(request, person, refusal=refusal, wrong=refusal.wrong, typed=form.dict(), status=422)
    messages.success(request, _("Saved."))
    response = redirect("my-details")
    if wish == "save" and person.language:
        keep_language(response, person.language)
    return response


def _shown(request: HttpRequest, person: Person, status: int = 200, **told: Any) -> HttpResponse:
    typed = {"name": person.name, "phone": person.phone, "language": person.language} | told.pop("typed", {})
    context = {
        "person": person,
        "typed": typed,
        "languages_of_shop": settings.LANGUAGES,
        "addresses": person.addresses.order_by("-used_at", "-id"),
        **told,
    }
    return render(request, "my/details.html", context, status=status)
