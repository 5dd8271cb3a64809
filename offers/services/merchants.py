"""Changes of who sells in a store."""

import secrets
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from catalog.models import Store
from offers.models import Merchant
from offers.services.saving import clean_row, new_revision
from shopmcp.errors import InvalidArguments


def merchant_of(store: Store) -> Merchant:
    """Return who sells in a store; a new row, not saved, if nobody said yet."""
    return Merchant.objects.select_related("store").filter(store=store).first() or Merchant(store=store)


def save_merchant(merchant: Merchant) -> Merchant:
    """Save who sells in a store. A change of what the pages for shoppers declare takes their confirmation back.

    Raises:
        InvalidArguments: If a value is wrong.
    """
    with transaction.atomic():
        Store.objects.select_for_update().get(pk=merchant.store_id)
        clean_row(merchant)
        before = Merchant.objects.of_store(merchant.store_id).first()
        if before is not None and before.declared != merchant.declared:
            merchant.pages_confirmed_at = None
        if before is not None:
            # A form that was read before a change of the secret must not bring the old one back.
            merchant.pay_link_secret = before.pay_link_secret
        merchant.revision = new_revision()
        merchant.save()
    return merchant


def save_store(merchant: Merchant, values: Mapping[str, Any]) -> Merchant:
    """Save who sells, and these fields of the store, together.

    Raises:
        InvalidArguments: If a value is wrong; nothing is saved then.
    """
    with transaction.atomic():
        store = Store.objects.select_for_update().get(pk=merchant.store_id)
        for name, value in values.items():
            setattr(store, name, value)
        clean_row(store)
        if merchant.pay_address and not store.pay_instructions:
            raise InvalidArguments(
                gettext("The address to pay at has no text that says how to pay."),
                fix=gettext("Write how to pay, or take the address off."),
            )
        store.save(update_fields=list(values))
        return save_merchant(merchant)


def new_pay_link_secret(merchant: Merchant) -> str:
    """Give the provider of the pay link a new secret to sign with, and return it; the one before ends.

    Raises:
        InvalidArguments: If the store has no pay link.
    """
    if not merchant.pay_link:
        raise InvalidArguments(
            gettext("The store has no pay link yet."), fix=gettext("Fill it in below, save, and try again.")
        )
    with transaction.atomic():
        Store.objects.select_for_update().get(pk=merchant.store_id)
        secret = secrets.token_urlsafe(32)
        Merchant.objects.of_store(merchant.store_id).update(pay_link_secret=secret)
    return secret


def confirm_pages(merchant: Merchant) -> None:
    """Note that the owner read the pages for shoppers and stands by them.

    Raises:
        InvalidArguments: If they still lack something.
    """
    if missing := merchant.missing:
        raise InvalidArguments(
            gettext("The pages still lack: %(facts)s.") % {"facts": ", ".join(missing)},
            fix=gettext("Fill that in first, and read the pages again."),
        )
    merchant.pages_confirmed_at = timezone.now()
    save_merchant(merchant)
