"""How shoppers sign in: django-allauth's codes by mail, with the shop's limits, mails and rules.

An address that is known, unknown or of the staff gets the same page, and each gets a mail.
"""

from typing import Any, Final

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import RequestLoginCodeForm
from allauth.core.exceptions import ImmediateHttpResponse
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from accounts.middleware import is_shoppers
from accounts.services.people import note_sign_in, user_for
from outbox.services import enqueue_mail
from shopmcp.mailboxes import is_mailbox
from shopmcp.network import network_of, site_of
from shopmcp.throttle import Buckets, NetworkBuckets, Rate

BACKEND: Final = "accounts.backends.ShopperBackend"
# Codes that are mailed: to one address at the wish of one network, to it in all, for one network, and for all together.
# Anybody may type any address, so a few networks must not use up what its shopper needs.
codes_of_pair: Final = Buckets("sign-in-codes-address-and-network", lambda: Rate(10 / 3600, 5))
codes_of_address: Final = Buckets("sign-in-codes-address", lambda: Rate(40 / 3600, 20))
codes_of_network: Final = NetworkBuckets("sign-in-codes-network", lambda: Rate(60 / 3600, 20))
all_codes: Final = Buckets("sign-in-codes", lambda: Rate(2, 600))
# Tries of one code. The session counts them too, but requests at once would all read the same number there.
tries: Final = Buckets("sign-in-tries", lambda: Rate(1 / 600, 5))
tries_of_network: Final = NetworkBuckets("sign-in-tries-network", lambda: Rate(60 / 3600, 60))
_PENDING_HOLDS: Final = 3600  # seconds
_SUBJECTS: Final = {
    "account/email/login_code": gettext_lazy("Your code to sign in"),
    "account/email/unknown_account": gettext_lazy("Signing in is not possible"),
}


class EmailForm(RequestLoginCodeForm):
    """Asks for an address. Whoever has none here yet gets an account by the first code."""

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).strip().lower()
        if not is_mailbox(email):
            raise ValidationError(_("This is no e-mail address."))
        self._user = user_for(email)
        return email


class Adapter(DefaultAccountAdapter):
    """django-allauth's rules as this shop has them."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "incorrect_code": gettext_lazy("This is not the code. Look at the newest mail, and write it again."),
        "too_many_login_attempts": gettext_lazy("Too many wrong codes. Ask for a new one."),
    }

    def pre_login(self, request: HttpRequest, user: User, **hooks: Any) -> HttpResponse | None:
        """Refuse staff: their account opens the whole shop, and a code by mail is not enough for that."""
        if user.is_staff or not user.is_active:
            request.session.flush()
            messages.error(request, _("This account cannot be opened here."))
            raise ImmediateHttpResponse(redirect("account_login"))
        return None

    def login(self, request: HttpRequest, user: User) -> None:
        user.backend = BACKEND
        super().login(request, user)
        request.session.set_expiry(None)  # from now on as long as the engine says
        note_sign_in(user)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Put the mail into the outbox, as every mail of the shop."""
        told = {**context, "subject": _SUBJECTS[template_prefix]}
        enqueue_mail(
            template_prefix.replace("/email/", ".").replace("_", "-"),
            email,
            subject=str(_SUBJECTS[template_prefix]),
            text=render_to_string(f"{template_prefix}.txt", told),
            html=render_to_string(f"{template_prefix}.html", told),
            language=get_language() or "",
        )

    def add_message(self, request: HttpRequest, level: int, *args: Any, **kwargs: Any) -> None:
        """Tell what went wrong; that a mail was sent, the page says itself."""
        if level >= messages.ERROR and kwargs.get("message"):
            messages.add_message(request, level, str(kwargs["message"]))

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return reverse("my-home")

    def is_safe_url(self, url: str) -> bool:
        """Whether signing in may lead there: shoppers' pages alone."""
        return is_shoppers(url) and "\\" not in url and url.isprintable()

    def is_ajax(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        return str(request.META.get("REMOTE_ADDR") or "")


def seconds_to_wait(request: HttpRequest, email: str) -> int:
    """Count a code that is asked for; return 0, or in how many seconds one may be."""
    network = network_of(request.META.get("REMOTE_ADDR") or "")
    address = email.strip().lower()[:254]
    return (
        codes_of_network.take(network)
        or codes_of_pair.take(f"{address} {site_of(network) or network}")
        or codes_of_address.take(address)
        or all_codes.take("*")
    )


def may_try(request: HttpRequest, begun: float) -> bool:
    """Count a try of the code that a session asked for at that time; False if there were too many."""
    network = network_of(request.META.get("REMOTE_ADDR") or "")
    return not (tries.take(f"{request.session.session_key}:{begun}") or tries_of_network.take(network))


def hold_briefly(request: HttpRequest) -> None:
    """Keep the session of somebody who has not signed in for an hour."""
    request.session.set_expiry(_PENDING_HOLDS)
