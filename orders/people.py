"""Finding what is kept about a person: orders, mails and uses of coupons, by e-mail address or phone number."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext

from accounts.models import Person
from catalog.models import Store
from offers.buyers import Buyer, digests_of, normalised_email
from offers.models import CouponUse
from offers.models.coupons import CouponUseQuerySet
from orders.models import BlockedContact, CartReminder, Order
from orders.models.orders import email_key, phone_key
from orders.models.reminders import CartReminderQuerySet
from orders.models.trust import BlockedContactQuerySet
from outbox.models import Message, MessageQuerySet
from shopmcp.errors import InvalidArguments

# So begins the key of each message about an order, and goes on with the order's own (orders/services/messages.py).
ABOUT_ORDER: Final = "order:"
# Longer than a transaction takes between writing a message and its commit.
_UNSEEN: Final = timedelta(minutes=1)


def person(*, email: str = "", phone: str = "") -> Buyer:
    """Return who has this e-mail address, or this phone number.

    Raises:
        InvalidArguments: If it is none.
    """
    found = Buyer(email, phone)
    if email and not found.email_key:
        raise InvalidArguments(
            gettext("This is no e-mail address."), fix=gettext("Write one such as name@example.com.")
        )
    if phone and not found.phone_key:
        raise InvalidArguments(gettext("This is no phone number."), fix=gettext("Write it with its area code."))
    return found


def orders_of(who: Buyer, account: Person | None = None) -> list[int]:
    """Return the keys of the orders with this mailbox or this phone, however they were written; the oldest first.

    Args:
        account: Whose person asks themselves. They have proved their very address, and not that `+tag` means nothing
            where it is: only orders with exactly this address count, and the account's own.
    """
    rows = Order.objects.with_buyer().order_by("id")
    if account is not None:
        mine = Q(person=account) | Q(email_key=email_key(account.email))
        return list(rows.filter(mine).values_list("pk", flat=True))
    if who.email:
        mailbox = normalised_email(who.email)
        # `+tag` and the points of some mailboxes are in the keys.
        found = rows.filter(email_key__startswith=mailbox[0]).values_list("pk", "email")
        return [pk for pk, email in found.iterator() if normalised_email(email) == mailbox]
    found = rows.filter(phone_key=phone_key(who.phone)).values_list("pk", "phone")
    return [pk for pk, phone in found.iterator() if _same_phone(phone, who.phone)]


def accounts_of(who: Buyer, account: Person | None = None) -> list[Person]:
    """Return the accounts with this mailbox, verified, or with this phone number as their own; `account` as above."""
    if account is not None:
        return [account]
    if who.email:
        mailbox = normalised_email(who.email)
        rows = Person.objects.select_related("user").filter(user__email__istartswith=mailbox[0])
        return [person for person in rows.iterator() if normalised_email(person.email) == mailbox]
    rows = Person.objects.select_related("user").exclude(phone="")
    return [person for person in rows.iterator() if _same_phone(person.phone, who.phone)]


def uses_of(who: Buyer, account: Person | None = None) -> CouponUseQuerySet:
    """Uses of coupons by this mailbox or phone; `account` as above."""
    if account is not None:
        return CouponUse.objects.filter(order__in=orders_of(who, account))
    return CouponUse.objects.of_buyer(who)


def reminders_of(who: Buyer, account: Person | None = None) -> CartReminderQuerySet:
    """Wishes of this mailbox to be reminded of carts; `account` as above."""
    if account is not None:
        return CartReminder.objects.filter(email__iexact=account.email)
    return CartReminder.objects.filter(email_key__in=who.email_keys)


def blocks_of(who: Buyer, account: Person | None = None) -> BlockedContactQuerySet:
    """Where stores take no orders from this mailbox or phone; whoever asks by their account is not told."""
    if account is not None:
        return BlockedContact.objects.none()
    return BlockedContact.objects.of_buyer(who)


def mails_to(keys: Iterable[str], secret: str = "") -> dict[int, datetime]:
    """Return when each mail to the mailboxes with these digests was written, by its key; none to the shop's own."""
    wanted, own = set(keys), _own_mailboxes()
    mails = Message.objects.filter(channel=Message.Channel.EMAIL).order_by("id")
    seen = dict[str, bool]()
    found = dict[int, datetime]()
    for pk, to, created in mails.values_list("pk", "destination", "created_at").iterator():
        mailbox = normalised_email(to)
        if mailbox not in seen:
            seen[mailbox] = mailbox not in own and not wanted.isdisjoint(digests_of(Buyer(email=to), secret))
        if seen[mailbox]:
            found[pk] = created
    return found


def mails_of(who: Buyer, account: Person | None = None) -> dict[int, datetime]:
    """Return when each mail to this mailbox was written, by its key; `account` as above."""
    if account is None:
        return mails_to(who.email_keys)
    mails = Message.objects.filter(channel=Message.Channel.EMAIL, destination__iexact=account.email)
    return {} if normalised_email(account.email) in _own_mailboxes() else dict(mails.values_list("pk", "created_at"))


class AboutOrders:
    """The messages about orders, read once; `refresh` adds those that were written since."""

    def __init__(self) -> None:
        self._read_at: datetime | None = None
        self._of = dict[int, set[int]]()
        self.refresh()

    def refresh(self) -> None:
        rows: MessageQuerySet = Message.objects.filter(dedupe_key__startswith=ABOUT_ORDER)
        if self._read_at is not None:
            rows = rows.filter(created_at__gte=self._read_at - _UNSEEN)
        self._read_at = timezone.now()
        for pk, key in rows.values_list("pk", "dedupe_key"):
            self._of.setdefault(int(key.split(":")[1]), set()).add(pk)

    def __call__(self, orders: Iterable[int]) -> set[int]:
        """Return the keys of the messages about these orders."""
        return {pk for order in orders for pk in self._of.get(order, ())}


def _own_mailboxes() -> set[str]:
    """Where the shop itself is told of orders."""
    return {normalised_email(to) for to in _own_addresses()} - {""}


def _own_addresses() -> Iterator[str]:
    yield from settings.SHOPMCP_NOTIFY
    yield from Store.objects.exclude(orders_email="").values_list("orders_email", flat=True)


def _same_phone(one: str, other: str) -> bool:
    """Whether two numbers are the same, with a country's code or without."""
    short, long = sorted((_significant(one), _significant(other)), key=len)
    return long.endswith(short) if len(short) >= 8 else long == short


def _significant(phone: str) -> str:
    return "".join(sign for sign in phone if sign.isdecimal()).lstrip("0")
