"""The shop's addresses, and some that show what nobody can ask a healthy shop for."""

from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.shortcuts import render
from django.test import override_settings
from django.urls import path

from my.views.signing_in import sign_in
from shopmcp import urls, views

handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500
without_mail = override_settings(MAIL_IS_SET=False)


def raises(error):
    def fail(request):
        raise error

    return fail


urlpatterns = [
    path("raises/403", raises(PermissionDenied())),
    path("raises/500", raises(RuntimeError("for its page"))),
    path("raises/503", raises(OperationalError("for its page"))),
    path("without-mail/my/sign-in/", without_mail(sign_in)),
    path("without-mail/sign-in/", without_mail(views.link_by_mail)),
    path("deleted/", lambda request: render(request, "my/deleted.html", {"left": ["W-12345678"]})),
    *urls.urlpatterns,
]
