"""All that is kept about a person, as JSON values."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.utils import timezone

from accounts.models import Person
from accounts.oauth.tokens import accesses_of
from carts.models import Session
from offers.buyers import Buyer
from orders import people
from orders.models import Order
from orders.schemas import api_order_out
from outbox.models import Message


def export(who: Buyer, account: Person | None = None) -> dict[str, Any]:
    """Return what is kept about the person with this e-mail address or phone number.

    If the person asks themselves, by this account, nobody with a similar address is told. The destinations of messages
    to the shop or to its systems are left out.
    """
    accounts = people.accounts_of(who, account)
    of_accounts = Order.objects.with_buyer().filter(person__in=accounts).values_list("pk", flat=True)
    keys = sorted({*people.orders_of(who, account), *of_accounts})
    orders = (
        Order.objects.filter(pk__in=keys)
        .select_related("store", "session")
        .prefetch_related("lines", "events", "payment_reports", "online_payments", "captures", "refunds")
    )
    theirs = people.mails_of(who, account)
    about = people.AboutOrders()(keys)
    typed = set(Order.objects.filter(pk__in=keys).values_list("email", flat=True))
    uses = people.uses_of(who, account).select_related("coupon__store").order_by("id")
    reminders = people.reminders_of(who, account).select_related("cart").order_by("id")
    return {
        "asked_for": {"email": who.email} if who.email else {"phone": who.phone},
        "made_at": timezone.now(),
        "accounts": [_account(person) for person in accounts],
        "orders": [_order(order) for order in orders.order_by("id")],
        "messages": list(_messages({*about, *theirs}, theirs, typed)),
        "coupon_uses": [
            {
                "store": use.coupon.store.slug,
                "code": use.coupon.code,
                "used_at": use.taken_at,
                "given_back_at": use.given_back_at,
            }
            for use in uses
        ],
        "reminders": [
            {
                "cart": reminder.cart.public_id,
                "to": reminder.email or None,
                "asked_at": reminder.asked_at,
                "sent_at": reminder.sent_at,
                "ended_at": reminder.ended_at,
            }
            for reminder in reminders
        ],
        "blocked": [
            {"store": block.store.slug, "why": block.reason, "at": block.at}
            for block in people.blocks_of(who, account).select_related("store").order_by("id")
        ],
    }


def _account(account: Person) -> dict[str, Any]:
    return {
        "email": account.email,
        "name": account.name,
        "phone": account.phone,
        "language": account.language,
        "created_at": account.created_at,
        "signed_in_at": account.seen_at,
        "addresses": list(account.addresses.order_by("id").values("street", "street_more", "city", "postal_code")),
        "chats": [
            {
                "id": chat.public_id,
                "client": chat.client,
                "linked_at": chat.linked_at,
                "last_call_at": chat.last_seen_at,
                "sees_the_account": chat.sees_person,
            }
            for chat in Session.objects.of_person(account).chats()
        ],
        "one_cart_everywhere": Session.objects.holding_one_cart(account).exists(),
        "access": [
            {"name": each.client.name, "hosts": each.hosts, "since": each.since, "last_token_at": each.used_at}
            for each in accesses_of(account)
        ],
    }


def _order(order: Order) -> dict[str, Any]:
    told = api_order_out(order, with_people=True).model_dump(mode="json")
    # The names of the staff are not the person's data.
    events = [
        {"what": event.kind, "by": event.actor, "text": event.text, "at": event.at} for event in order.events.all()
    ]
    return {
        **told,
        "language": order.language,
        "withdrawn_at": order.withdrawn_at,
        "to_be_forgotten": order.forget_when_over,
        "events": events,
        "reported_payments": [
            {
                "reference": report.reference,
                "amount": report.amount,
                "currency": report.currency,
                "outcome": report.outcome,
                "at": report.at,
            }
            for report in order.payment_reports.all()
        ],
        **_payments(order),
    }


def _payments(order: Order) -> dict[str, Any]:
    """What went through providers."""
    return {
        "online_payments": [
            {
                "provider": payment.provider,
                "reference": payment.reference,
                "amount": payment.amount,
                "currency": payment.currency,
                "state": payment.state,
                "received": payment.received,
                "received_currency": payment.received_currency,
                "begun_at": payment.begun_at,
                "authorised": payment.authorised,
                "authorised_at": payment.authorised_at,
                "paid_at": payment.paid_at,
            }
            for payment in order.online_payments.all()
        ],
        "taken_payments": [
            {
                "amount": capture.amount,
                "currency": capture.currency,
                "state": capture.state,
                "asked_at": capture.asked_at,
                "settled_at": capture.settled_at,
            }
            for capture in order.captures.all()
        ],
        "repayments": [
            {
                "reference": refund.reference,
                "amount": refund.amount,
                "currency": refund.currency,
                "reason": refund.reason,
                "state": refund.state,
                "asked_at": refund.asked_at,
                "settled_at": refund.settled_at,
            }
            for refund in order.refunds.all()
        ],
    }


def _messages(keys: Iterable[int], theirs: Iterable[int], typed: Iterable[str]) -> Iterator[dict[str, Any]]:
    own, addresses = set(theirs), set(typed)
    for message in Message.objects.filter(pk__in=keys).order_by("id").prefetch_related("attempts"):
        is_theirs = message.pk in own or message.destination in addresses
        yield {
            "what": message.kind,
            "channel": message.channel,
            "to": message.destination if is_theirs else None,
            "content": message.payload,
            "state": message.state,
            "written_at": message.created_at,
            "sent_at": message.sent_at,
            "tried_at": [attempt.at for attempt in message.attempts.all()],
        }
