"""Editing stores, and their logos."""

from collections.abc import Iterable
from hashlib import sha256

from django.db import transaction

from catalog.logos import png_of
from catalog.models import Logo, Store
from catalog.search.index import revise


def save_store(store: Store, changed: Iterable[str], *, logo: bytes | bool | None = None) -> None:
    """Save these fields of an edited store.

    Args:
        logo: An image to show, False for none any more, None to leave it.

    Raises:
        ShopError: As `logos.png_of`; nothing is saved then.
    """
    fields = {field.name for field in Store._meta.concrete_fields}.intersection(changed)
    with transaction.atomic():
        store.save(update_fields=fields)
        if isinstance(logo, bytes):
            set_logo(store, logo)
        elif logo is False:
            remove_logo(store)
        revise([store.pk])


def set_logo(store: Store, content: bytes) -> None:
    """Keep an image as the store's logo, in place of the one before.

    Raises:
        ShopError: As `logos.png_of`.
    """
    png, width, height = png_of(content)
    digest = sha256(png).hexdigest()[:16]
    values = {"png": png, "width": width, "height": height, "digest": digest}
    Logo.objects.update_or_create(values, store=store)


def remove_logo(store: Store) -> None:
    """Leave the store without a logo of its own."""
    Logo.objects.filter(store=store).delete()
