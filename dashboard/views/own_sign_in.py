"""Other ways to sign in as oneself: a QR code for a phone, and the address for mailed links."""

from urllib.parse import urlsplit

import segno
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from dashboard.base_forms import PlainLabels
from dashboard.pages import owner_page, show
from shopmcp.mailboxes import mailbox
from shopmcp.sign_in import link_for, save_address

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class AddressForm(PlainLabels, forms.Form):
    email = forms.EmailField(
        label=_("e-mail address"),
        required=False,
        validators=[mailbox],
        help_text=_("Where a sign-in link is sent when you ask for one; empty for nowhere."),
        widget=forms.EmailInput(attrs={"dir": "ltr", "autocomplete": "email"}),
    )


@owner_page
@require_http_methods(["GET", "HEAD", "POST"])
def own_sign_in(request: HttpRequest) -> HttpResponse:
    """A form for one's own address; a POST asks for a QR code, which is in this answer alone."""
    user = request.user
    assert isinstance(user, User)  # the page is for staff
    code = ""
    if request.method == "POST":
        made = segno.make(link_for(user, settings.PUBLIC_URL), error="m")
        code = made.svg_data_uri(scale=6, border=4, dark="#000", light="#fff")
    context = {
        "code": code,
        "form": AddressForm(initial={"email": user.email}),
        "is_local": urlsplit(settings.PUBLIC_URL).hostname in _LOOPBACK,
        "has_mail": settings.MAIL_IS_SET,
    }
    return show(request, "dashboard/own_sign_in.html", context)


@owner_page
@require_POST
def own_address(request: HttpRequest) -> HttpResponse:
    """Keep one's own address."""
    assert isinstance(request.user, User)  # the page is for staff
    form = AddressForm(request.POST)
    if form.is_valid():
        save_address(request.user, form.cleaned_data["email"])
        messages.success(request, gettext("Your address is saved."))
    else:
        messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
    return redirect("dashboard-own-sign-in")
