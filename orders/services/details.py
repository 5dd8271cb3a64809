"""What a shopper types to order, cleaned and checked."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.utils.translation import gettext

from catalog.language.text import clean, clean_paragraphs
from catalog.models import BuyerContact, Store
from offers.buyers import normalised_email, normalised_phone
from offers.models import DeliveryOption, Merchant
from offers.online import ONLINE, online_providers
from orders.models import Order
from orders.payments import provider_named
from orders.refusals import InvalidDetails
from shopmcp.mailboxes import is_mailbox

_LEAST_DIGITS = 7
_PHONE_SIGNS = frozenset("+-()/. ")


@dataclass(frozen=True, slots=True)
class Details:
    """What a shopper typed and chose.

    Attributes:
        delivery: The key of a delivery option of the store.
        street: With the number of the house; `street_more` for entrance, floor and apartment.
        payment: A value of `Order.Payment`.
        language: In which the shopper is spoken to.
    """

    name: str
    delivery: int
    phone: str = ""
    email: str = ""
    street: str = ""
    street_more: str = ""
    city: str = ""
    postal_code: str = ""
    note: str = ""
    payment: str = Order.Payment.ON_DELIVERY.value
    language: str = "en"

    @property
    def contacts(self) -> list[str]:
        """By what the buyer is known, in one form each, as coupons know buyers."""
        phone, email = clean(self.phone, LENGTHS["phone"]), clean(self.email, LENGTHS["email"])
        return [key for key in (normalised_phone(phone), normalised_email(email)) if key]


def checked(details: Details, store: Store, option: DeliveryOption | None) -> Details:
    """Return the details cleaned.

    Args:
        option: How it is delivered; None if nothing was chosen that the store offers.

    Raises:
        InvalidDetails: With every field that has to be corrected.
    """
    texts: dict[str, Any] = {name: clean(getattr(details, name), most) for name, most in LENGTHS.items()}
    found = replace(details, **texts, note=clean_paragraphs(details.note, 1000))
    if option is not None and option.is_pickup:
        found = replace(found, street="", street_more="", city="", postal_code="")
    if mistakes := list(_mistakes(found, store, option)):
        raise InvalidDetails.several(mistakes)
    return found


def _mistakes(found: Details, store: Store, option: DeliveryOption | None) -> Iterator[InvalidDetails]:
    """What has to be corrected, in the order of the form."""
    if not found.name:
        yield InvalidDetails("name", gettext("Write the name of who gets the order."))
    yield from _contact_mistakes(found, store)
    if option is None:
        yield InvalidDetails("delivery", gettext("Choose how it is delivered."))
    elif not option.is_pickup:
        yield from _address_mistakes(found, option)
    if found.payment not in ways_to_pay(store):
        yield InvalidDetails("payment", gettext("Choose how to pay."))


def _address_mistakes(found: Details, option: DeliveryOption) -> Iterator[InvalidDetails]:
    if not found.street:
        yield InvalidDetails("street", gettext("Write the street and the number of the house."))
    if not found.city:
        yield InvalidDetails("city", gettext("Write the town."))
    elif not option.serves(found.postal_code, found.city):
        yield InvalidDetails(
            "city",
            gettext("%(option)s does not come to this place.") % {"option": option.name},
            fix=gettext("Choose another way of delivery, or check town and postal code."),
        )


def ways_to_pay(store: Store) -> dict[str, str]:
    """Return the ways to pay that the store offers, by their values, in words."""
    ways = {}
    if store.pay_on_delivery:
        ways[Order.Payment.ON_DELIVERY.value] = gettext("When it is delivered or picked up")
    if store.pay_instructions.strip():
        ways[Order.Payment.INSTRUCTIONS.value] = gettext("As the shop says")
    if "link" in settings.SHOPMCP_PAYMENTS and _of_merchant(store, "pay_link"):
        ways[Order.Payment.LINK.value] = gettext("Online, at the shop's payment provider")
    words = {"stripe": gettext("Online, by card, at Stripe"), "dummy": gettext("As a test: no money moves")}
    for name in online_providers(store):
        ways[name] = words[name]
        if is_taken_later(store, name):
            later = gettext("The sum is only authorised now. The shop takes the money later, and never more than that.")
            ways[name] = f"{words[name]}. {later}"
    return ways


def is_taken_later(store: Store, payment: str) -> bool:
    """Whether the store has a payment by this way authorised first, and takes it later."""
    return payment in ONLINE and provider_named(payment).can_take_later and _takes_later(store)


def how_to_pay(store: Store, payment: str) -> dict[str, str]:
    """Return what an order keeps of that way to pay, by its fields: the store may say another thing later."""
    if payment == Order.Payment.INSTRUCTIONS:
        return {"payment_text": store.pay_instructions, "payment_address": _of_merchant(store, "pay_address")}
    if payment == Order.Payment.LINK:
        return {"payment_address": _of_merchant(store, "pay_link")}
    return {}


def _of_merchant(store: Store, name: str) -> str:
    return str(Merchant.objects.of_store(store).values_list(name, flat=True).first() or "")


def _takes_later(store: Store) -> bool:
    return Merchant.objects.of_store(store).filter(take_later=True).exists()


LENGTHS = {
    "name": 100, "phone": 30, "email": 254, "street": 200, "street_more": 200, "city": 100, "postal_code": 20,
}  # fmt: skip


def _contact_mistakes(found: Details, store: Store) -> Iterator[InvalidDetails]:
    needs = store.buyer_contact
    if found.phone and not is_phone(found.phone):
        yield InvalidDetails("phone", gettext("This is no phone number."), fix=gettext("Write it with its area code."))
    elif needs in (BuyerContact.PHONE, BuyerContact.BOTH) and not found.phone:
        yield InvalidDetails("phone", gettext("Write a phone number at which the shop can reach you."))
    elif not found.phone and not found.email and needs == BuyerContact.EITHER:
        yield InvalidDetails("phone", gettext("Write a phone number or an e-mail address."))
    if found.email and not is_mailbox(found.email):
        yield InvalidDetails(
            "email", gettext("This is no e-mail address."), fix=gettext("Write one such as name@example.com.")
        )
    elif not found.email and found.payment == Order.Payment.ON_DELIVERY and _of_merchant(store, "confirm_by_code"):
        yield InvalidDetails(
            "email", gettext("Write an e-mail address: the shop mails a code that confirms the order.")
        )
    elif needs in (BuyerContact.EMAIL, BuyerContact.BOTH) and not found.email:
        yield InvalidDetails("email", gettext("Write an e-mail address: the shop confirms the order there."))


def is_phone(text: str) -> bool:
    """Whether it can be a phone number."""
    digits = sum(sign.isdecimal() for sign in text)
    return digits >= _LEAST_DIGITS and all(sign.isdecimal() or sign in _PHONE_SIGNS for sign in text)
