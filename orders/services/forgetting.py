"""Forgetting buyers: the orders keep their numbers, lines and sums.

An order that is on its way keeps its buyer until it is over; then the clean-up forgets it. What is forgotten stays
known as digests, in a table and in a file of the data folder, so that a restored backup forgets it again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import Person
from accounts.services.people import delete
from carts.models import Session
from carts.news import ORDER
from carts.services.ordering import forget_news, lock_session
from offers.buyers import Buyer, digests_of
from offers.models import CouponUse
from orders import people
from orders.models import (
    Capture,
    CartReminder,
    ForgottenContact,
    OnlinePayment,
    Order,
    OrderEvent,
    PaymentReport,
    ProviderEvent,
    Refund,
)
from orders.models.orders import OVER
from orders.numbers import shown_number
from orders.services.forgotten_file import add_to_file, kept_in_file
from outbox.models import Message
from outbox.services.cleanup import delete_messages
from shopmcp.db.batches import Pace

# Of orders; each may have many messages.
_MOST: Final = 50
_EMPTY: Final = {
    **dict.fromkeys(("name", "phone", "email", "note", "street", "street_more", "city", "postal_code"), ""),
    **dict.fromkeys(("name_key", "surname_key", "phone_key", "email_key", "cancel_reason"), ""),
}
_Kind = OrderEvent.Kind
# What tells of payments with the names by which a provider knows them.
_NAMING: Final = (_Kind.AUTHORISED, _Kind.RELEASED, _Kind.EXPIRED, _Kind.NOT_TAKEN, _Kind.NOT_REFUNDED)


@dataclass(slots=True)
class Forgotten:
    """What was forgotten, or would be.

    Attributes:
        orders: How many lost their buyer.
        left: The numbers, as shown, of those that keep it until they are over.
    """

    orders: int = 0
    left: list[str] = field(default_factory=list)
    messages: int = 0
    uses: int = 0
    reminders: int = 0
    accounts: int = 0

    @property
    def is_nobody(self) -> bool:
        return not (self.orders or self.left or self.messages or self.uses or self.reminders or self.accounts)


def forget(who: Buyer, *, dry_run: bool = False, account: Person | None = None) -> Forgotten:
    """Forget the person with this e-mail address or phone number, with their accounts.

    Args:
        account: Whose person asks for it themselves: then nobody with a similar address is forgotten too.

    Raises:
        OSError: If the file of the data folder cannot be written; then nothing was changed.
    """
    now, accounts = timezone.now(), people.accounts_of(who, account)
    of_accounts = Order.objects.with_buyer().filter(person__in=accounts).values_list("pk", flat=True)
    orders = sorted({*people.orders_of(who, account), *of_accounts})
    # The same number may have been written in a form with another digest.
    column = "email" if who.email else "phone"
    forms = Order.objects.filter(pk__in=orders).values_list(column, flat=True)
    digests = {key for text in {getattr(who, column), *forms} for key in digests_of(Buyer(**{column: text}))}
    mails = people.mails_of(who, account)
    uses = people.uses_of(who, account).filter(order=None).values_list("pk", flat=True)
    reminders = people.reminders_of(who, account)
    found = Forgotten(
        len(orders), messages=len(mails), uses=len(uses), reminders=reminders.count(), accounts=len(accounts)
    )
    if not found.is_nobody and not dry_run:
        with transaction.atomic():
            # First: an account is locked before all that belongs to it.
            for each in sorted(accounts, key=lambda one: one.user_id):
                delete(each)
            _remember(dict.fromkeys(digests, now))
            reminders.delete()
            # The digest stays, as those of the forgotten do: it tells nobody who it was.
            people.blocks_of(who, account).update(hint="", reason="")
    done = _forget(orders, list(mails), list(uses), dry_run=dry_run)
    done.reminders, done.accounts = found.reminders, found.accounts
    return done


def forget_old(*, dry_run: bool = False) -> int:
    """Forget the buyers of orders that were over so long ago as `SHOPMCP_KEEP_BUYERS` says; return how many orders.

    Those that were only waiting to be over are forgotten too.
    """
    before = timezone.now() - settings.SHOPMCP_KEEP_BUYERS
    old = Order.objects.with_buyer().filter(state__in=OVER, placed_at__lt=before, changed_at__lt=before)
    due = Order.objects.over().filter(forget_when_over=True)
    keys = {*old.values_list("pk", flat=True), *due.values_list("pk", flat=True)}
    return _forget(sorted(keys), (), (), dry_run=dry_run, old=before).orders if keys else 0


def forget_again(secret: str = "") -> int:
    """Forget, in a shop that was restored, whoever had been forgotten before; return how many orders that were.

    Args:
        secret: The shop's secret key, if it is that of the backup and not this process's.
    """
    times = dict(ForgottenContact.objects.values_list("digest", "forgotten_at"))
    for digest, at in kept_in_file().items():
        times[digest] = max(at, times.get(digest, at))
    if not times:
        return 0
    _remember(times)
    rows = Order.objects.with_buyer().filter(placed_at__lte=max(times.values())).order_by("id")
    orders = [
        pk
        for pk, email, phone, placed in rows.values_list("pk", "email", "phone", "placed_at").iterator()
        if any(times[key] >= placed for key in digests_of(Buyer(email, phone), secret) if key in times)
    ]
    last = max(times.values())
    mails = [pk for pk, written in people.mails_to(times, secret).items() if written <= last]
    CartReminder.objects.filter(email_key__in=times, asked_at__lte=last).delete()
    for person in Person.objects.filter(created_at__lte=last).select_related("user").iterator():
        if any(times[key] >= person.created_at for key in digests_of(Buyer(person.email), secret) if key in times):
            with transaction.atomic():
                delete(person)
    unused = CouponUse.objects.filter(order=None, taken_at__lte=last)
    uses = [pk for pk, *keys in unused.values_list("pk", "email_key", "phone_key") if not times.keys().isdisjoint(keys)]
    return _forget(orders, mails, uses, dry_run=False).orders


def _forget(
    orders: Sequence[int],
    mails: Sequence[int],
    uses: Sequence[int],
    *,
    dry_run: bool,
    old: datetime | None = None,
) -> Forgotten:
    """Forget the buyers of these orders, or mark those that are on their way.

    Args:
        mails: The person's mails; those about orders on their way are left.
        uses: Uses of coupons without an order.
        old: Orders that were over before that are forgotten even where money is to be paid back.
    """
    about, done, left, pace = people.AboutOrders(), Forgotten(uses=len(uses)), set[int](), Pace()
    numbers = dict[int, str]()
    for start in range(0, len(orders), _MOST):
        with transaction.atomic() if dry_run else pace.turn():
            batch = orders[start : start + _MOST]
            rows = Order.objects.filter(pk__in=batch)
            if not dry_run:
                _lock(
                    Session.objects.filter(pk__in=rows.values("session"))
                    .in_locking_order()
                    .values_list("pk", flat=True)
                )
            over = Order.objects.over()
            if old is not None:
                over |= Order.objects.filter(state__in=OVER, changed_at__lt=old)
            ready = set(over.filter(pk__in=batch).values_list("pk", flat=True))
            numbers |= dict(rows.exclude(pk__in=ready).values_list("pk", "number"))
            left |= set(batch) - ready
            done.orders += len(ready)
            done.uses += CouponUse.objects.filter(order__in=ready).exclude(email_key="", phone_key="").count()
            about.refresh()
            messages = about(ready)
            done.messages += len(messages)
            if not dry_run:
                rows.exclude(pk__in=ready).update(forget_when_over=True)
                _empty(ready, messages)
    done.left = [shown_number(numbers[pk]) for pk in orders if pk in numbers]
    others = set(mails) - about(left) - about(set(orders) - left)
    done.messages += len(others)
    if not dry_run:
        delete_messages(Message.objects.filter(pk__in=others))
        CouponUse.objects.filter(pk__in=uses).update(email_key="", phone_key="")
    return done


def _lock(sessions: Iterable[int]) -> None:
    """Lock them as each change of their orders does, in one order."""
    for session in dict.fromkeys(sessions):
        lock_session(session)


def _empty(orders: set[int], messages: set[int]) -> None:
    """Delete what orders that are over tell of their buyers, within the transaction that locks them."""
    rows = Order.objects.filter(pk__in=orders)
    for session in set(rows.values_list("session", flat=True)):
        forget_news(session, ORDER)
    uses = list(rows.exclude(coupon_use=None).values_list("coupon_use", flat=True))
    CouponUse.objects.filter(pk__in=uses).update(email_key="", phone_key="")
    # Reasons are free text, in which the shop may have named the buyer.
    events = OrderEvent.objects.filter(order__in=orders)
    events.filter(kind__in=(_Kind.CANCELLED, _Kind.CHANGED)).update(text="")
    for event in events.filter(kind=_Kind.REFUNDED):
        event.text = " ".join(event.text.split()[:2])  # the amount and its currency
        event.save(update_fields=["text"])
    # A provider's name of a payment leads to who paid. Its amount stays, in the row of the report.
    events.filter(kind__in=(_Kind.PAID, _Kind.REPORTED), actor=Order.Actor.SYSTEM).update(text="")
    events.filter(kind__in=_NAMING).update(text="")
    for report in PaymentReport.objects.filter(order__in=orders):
        report.reference = f"forgotten-{report.pk}"
        report.save(update_fields=["reference"])
    _empty_payments(orders)
    rows.update(**_EMPTY, forgotten_at=timezone.now(), forget_when_over=False)
    Message.objects.filter(pk__in=messages).delete()


def _empty_payments(orders: set[int]) -> None:
    """Empty what leads from payments at providers to who paid; amounts, states and times stay."""
    ProviderEvent.objects.filter(payment__order__in=orders).delete()
    for payment in OnlinePayment.objects.filter(order__in=orders):
        payment.session, payment.reference, payment.address = f"forgotten-{payment.pk}", "", ""
        payment.key, payment.fault = f"forgotten-{payment.pk}", ""
        payment.save(update_fields=["session", "reference", "address", "key", "fault"])
    for capture in Capture.objects.filter(order__in=orders):
        capture.key, capture.fault = f"forgotten-{capture.pk}", ""
        capture.save(update_fields=["key", "fault"])
    for refund in Refund.objects.filter(order__in=orders):
        refund.reference, refund.reason, refund.fault, refund.key = "", "", "", f"forgotten-{refund.pk}"
        refund.save(update_fields=["reference", "reason", "fault", "key"])


def _remember(times: Mapping[str, datetime]) -> None:
    """Keep the digests with the latest time of each."""
    for digest, at in times.items():
        row, is_new = ForgottenContact.objects.get_or_create(digest=digest, defaults={"forgotten_at": at})
        if not is_new and row.forgotten_at < at:
            ForgottenContact.objects.filter(pk=row.pk).update(forgotten_at=at)
    # Last: a fault of the disk takes the rows back.
    add_to_file(times)
