"""Which programs a shopper lets see their things."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.models import Person
from accounts.oauth.tokens import accesses_of, end_access_of
from my.pages import my_page


@my_page
@require_http_methods(["GET", "HEAD", "POST"])
def access(request: HttpRequest, person: Person) -> HttpResponse:
    """Show them; the forms end the access of one at once."""
    if request.method != "POST":
        return render(request, "my/access.html", {"person": person, "accesses": accesses_of(person)})
    which = request.POST.get("which", "")
    if which.isdecimal() and len(which) < 19:
        end_access_of(person, int(which))
    return redirect("my-access")
