"""Creating and editing single products."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F

from catalog.models import ImportRun, Product, ProductIdentity, Store
from catalog.search.index import reindex

# The fields that an import sets, and the fields derived from them.
DECIDED = (
    "name", "description", "category", "brand", "price", "former_price", "currency", "barcode", "image", "url", "stock",
    "available", "group_id", "options", "withdrawn_at",
)  # fmt: skip
DERIVED = ("name_key", "url_key", "search_text")


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


def save_product(product: Product, changed: Iterable[str]) -> None:
    """Save these fields of an edited product, and update the search index. No other field is written.

    Every version gets them, so that neither publishing a running import nor undoing the last one loses the edit.
    """
    values = {name: getattr(product, name) for name in changed}
    with transaction.atomic():
        # An import that adds a version locks the one before it: wait for that lock, then read all versions.
        list(Product.versions.select_for_update().filter(identity=product.identity_id).values_list("pk"))
        versions = list(Product.versions.select_related("identity").filter(identity=product.identity_id))
        _note_edits(product, values)
        if "stock" in values:
            _set_stock(product, versions, values.pop("stock"))
        for version in versions:
            for name, value in values.items():
                setattr(version, name, value)
            version.index()
            version.save(update_fields=[*values, *DERIVED, "counted", "updated_at"])
        reindex([product.identity_id])


def _note_edits(product: Product, fields: Iterable[str]) -> None:
    """Note the fields for an import that is running and has not compared this product yet."""
    run = ImportRun.objects.running().filter(slug=product.store.slug).values_list("pk", flat=True).first()
    if run is None:
        return
    identity = ProductIdentity.objects.select_for_update().get(pk=product.identity_id)
    before = identity.edits["fields"] if identity.edits and identity.edits["run"] == run else []
    identity.edits = {"run": run, "fields": sorted({*before, *fields})}
    identity.save(update_fields=["edits"])


def _set_stock(product: Product, versions: list[Product], stock: int | None) -> None:
    """Set the stock. If all versions count it, save the difference as a move, which applies to each version."""
    shown = Product.objects.select_related("identity").get(identity=product.identity_id)
    moved = shown.identity.stock_moved
    if stock is not None and shown.counted is not None and all(version.counted is not None for version in versions):
        move = stock - (shown.counted + moved)
        ProductIdentity.objects.filter(pk=product.identity_id).update(stock_moved=F("stock_moved") + move)
        return
    for version in versions:
        version.counted = None if stock is None else stock - moved
