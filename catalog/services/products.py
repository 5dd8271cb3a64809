"""Creating and editing single products, and withdrawing those whose time is over."""

import secrets
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.models import FeedAddress, ImportRun, Product, ProductIdentity, Store
from catalog.search.index import reindex
from catalog.services.stock import set_stock
from shopmcp.db.batches import Pace
from shopmcp.errors import InvalidArguments

# How often it is looked for products that have expired, in seconds.
EXPIRED_EVERY = 3.0
# The fields that an import sets, and the fields derived from them.
DECIDED = (
    "name", "description", "category", "brand", "price", "former_price", "sale_price", "sale_begins", "sale_ends",
    "currency", "barcode", "external_id", "image", "url", "stock", "available", "group_id", "options", "expires_at",
    "withdrawn_at",
)  # fmt: skip
DERIVED = ("name_key", "url_key", "search_text")
# What belongs together when imports leave a field as the owner set it.
KEPT_TOGETHER = {
    "name": ("name",),
    "description": ("description",),
    "category": ("category",),
    "price": ("price", "former_price", "sale_price", "sale_begins", "sale_ends", "currency"),
    "image": ("image",),
    "available": ("available",),
}


def create_product(
    store: Store, *, sku: str, name: str, price: Decimal | str | None, stock: int | None = None, **fields: Any
) -> Product:
    """Create one product, in the store's currency unless `fields` name another."""
    fields = {"currency": store.currency, **fields}
    # Convert text now, so that the instance has the type that the database returns.
    amount = None if price is None else Decimal(price)
    product = Product(
        store=store, public_id=f"{store.slug}:{sku}", sku=sku, name=name, price=amount, counted=stock, **fields
    )
    product.index()
    with transaction.atomic():
        product.identity = ProductIdentity.objects.create(store=store, sku=sku)
        product.save(force_insert=True)
        reindex([product.identity_id])
    return product


def add_product(store: Store, *, sku: str, name: str, price: Decimal | None, **fields: Any) -> Product:
    """Create a product that the owner wrote by hand; the next import of the store withdraws it, if its file lacks it.

    Args:
        sku: Empty for one that is made up.

    Raises:
        InvalidArguments: If the store has a product with this SKU.
    """
    sku = sku or f"own-{secrets.token_hex(4)}"
    try:
        with transaction.atomic():
            return create_product(store, sku=sku, name=name, price=price, **fields)
    except IntegrityError:
        raise InvalidArguments(
            _("%(store)s has a product with the SKU %(sku)s already.") % {"store": store.name, "sku": sku},
            fix=_("Choose another SKU, or leave it empty."),
        ) from None


def save_product(product: Product, changed: Iterable[str], kept: Iterable[str] | None = None) -> None:
    """Save these fields of an edited product, and update the search index. No other field is written.

    Every version gets them, so that neither publishing a running import nor undoing the last one loses the edit.

    Args:
        kept: The names of `KEPT_TOGETHER` that imports leave as they are from now on; None changes nothing of that.
    """
    values = {name: getattr(product, name) for name in changed}
    with transaction.atomic():
        _lock_versions(product)
        versions = list(Product.versions.select_related("identity").filter(identity=product.identity_id))
        _note_edits(product, values)
        if "stock" in values:
            set_stock(product, versions, values.pop("stock"))
        for version in versions:
            for name, value in values.items():
                setattr(version, name, value)
            version.index()
            version.save(update_fields=[*values, *DERIVED, "counted", "updated_at"])
        if kept is not None:
            _keep(product, kept)
        reindex([product.identity_id])


def hide_product(product: Product) -> None:
    """Hide a product from chats until `show_product`; imports leave it hidden."""
    _set_hidden(product, hidden=True)


def show_product(product: Product) -> None:
    """Show a hidden product again, unless its store's file does not have it any more."""
    _set_hidden(product, hidden=False)


def withdraw_expired(now: datetime, stopping: Callable[[], bool] = lambda: False) -> int:
    """Withdraw the products whose time is over, in short transactions between which others write; return how many.

    `serve` calls it every few seconds: a feed that has not changed is not read again when a product of it expires. All
    of a feed may expire at once.

    Args:
        now: The moment.
        stopping: Asked before each transaction, to end early; the next call goes on.
    """
    due, count, pace = Product.objects.filter(expires_at__lte=now, withdrawn_at=None).order_by(), 0, Pace()
    while not stopping() and (keys := list(due.values_list("pk", "identity_id")[: pace.size])):
        with pace.turn():
            versions = Product.versions.filter(pk__in=[pk for pk, _identity in keys], withdrawn_at=None)
            count += versions.update(withdrawn_at=now, updated_at=now)
            reindex(identity for _pk, identity in keys)
    return count


def _lock_versions(product: Product) -> None:
    """Wait for an import that adds a version: it locks the one before."""
    list(Product.versions.select_for_update().filter(identity=product.identity_id).values_list("pk"))


def _set_hidden(product: Product, *, hidden: bool) -> None:
    with transaction.atomic():
        _lock_versions(product)
        identity = ProductIdentity.objects.select_for_update().get(pk=product.identity_id)
        before, now = identity.hidden_at, timezone.now()
        if (before is not None) == hidden:
            return
        identity.hidden_at = now if hidden else None
        identity.save(update_fields=["hidden_at"])
        versions = Product.versions.filter(identity=identity.pk, withdrawn_at=before)
        versions.update(withdrawn_at=identity.hidden_at, updated_at=now)
        reindex([identity.pk])


def _keep(product: Product, names: Iterable[str]) -> None:
    identity = ProductIdentity.objects.get(pk=product.identity_id)
    before, fields = set(identity.kept or ()), {field for name in names for field in KEPT_TOGETHER[name]}
    if fields == before:
        return
    identity.kept = sorted(fields) or None
    identity.save(update_fields=["kept"])
    Product.versions.filter(identity=identity.pk).update(updated_at=timezone.now())
    if before - fields:
        # An address that has nothing new would not be read, and the value of the file would not return.
        FeedAddress.objects.filter(slug=product.store.slug).delete()


def _note_edits(product: Product, fields: Iterable[str]) -> None:
    """Note the fields for an import that is running and has not compared this product yet."""
    run = ImportRun.objects.running().filter(slug=product.store.slug).values_list("pk", flat=True).first()
    if run is None:
        return
    identity = ProductIdentity.objects.select_for_update().get(pk=product.identity_id)
    before = identity.edits["fields"] if identity.edits and identity.edits["run"] == run else []
    identity.edits = {"run": run, "fields": sorted({*before, *fields})}
    identity.save(update_fields=["edits"])
