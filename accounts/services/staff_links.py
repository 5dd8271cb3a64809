"""Sign-in links by mail, for staff who cannot reach the shell."""

from typing import Final

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from outbox.services import enqueue_mail
from shopmcp import sign_in
from shopmcp.errors import TooMany
from shopmcp.throttle import Buckets, NetworkBuckets, Rate

_of_address = Buckets("mailed-link-of-address", lambda: Rate(1 / 300, 3))
_of_network = NetworkBuckets("mailed-link-of-network", lambda: Rate(1 / 60, 10))
_LONGEST: Final = 254  # of an e-mail address


def mail_link(address: str, network: str) -> None:
    """Mail a sign-in link to the one member of staff with this address. Nobody learns whether there is one.

    Raises:
        TooMany: If this address or network asked for too many.
    """
    address = address.strip()[:_LONGEST]
    if wait := _of_network.take(network) or _of_address.take(address.casefold()):
        raise TooMany(wait, _("Too many links were asked for lately."))
    staff = get_user_model().objects.filter(email__iexact=address, is_active=True, is_staff=True)
    found = list(staff[:2]) if address and address.isprintable() else []
    # Of two with one address it is not known who asks.
    if len(found) != 1:
        return
    with transaction.atomic():
        enqueue_mail(
            "staff.sign_in",
            found[0].email,
            subject=_("Sign in to your shop"),
            text=_(
                "Open this link to sign in. It works once, within ten minutes.\n\n%(link)s\n\n"
                "If you did not ask for it, do nothing: without the link nobody gets in."
            )
            % {"link": sign_in.link_for(found[0], settings.PUBLIC_URL)},
            language=get_language() or "",
        )
