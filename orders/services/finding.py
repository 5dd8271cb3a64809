"""Mailing the link of an order to its buyer, who has lost it and wants to see, cancel or withdraw from the order."""

from typing import Any, Final

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext

from offers.buyers import Buyer, digests_of
from orders.links import link_of
from orders.models import Order
from outbox.services import enqueue_mail
from shopmcp.errors import TooMany
from shopmcp.mailboxes import is_mailbox
from shopmcp.throttle import Buckets, NetworkBuckets, Rate

_HOUR: Final = 3600
_of_networks: Final = NetworkBuckets("find-order", lambda: Rate(20 / _HOUR, 20))
_of_orders: Final = Buckets("find-order-mails", lambda: Rate(3 / _HOUR, 3))


def mail_link(number: str, contact: str, *, network: str) -> None:
    """Mail the link of this order to its own address, if the contact is its buyer's.

    Whoever asks hears the same whether there is such an order: it is no way to learn who bought.

    Raises:
        TooMany: If too many asked from this network.
    """
    if wait := _of_networks.take(network):
        raise TooMany(wait)
    found = Order.objects.numbered(number).with_buyer().select_related("store").first()
    if found is None or not is_mailbox(found.email):
        return
    asked = digests_of(Buyer(email=contact) if "@" in contact else Buyer(phone=contact))
    if set(asked).isdisjoint(digests_of(Buyer(found.email, found.phone))) or _of_orders.take(found.number):
        return
    with translation.override(found.language):
        facts = {"number": found.shown_number, "shop": found.store.name}
        subject = gettext("Your order %(number)s at %(shop)s") % facts
        context: dict[str, Any] = {
            "subject": subject,
            "order": found,
            "link": link_of(found.number, full=True),
        }
        enqueue_mail(
            "order.link",
            found.email,
            subject=subject,
            text=render_to_string("orders/mail/link.txt", context),
            html=render_to_string("orders/mail/link.html", context),
            language=found.language,
        )
