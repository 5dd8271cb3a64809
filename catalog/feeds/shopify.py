"""Shopify's product export: a line per variant or picture; the first line of a Handle holds shared values."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from django.utils.translation import gettext as _

from catalog.feeds.delimited import Table
from catalog.feeds.names import picked
from catalog.feeds.records import FeedEntry, Record, Refused, Skipped, Unreadable
from catalog.feeds.source import Source
from catalog.feeds.words import is_shown
from catalog.language.text import words

# How many products are kept in memory. Lines of one product are close together, though a spreadsheet may move some.
_REMEMBERED = 2000
# The names of the columns in the old and in the new export.
_NAMES = {
    "handle": ("handle", "urlhandle"),
    "name": ("title",),
    "description": ("bodyhtml", "body", "description"),
    "brand": ("vendor",),
    "category": ("type", "productcategory", "customproducttype"),
    "published": ("published", "publishedononlinestore"),
    "status": ("status",),
    "sku": ("variantsku", "sku"),
    "price": ("variantprice", "price"),
    "former_price": ("variantcompareatprice", "compareatprice"),
    "barcode": ("variantbarcode", "barcode"),
    "external_id": ("variantid",),
    "tracker": ("variantinventorytracker", "inventorytracker"),
    "stock": ("variantinventoryqty", "inventoryquantity"),
    "policy": ("variantinventorypolicy", "continuesellingwhenoutofstock"),
    "image": ("imagesrc", "productimageurl"),
    "variant_image": ("variantimage", "variantimageurl"),
    **{f"option{n}{part}": (f"option{n}{part}",) for n in range(1, 10) for part in ("name", "value")},
}
_SHARED = ("name", "description", "brand", "category", "published", "status", "image")


def is_shopify(source: Source) -> bool:
    names = Table(source).names
    return bool(names & {"handle", "urlhandle"}) and bool(names & {"variantprice", "option1value", "variantsku"})


@dataclass(slots=True)
class _Product:
    """The values that all variants of a Handle share."""

    shared: dict[str, str] = field(default_factory=dict)
    options: dict[int, str] = field(default_factory=dict)


def read_shopify(source: Source) -> Iterator[FeedEntry]:
    """Yield a record per variant; lines that only add a picture yield nothing.

    A variant without a SKU gets one from its Handle and options. Prices are in the store's currency, as the export
    names none.
    """
    table = Table(source)
    if not table.names & {"handle", "urlhandle"}:
        raise Unreadable(_("The first line names no column “Handle”."))
    plan = table.own(_NAMES)
    tells_tracker = any(of == "tracker" for _column, of in plan)
    products: OrderedDict[str, _Product] = OrderedDict()
    for row in table.rows():
        if isinstance(row, Refused):
            yield row
            continue
        line, values = row[0], picked(plan, row[1])
        handle = values.get("handle", "").strip()
        if not handle:
            yield Refused(line, _("it has no Handle"))
            continue
        product = products.setdefault(handle, _Product())
        if len(products) > _REMEMBERED:
            products.popitem(last=False)
        options = _learn(product, values)
        if not (options or values.get("sku") or values.get("price")):
            continue  # a picture
        if not tells_tracker:
            values["tracker"] = "any"
        yield _variant(line, handle, product, values, options)


def variant_sku(handle: str, options: Mapping[str, str]) -> str:
    """Return a SKU for a variant that has none: its Handle and options, shortened to 64 characters."""
    sku = "-".join([handle, *(word for value in options.values() for word in words(value))])
    if len(sku) <= 64:
        return sku
    return f"{sku[:50]}-{blake2b(sku.encode(errors='replace'), digest_size=6).hexdigest()}"


def _learn(product: _Product, values: Mapping[str, str]) -> dict[str, str]:
    """Store the values that further lines inherit; return this line's options by name."""
    for column in _SHARED:
        if values.get(column):
            product.shared.setdefault(column, values[column])
    options: dict[str, str] = {}
    for place in range(1, 10):
        if name := values.get(f"option{place}name"):
            product.options.setdefault(place, name.strip())
        if value := values.get(f"option{place}value"):
            options[product.options.get(place, _("Option"))] = value.strip()
    return options


def _variant(
    line: int, handle: str, product: _Product, values: Mapping[str, str], options: dict[str, str]
) -> Record | Skipped:
    shared = product.shared
    if not all(is_shown(shared.get(column, ""), column) for column in ("status", "published")):
        return Skipped(line)
    # Shopify's name for the only variant of a product without options.
    options = {name: value for name, value in options.items() if value != "Default Title"}
    title = shared.get("name", "")
    fields: dict[str, Any] = {
        "sku": values.get("sku", "").strip().removeprefix("'") or variant_sku(handle, options),
        "name": " - ".join(filter(None, (title, " / ".join(options.values())))) if title else "",
        "description": shared.get("description", ""),
        "brand": shared.get("brand", ""),
        "category": shared.get("category", ""),
        "price": values.get("price", ""),
        "former_price": values.get("former_price", ""),
        "barcode": values.get("barcode", "").removeprefix("'"),
        "external_id": values.get("external_id", ""),
        "image": values.get("variant_image") or values.get("image") or shared.get("image", ""),
        "url": f"/products/{handle}",
        "group_id": handle,
        "options": options,
    }
    # A shop that sells more than its stock sets no limit by it.
    if values.get("tracker") and values.get("policy", "").strip().lower() not in ("continue", "true"):
        fields["stock"] = values.get("stock", "")
    return Record(line, {name: value for name, value in fields.items() if value})
