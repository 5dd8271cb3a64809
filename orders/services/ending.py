"""Telling the owner, once, that what is authorised can soon no longer be taken."""

from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext

from orders.models import OnlinePayment
from orders.services.messages import owner_addresses
from outbox.services import enqueue_mail
from shopmcp.mailboxes import is_mailbox

# The reconciler looks every six hours: a day is left at the least.
BEFORE: Final = timedelta(hours=30)


def tell_if_ending(payment: OnlinePayment) -> None:
    """Mail the shop if the payment is authorised and ends soon; the same mail is written once."""
    if not payment.is_held or payment.release_asked_at is not None or payment.capture_before is None:
        return
    if payment.capture_before > timezone.now() + BEFORE:
        return
    order = payment.order
    test = f"[{gettext('test')}] " if order.is_test else ""
    with translation.override(order.store.language), timezone.override(order.store.zone):
        facts = {"number": order.shown_number}
        subject = test + gettext("The authorisation of order %(number)s ends soon") % facts
        context: dict[str, Any] = {
            "subject": subject,
            "payment": payment,
            "sum": payment.shown_authorised,
            "link": f"{settings.PUBLIC_URL}/dashboard/orders/{order.number}/",
        }
        text, html = (render_to_string(f"orders/mail/ending.{kind}", context) for kind in ("txt", "html"))
        for address in filter(is_mailbox, owner_addresses(order)):
            enqueue_mail(
                "order.ending",
                address,
                subject=subject,
                text=text,
                html=html,
                language=order.store.language,
                dedupe_key=f"order:{order.pk}:ending:{payment.pk}",
            )
