"""Single products, written by hand."""

from decimal import Decimal
from typing import Any

from django.db import transaction

from catalog.models import Product, Store
from catalog.search.index import reindex

# What a file decides about a product, and what is derived from it.
DECIDED = (
    "name", "description", "category", "brand", "price", "former_price", "currency", "barcode", "image", "url", "stock",
    "available", "group_id", "options", "withdrawn_at",
)  # fmt: skip
DERIVED = ("name_key", "url_key", "search_text")


def create_product(store: Store, *, sku: str, name: str, price: Decimal | str | None, **fields: Any) -> Product:
    """Create one product, in the store's currency unless `fields` name another."""
    fields = {"currency": store.currency, **fields}
    # Through text, so that the row in hand says what the database will.
    amount = None if price is None else Decimal(price)
    product = Product(store=store, public_id=f"{store.slug}:{sku}", sku=sku, name=name, price=amount, **fields)
    product.index()
    with transaction.atomic():
        product.save(force_insert=True)
        reindex([product.pk])
    return product


def save_product(product: Product) -> None:
    """Save a product that was edited by hand, so that it is found by what it says now."""
    product.index()
    with transaction.atomic():
        product.save(update_fields=[*DECIDED, *DERIVED, "updated_at"])
        reindex([product.pk])
