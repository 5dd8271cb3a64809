"""Contacts from which a store takes no orders."""

from django.utils.translation import gettext

from catalog.language.text import clean
from catalog.models import Store
from offers.buyers import Buyer, normalised_email, normalised_phone
from orders.models import BlockedContact
from orders.refusals import InvalidDetails, NotTaken
from shopmcp.errors import Kept
from shopmcp.mailboxes import is_mailbox

MOST_BLOCKED = 1000


def block(store: Store, contact: str, reason: str = "", *, by: str = "") -> BlockedContact:
    """Take no more orders from this e-mail address or phone number in a store; orders that there are stay.

    Raises:
        InvalidDetails: If it is neither.
        Kept: If the store blocks as many as it may.
    """
    contact = clean(contact, 254)
    buyer = Buyer(email=contact) if "@" in contact else Buyer(phone=contact)
    if not (is_mailbox(contact) if "@" in contact else buyer.phone_key):
        raise InvalidDetails(
            "contact",
            gettext("This is neither an e-mail address nor a phone number."),
            fix=gettext("Write one of them, a phone number with its area code."),
        )
    if BlockedContact.objects.of_store(store).count() >= MOST_BLOCKED:
        raise Kept(gettext("The store blocks too many contacts."), fix=gettext("Free one that is no longer a problem."))
    facts = {"hint": _hint(contact), "reason": clean(reason, 200), "by": by[:150]}
    digest = buyer.email_key or buyer.phone_key
    return BlockedContact.objects.update_or_create(store=store, digest=digest, defaults=facts)[0]


def free(store: Store, key: int) -> None:
    """Take orders from a contact again."""
    BlockedContact.objects.of_store(store).filter(pk=key).delete()


def check_contact(store: Store, buyer: Buyer) -> None:
    """Refuse a buyer from whom the store takes no orders.

    Raises:
        NotTaken: With the words that lead to the shop.
    """
    if BlockedContact.objects.of_store(store).of_buyer(buyer).exists():
        raise NotTaken(
            gettext("The shop takes no order with this phone number or e-mail address here."),
            fix=gettext("Call the shop. Nothing was ordered."),
        )


def _hint(contact: str) -> str:
    """What of a contact the owner sees again."""
    if "@" in contact:
        name, _at, domain = normalised_email(contact).rpartition("@")
        return f"{name[:1]}…@{domain}"[:100]
    return f"…{normalised_phone(contact)[-4:]}"
