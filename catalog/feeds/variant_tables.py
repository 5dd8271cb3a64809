"""Exports with a line per variant, where values of the product stand on its first line: Vendure, Saleor and Medusa."""

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from catalog.feeds.delimited import Table, demand
from catalog.feeds.names import picked, spelled
from catalog.feeds.records import FeedEntry, Record, Refused, Skipped
from catalog.feeds.source import Source
from catalog.feeds.words import is_shown

_VENDURE = {
    "name": ("name",),
    "handle": ("slug",),
    "description": ("description",),
    "image": ("variantassets", "assets"),
    "facets": ("facets",),
    "groups": ("optiongroups",),
    "values": ("optionvalues",),
    "sku": ("sku",),
    "price": ("price",),
    "stock": ("stockonhand",),
    "tracked": ("trackinventory",),
    "published": ("enabled",),
}
_SALEOR = {
    "product": ("id",),
    "name": ("name",),
    "description": ("descriptionasstr", "description"),
    "category": ("category",),
    "type": ("producttype",),
    "media": ("productmedia",),
    "variant": ("variantid",),
    "sku": ("variantsku",),
    "image": ("variantmedia",),
}
_CHANNEL = re.compile(r"(.+?)\s*\(channel (.+)\)")
_WAREHOUSE = re.compile(r".+\(warehouse quantity\)")
_ATTRIBUTE = re.compile(r"(.+?)\s*\((?:product|variant) attribute\)")
_MEDUSA = {
    "handle": ("producthandle",),
    "name": ("producttitle",),
    "description": ("productdescription",),
    "published": ("productstatus",),
    "category": ("productcollectiontitle", "productcategory1name", "productcategories", "producttype",
                 "productcollectiontitle"),
    "thumbnail": ("productthumbnail",),
    "group_id": ("productid",),
    "variant": ("variantid",),
    "title": ("varianttitle",),
    "sku": ("variantsku",),
    "barcode": ("variantbarcode", "variantean", "variantupc"),
    "stock": ("variantinventoryquantity",),
    "backorders": ("variantallowbackorder",),
    "managed": ("variantmanageinventory",),
    "image": ("image1url", "productimage1", "productimage1url"),
    **{f"option{n}{part}": (f"option{n}{part}", f"variantoption{n}{part}") for n in range(1, 10) for part in ("name",
    "value")},
}  # fmt: skip
_PRICE = re.compile(r"(?:variant )?price (?:.*\[)?([a-z]{3})\]?", re.IGNORECASE)


def is_vendure(source: Source) -> bool:
    return {"name", "slug", "optiongroups", "optionvalues", "sku", "price"} <= Table(source).names


def read_vendure(source: Source) -> Iterator[FeedEntry]:
    """Yield a record per variant; lines after a product's first one have only what differs."""
    table = Table(source)
    plan = table.own(_VENDURE)
    demand(source, {of for _column, of in plan})
    shared: dict[str, str] = {}
    for row in table.rows():
        if isinstance(row, Refused):
            yield row
            continue
        line, values = row[0], {name: value.strip() for name, value in picked(plan, row[1]).items()}
        if values.get("name"):
            shared = values
        kept = ("name", "description", "image", "facets", "groups", "handle", "published")
        values = {**{name: shared[name] for name in kept if name in shared}, **values}
        groups, chosen = _split(values.pop("groups", "")), _split(values.pop("values", ""))
        options = {name: value for name, value in zip(groups, chosen, strict=False) if value}
        facets = dict(pair.split(":", 1) for pair in _split(values.pop("facets", "")) if ":" in pair)
        handle = values.pop("handle", "")
        fields: dict[str, Any] = {
            **values,
            "name": _named(values.get("name", ""), options),
            "options": options,
            "group_id": handle,
            "category": facets.get("category", ""),
            "brand": facets.get("brand", ""),
            "image": next(iter(_split(values.get("image", ""))), ""),
        }
        if fields.pop("tracked", "").lower() in ("false", "0"):
            fields.pop("stock", None)
        yield Record(line, {name: value for name, value in fields.items() if value})


def is_saleor(source: Source) -> bool:
    table = Table(source)
    # Which columns there are, the owner chooses; only the first one is always there.
    told = table.names & {"variantid", "variantsku"}
    return "id" in table.names and bool(told) and (len(told) == 2 or any(map(_CHANNEL.fullmatch, table.heading)))


def read_saleor(source: Source) -> Iterator[FeedEntry]:
    """Yield a record per variant, with the price of the first channel that has one and sells the product.

    The stock is what all warehouses have.
    """
    table = Table(source)
    plan = table.own(_SALEOR)
    demand(source, {of for _column, of in plan})
    channels, warehouses, attributes = _bracketed(table)
    for row in table.rows():
        if isinstance(row, Refused):
            yield row
            continue
        line, cells = row
        values = picked(plan, cells)
        sold = [{name: _cell(cells, column) for name, column in of.items()} for of in channels.values()]
        shown = [of for of in sold if is_shown(of.get("published", "")) and of.get("price amount")]
        if sold and not shown and any(of.get("published") and not is_shown(of["published"]) for of in sold):
            yield Skipped(line)
            continue
        channel = next(iter(shown), {})
        options = {name: value for column, name in attributes if (value := _cell(cells, column))}
        counts = [count for column in warehouses if (count := _cell(cells, column))]
        fields: dict[str, Any] = {
            "sku": values.get("sku") or values.get("variant", ""),
            "name": _named(values.get("name", ""), options),
            "description": values.get("description", ""),
            "category": values.get("category", ""),
            "image": next(iter(re.split(r",\s*", values.get("image") or values.get("media", ""))), ""),
            "group_id": values.get("product", ""),
            "options": options,
            "available": _purchasable(channel),
            "price": _exact(channel.get("price amount", "")),
            "currency": channel.get("variant currency code") or channel.get("currency code")
            or channel.get("product currency code", ""),
            "stock": str(sum(map(int, counts))) if counts and all(map(str.isdecimal, counts)) else "",
        }  # fmt: skip
        yield Record(line, {name: value for name, value in fields.items() if value})


def _purchasable(channel: Mapping[str, str]) -> str:
    """Saleor writes since when a product can be bought, and nothing if it cannot."""
    said = channel.get("available for purchase")
    return "" if said is None else "no" if said.lower() in ("", "false") else "yes"


def _exact(price: str) -> Decimal | str:
    """The price as a number: Saleor writes three decimals behind a point, and groups no thousands."""
    return Decimal(price) if re.fullmatch(r"[0-9]+\.[0-9]+", price, re.ASCII) else price


def _bracketed(table: Table) -> tuple[dict[str, dict[str, int]], list[int], list[tuple[int, str]]]:
    """Saleor's columns by channel, those of warehouses, and those of the variants' attributes."""
    channels: dict[str, dict[str, int]] = {}
    warehouses: list[int] = []
    attributes: list[tuple[int, str]] = []
    for column, name in enumerate(table.heading):
        if found := _CHANNEL.fullmatch(name):
            channels.setdefault(found[1], {})[found[2]] = column
            if found[2] == "price amount":
                table.naming.hold("price", name)
        elif _WAREHOUSE.fullmatch(name):
            warehouses.append(column)
        elif name.endswith("(variant attribute)") and (found := _ATTRIBUTE.fullmatch(name)):
            attributes.append((column, found[1].replace("-", " ").capitalize()))
        else:
            continue
        table.naming.see(name, read=True)
    return channels, warehouses, attributes


def is_medusa(source: Source) -> bool:
    return {"producthandle", "producttitle"} <= Table(source).names


def read_medusa(source: Source) -> Iterator[FeedEntry]:
    """Yield a record per variant, with the price in the store's currency, or the first one that there is."""
    table = Table(source)
    plan = table.own(_MEDUSA)
    demand(source, {of for _column, of in plan})
    prices = _price_columns(table)
    for row in table.rows():
        if isinstance(row, Refused):
            yield row
            continue
        line, cells = row
        values = picked(plan, cells)
        options = _numbered(values)
        title = values.get("name", "")
        given = {code: price for code, column in prices.items() if (price := _cell(cells, column))}
        code = source.options.currency if source.options.currency in given else next(iter(given), "")
        handle = values.get("handle", "").strip()
        fields: dict[str, Any] = {
            "sku": values.get("sku") or values.get("variant", ""),
            "name": _named(title, options),
            "description": values.get("description", ""),
            "category": values.get("category", ""),
            "published": values.get("published", ""),
            "barcode": values.get("barcode", ""),
            "image": values.get("image") or values.get("thumbnail", ""),
            "url": f"/products/{handle}" if handle else "",
            "group_id": values.get("group_id") or handle,
            "options": options,
            "price": given.get(code, ""),
            "currency": code,
        }
        counted = values.get("managed", "true").strip().lower() != "false"
        if counted and values.get("backorders", "").strip().lower() != "true":
            fields["stock"] = values.get("stock", "")
        yield Record(line, {name: value for name, value in fields.items() if value})


def _price_columns(table: Table) -> dict[str, int]:
    found: dict[str, int] = {}
    for column, name in enumerate(table.heading):
        if match := _PRICE.fullmatch(name):
            found.setdefault(match[1].upper(), column)
            table.naming.hold("price", name)
    return found


def _numbered(values: Mapping[str, str]) -> dict[str, str]:
    pairs = ((values.get(f"option{n}name", ""), values.get(f"option{n}value", "")) for n in range(1, 10))
    found = {(name or _("Option")).strip(): value.strip() for name, value in pairs if value.strip()}
    return {
        name: value for name, value in found.items() if spelled(value) not in ("defaultvalue", "defaultoptionvalue")
    }


def _named(name: str, options: Mapping[str, str]) -> str:
    return f"{name} - {' / '.join(options.values())}" if name and options else name


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split("|") if part.strip()]


def _cell(cells: Sequence[str], column: int) -> str:
    return cells[column].strip() if column < len(cells) else ""
