"""BigCommerce's product export, of its older and its newer form: a line per product, then its variants and pictures."""

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from django.utils.translation import gettext as _

from catalog.feeds.delimited import Table, demand
from catalog.feeds.families import Line, Values, amount, named, read_families, record
from catalog.feeds.records import FeedEntry, Record, Refused, Skipped
from catalog.feeds.shopify import variant_sku
from catalog.feeds.source import Source
from catalog.feeds.words import is_shown

_NAMES = {
    "kind": ("item", "itemtype"),
    "id": ("id", "productid"),
    "name": ("name", "productname"),
    "sku": ("sku", "productcodesku"),
    "options": ("options",),
    "brand": ("brandname",),
    "description": ("description", "productdescription"),
    "price": ("price",),
    "sale_price": ("saleprice",),
    "tracking": ("inventorytracking", "trackinventory"),
    "stock": ("currentstock", "currentstocklevel"),
    "published": ("isvisible", "productvisible"),
    "available": ("allowpurchases",),
    "category": ("categories", "category"),
    "url": ("producturl",),
    "barcode": ("upcean", "productupcean", "globaltradenumber"),
    "image": ("internalimageurl", "imageurl", "productimageurl1"),
    "thumbnail": ("imageisthumbnail",),
    "variant_image": ("variantimageurl",),
}
# `Type=Swatch|Name=Color|Value=Red[#ff0000]`, and the older `[CS]Color=Red:#ff0000,[S]Size=M`.
_NEWER = re.compile(r"Name=(.*?)\|Value=(.*?)(?=\|?[\s,;]*Type=|$)", re.DOTALL)
_OLDER = re.compile(r"\[[A-Z]{1,3}\]([^=\[]+)=\s*(.*?)(?=,\s*\[[A-Z]{1,3}\]|$)", re.DOTALL)
_COLOUR = re.compile(r"(?:\[[^\]]*\]|:\s*#[0-9A-Fa-f|#]+|:\s*https?://\S+)$")
_RULE = re.compile(r"\[(FIXED|ADD|REMOVE)\]\s*(.+)", re.IGNORECASE)


class _NoPrice(ValueError):
    """A rule changes the price in a way that is not understood."""


def is_bigcommerce(source: Source) -> bool:
    names = Table(source).names
    newer = {"item", "name", "inventorytracking"} <= names
    return newer or ({"itemtype", "productname"} <= names and bool(names & {"allowpurchases", "productvisible"}))


def read_bigcommerce(source: Source) -> Iterator[FeedEntry]:
    """Yield a record per variant, or per product that has none. The older export changes prices by lines of rules."""
    table = Table(source)
    plan = table.own(_NAMES)
    demand(source, {of for _column, of in plan})
    yield from read_families(table, plan, lambda _before, line: _kind(line) == "product", _entries)


def _kind(values: Values) -> str:
    return values.get("kind", "").lower()


def _entries(family: Sequence[Line]) -> Iterator[FeedEntry]:
    product = family[0][1]
    variants = [line for line in family if _kind(line[1]) in ("variant", "sku")]
    rules = [values for _line, values in family if _kind(values) == "rule"]
    images = [values for _line, values in family if _kind(values) == "image" and values.get("image")]
    images.sort(key=lambda values: not is_shown(values.get("thumbnail", "no")))
    image = product.get("image") or next((values["image"] for values in images), "")
    for line, values in variants or family[:1]:
        sku = values.get("sku", "")
        if _kind(product) != "product":
            yield Refused(line, _("its product is not in the file"), sku)
        elif not is_shown(product.get("published", "")):
            yield Skipped(line)
        else:
            try:
                yield _record(line, product, values, image, rules if variants else [])
            except _NoPrice as rule:
                reason = _("its price is changed by a rule that is not understood: “%(rule)s”") % {"rule": rule}
                yield Refused(line, reason, sku)


def _record(line: int, product: Values, own: Values, image: str, rules: Sequence[Values]) -> Record:
    is_variant = own is not product
    options = _options(own.get("options") or own.get("name", "")) if is_variant else {}
    of = product.get("sku") or f"id-{product.get('id', '')}"
    sku = own.get("sku") or (variant_sku(of, options) if is_variant else of)
    price, sale = own.get("price") or product.get("price", ""), own.get("sale_price", "")
    if not sale and (not own.get("price") or own["price"] == product.get("price")):
        sale = product.get("sale_price", "")
    available = product.get("available", "")
    for rule in rules:
        if _applies(rule, sku, options):
            price, sale = _changed(price, sale, rule.get("price", ""))
            available = "no" if rule.get("available") and not is_shown(rule["available"]) else available
    return record(
        line,
        {
            "sku": sku,
            "name": named(product.get("name", ""), options),
            "description": product.get("description", ""),
            "category": _category(product.get("category", "")),
            "brand": product.get("brand", ""),
            "price": price,
            "sale_price": sale,
            "stock": _stock(product, own),
            "available": available,
            "barcode": own.get("barcode") or product.get("barcode", ""),
            "image": own.get("variant_image") or image,
            "url": product.get("url", ""),
            "group_id": of if is_variant else "",
            "options": options,
        },
    )


def _stock(product: Values, own: Values) -> str:
    """The stock of the variant, or of the product if that is what is counted."""
    tracked = product.get("tracking", "").lower()
    if tracked in ("", "none", "n", "no", "false", "0"):
        return ""
    return product.get("stock", "") if tracked in ("product", "by product", "simple", "y") else own.get("stock", "")


def _applies(rule: Values, sku: str, options: Mapping[str, str]) -> bool:
    if rule.get("sku"):
        return rule["sku"] == sku
    wanted = _options(rule.get("name", ""))
    return bool(wanted) and wanted.items() <= options.items()


def _changed(price: str, sale: str, rule: str) -> tuple[str, str]:
    """The price and the sale price by a rule such as `[ADD]5`.

    Raises:
        _NoPrice: If the rule is not understood.
    """
    if not rule:
        return price, sale
    found = _RULE.fullmatch(rule)
    by = amount(found[2]) if found else None
    if found is None or by is None:
        raise _NoPrice(rule[:40])
    if found[1].upper() == "FIXED":
        return str(by), ""
    by = by if found[1].upper() == "ADD" else -by
    return _plus(price, by, rule), _plus(sale, by, rule) if amount(sale or "0") else sale


def _plus(price: str, by: Decimal, rule: str) -> str:
    if (before := amount(price)) is None:
        raise _NoPrice(rule[:40])
    return str(before + by)


def _options(text: str) -> dict[str, str]:
    pairs = _NEWER.findall(text) or _OLDER.findall(text)
    found = ((name.strip(), _COLOUR.sub("", value.strip()).strip()) for name, value in pairs)
    return {name: value for name, value in found if name and value}


def _category(text: str) -> str:
    """`Clothes/Tees;Sale` as `Clothes > Tees`; the newer export has numbers alone, which mean nothing to people."""
    first = text.split(";", maxsplit=1)[0]
    return "" if first.strip().isdecimal() else " > ".join(part.strip() for part in first.split("/") if part.strip())
