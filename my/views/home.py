"""The first page of a signed-in shopper."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.models import Person
from my.pages import my_page


@my_page
@require_safe
def home(request: HttpRequest, person: Person) -> HttpResponse:
    return render(request, "my/home.html", {"person": person})
