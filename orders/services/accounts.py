"""What an account and its orders have to do with each other: the checkout that it fills in, and its data."""

from django.utils.translation import gettext

from accounts.models import Person
from accounts.services import people
from catalog.language.text import clean
from orders.models import Order
from orders.refusals import InvalidDetails
from orders.services.details import LENGTHS, is_phone


def known_of(person: Person) -> dict[str, str]:
    """Return what the checkout is filled in with, by the names of its fields; empty ones are left out."""
    last = person.addresses.order_by("-used_at", "-id").first()
    found = {"name": person.name, "phone": person.phone, "email": person.email}
    if last is not None:
        found |= {name: getattr(last, name) for name in ("street", "street_more", "city", "postal_code")}
    return {name: text for name, text in found.items() if text}


def remember(person: Person, order: Order) -> None:
    """Keep what the person typed to place an order of theirs, for the next one."""
    people.save_details(
        person, name=order.name or person.name, phone=order.phone or person.phone, language=person.language
    )
    if order.street:
        people.remember_address(
            person,
            street=order.street,
            street_more=order.street_more,
            city=order.city,
            postal_code=order.postal_code,
        )


def save_details(person: Person, *, name: str, phone: str, language: str) -> None:
    """Keep what the person typed on the page of the account.

    Raises:
        InvalidDetails: If the phone number cannot be one.
    """
    name, phone = clean(name, LENGTHS["name"]), clean(phone, LENGTHS["phone"])
    if phone and not is_phone(phone):
        raise InvalidDetails("phone", gettext("This is no phone number."), fix=gettext("Write it with its area code."))
    people.save_details(person, name=name, phone=phone, language=language)


def add_address(person: Person, *, street: str, street_more: str, city: str, postal_code: str) -> None:
    """Keep another address.

    Raises:
        InvalidDetails: With every field that is missing.
    """
    typed = {"street": street, "street_more": street_more, "city": city, "postal_code": postal_code}
    told = {name: clean(text, LENGTHS[name]) for name, text in typed.items()}
    missing = [
        InvalidDetails(name, text)
        for name, text in (
            ("street", gettext("Write the street and the number of the house.")),
            ("city", gettext("Write the town.")),
        )
        if not told[name]
    ]
    if missing:
        raise InvalidDetails.several(missing)
    people.remember_address(person, **told)
