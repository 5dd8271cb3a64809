"""The addresses of a signed-in shopper's pages; below /my/."""

from django.urls import path

from my.views import access, data, details, home, keeping, one_cart, signing_in

urlpatterns = [
    path("", home.home, name="my-home"),
    path("access/", access.access, name="my-access"),
    path("details/", details.details, name="my-details"),
    path("one-cart/", one_cart.one_cart, name="my-one-cart"),
    path("data/", data.data, name="my-data"),
    path("data/download/", data.download, name="my-data-download"),
    path("keep/<str:token>/", keeping.keep, name="my-keep"),
    # django-allauth knows these by its own names.
    path("sign-in/", signing_in.sign_in, name="account_login"),
    path("sign-in/", signing_in.sign_in, name="account_request_login_code"),
    path("sign-in/", signing_in.sign_in, name="account_signup"),
    path("sign-in/", signing_in.sign_in, name="account_inactive"),
    path("sign-in/", signing_in.sign_in, name="account_email_verification_sent"),
    path("sign-in/code/", signing_in.confirm, name="account_confirm_login_code"),
    path("sign-out/", signing_in.sign_out, name="my-sign-out"),
    path("sign-out/everywhere/", signing_in.leave_everywhere, name="my-sign-out-everywhere"),
]
