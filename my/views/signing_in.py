"""Signing in by a mailed code, and out."""

from typing import Any

from allauth.account.views import ConfirmLoginCodeView, RequestLoginCodeView
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import sign_in as rules
from accounts.models import Person
from accounts.services.people import has_accounts, person_here
from carts.caller import first_store
from my.pages import my_page
from orders.handoff.access import end_access
from orders.views import checkout
from orders.views.orders import forget_orders
from orders.views.shopper import account_page, speak
from shopmcp.errors import TooMany


class AskAddress(RequestLoginCodeView):
    template_name = "my/sign_in.html"

    def get_form_class(self) -> type[rules.EmailForm]:
        return rules.EmailForm

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if wait := rules.seconds_to_wait(request, request.POST.get("email", "")):
            raise TooMany(wait, _("Too many codes were asked for lately."))
        answer: HttpResponse = super().post(request, *args, **kwargs)
        rules.hold_briefly(request)
        return answer


class AskCode(ConfirmLoginCodeView):
    template_name = "my/code.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self._action == "resend":
            if wait := rules.seconds_to_wait(request, self._process.state.get("email", "")):
                raise TooMany(wait, _("Too many codes were asked for lately."))
        elif not rules.may_try(request, self._process.state["at"]):
            self._process.abort()
            messages.error(request, _("Too many wrong codes. Ask for a new one."))
            return redirect("account_login")
        answer: HttpResponse = super().post(request, *args, **kwargs)
        return answer


@account_page
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for an e-mail address; without mail in this shop, say that accounts need it."""
    speak(request, first_store().language)
    if person_here(request) is not None:
        following = request.GET.get("next", "")
        return redirect(following if rules.Adapter(request).is_safe_url(following) else "my-home")
    if not has_accounts():
        return render(request, "my/no_mail.html")
    answer: HttpResponse = AskAddress.as_view()(request)
    return answer


@account_page
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest) -> HttpResponse:
    """Ask for the code that was mailed; it works in this browser alone."""
    speak(request, first_store().language)
    answer: HttpResponse = AskCode.as_view()(request)
    return answer


@account_page
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    return _left(request)


@my_page
@require_POST
def leave_everywhere(request: HttpRequest, person: Person) -> HttpResponse:
    """End the sessions of all browsers, this one too, and what chats see of the account."""
    end_access(person)
    return _left(request)


def _left(request: HttpRequest) -> HttpResponse:
    """Sign out, and leave nothing in the browser of what was typed and ordered in it."""
    logout(request)
    response = redirect("account_login")
    checkout.forget(response)
    forget_orders(response)
    return response
