"""Wix's product export, of its older and its newer catalogue: a line per product, then one per variant."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from django.utils.translation import gettext as _

from catalog.feeds.delimited import Table, demand
from catalog.feeds.families import Line, Values, amount, named, numbered_options, read_families, record
from catalog.feeds.records import FeedEntry, Record, Refused, Skipped
from catalog.feeds.shopify import variant_sku
from catalog.feeds.source import Source
from catalog.feeds.words import is_shown

_NAMES = {
    "handle": ("handleid", "handle"),
    "kind": ("fieldtype",),
    "name": ("name",),
    "description": ("description", "plaindescription"),
    "image": ("productimageurl", "media"),
    "category": ("collection", "primarycategoryslug", "categoryslugs"),
    "sku": ("sku",),
    "price": ("price",),
    "former_price": ("strikethroughprice",),
    "surcharge": ("surcharge",),
    "published": ("visible",),
    "mode": ("discountmode",),
    "discount": ("discountvalue",),
    "stock": ("inventory",),
    "brand": ("brand",),
    "barcode": ("barcode",),
    **{f"option{n}name": (f"productoptionname{n}",) for n in range(1, 7)},
    **{f"option{n}value": (f"productoptiondescription{n}", f"productoptionchoices{n}") for n in range(1, 7)},
}
# Of what the product's line says, a variant takes these where its own line says nothing.
_SHARED = ("price", "stock", "barcode", "image")
_MEDIA = "https://static.wixstatic.com/media/"


def is_wix(source: Source) -> bool:
    names = Table(source).names
    return {"fieldtype", "name"} <= names and bool(names & {"handleid", "handle"})


def read_wix(source: Source) -> Iterator[FeedEntry]:
    """Yield a record per variant, or per product that has none.

    The older export has surcharges on variants and discounts on products; the newer one has prices of its own on each
    line, and the price that is crossed out.
    """
    table = Table(source)
    plan = table.own(_NAMES)
    demand(source, {of for _column, of in plan})
    yield from read_families(table, plan, lambda before, line: before.get("handle") != line.get("handle"), _entries)


def _entries(family: Sequence[Line]) -> Iterator[FeedEntry]:
    product = next((values for _line, values in family if _kind(values) == "product"), None)
    variants = [line for line in family if _kind(line[1]) == "variant"]
    for line, values in variants or family:
        if _kind(values) not in ("product", "variant"):
            continue  # a picture
        if product is None:
            yield Refused(line, _("its product is not in the file"), values.get("sku", ""))
        elif is_shown(product.get("published", "")) and is_shown(values.get("published", "")):
            yield _record(line, product, values, is_variant=bool(variants))
        else:
            yield Skipped(line)


def _kind(values: Values) -> str:
    return values.get("kind", "").lower()


def _record(line: int, product: Values, own: Values, *, is_variant: bool) -> Record | Refused:
    options = _options(product, own) if is_variant else {}
    values = {**{name: product[name] for name in _SHARED if name in product}, **own}
    handle = product.get("handle", "")
    sku = own.get("sku") or variant_sku(handle, options)
    price, sale = _prices(product, values)
    if price is None:
        return Refused(line, _("its price “%(price)s” is not a number") % {"price": values.get("price", "")[:40]}, sku)
    return record(
        line,
        {
            "sku": sku,
            "name": named(product.get("name", ""), options),
            "description": product.get("description", ""),
            "category": product.get("category", "").split(";")[0].strip(),
            "brand": product.get("brand", ""),
            "price": price,
            "sale_price": sale,
            "former_price": values.get("former_price", ""),
            "stock": values.get("stock", ""),
            "barcode": values.get("barcode", ""),
            "image": _image(values.get("image", "")),
            # The ids of the older export are no addresses.
            "url": f"/product-page/{handle}" if handle and not handle.lower().startswith("product_") else "",
            "group_id": handle if is_variant else "",
            "options": options,
        },
    )


def _prices(product: Values, values: Values) -> tuple[str | Decimal | None, Decimal | str]:
    """The price with the variant's surcharge, and with the product's discount; None if they cannot be reckoned."""
    written, surcharge = values.get("price", ""), amount(values.get("surcharge") or "0")
    discount = amount(product.get("discount") or "0")
    if surcharge is None or discount is None:
        return None, ""
    if not (surcharge or discount) or not written:
        return written, ""
    price = amount(written)
    if price is None:
        return None, ""
    price += surcharge
    if not discount:
        return price, ""
    return price, price * (1 - discount / 100) if product.get("mode", "").lower() == "percent" else price - discount


def _options(product: Values, own: Values) -> dict[str, str]:
    """The variant's choices; a colour may have its code before its name, as in `#ff0000:Red`."""
    found = numbered_options(product, own)
    return {
        name: value.rpartition(":")[2] if value.startswith(("#", "rgb")) else value for name, value in found.items()
    }


def _image(listed: str) -> str:
    first = listed.split(";", maxsplit=1)[0].strip()
    return first if not first or "/" in first else _MEDIA + first
