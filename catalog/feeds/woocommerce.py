"""WooCommerce's product export: a line per product; a variation names its parent by SKU or id."""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.feeds.delimited import Table
from catalog.feeds.records import FeedEntry, Record, Refused, Skipped, Unreadable, by_spelling
from catalog.feeds.source import Source

_INHERITED = (
    "name", "description", "shortdescription", "categories", "brands", "images", "published", "stock", "instock",
    "regularprice", "saleprice", "backordersallowed",
)  # fmt: skip
_COMMA = re.compile(r"(?<!\\),")
# WooCommerce puts an apostrophe before signs that a spreadsheet would read as a formula.
_ESCAPED = re.compile(r"'(?=[=+\-@])")
_YES = ("1", "yes", "true", "notify")

Row = dict[str, str]


def is_woocommerce(source: Source) -> bool:
    names = Table(source).names
    return {"type", "sku", "name"} <= names and bool(names & {"regularprice", "attribute1name", "visibilityincatalog"})


def read_woocommerce(source: Source) -> Iterator[FeedEntry]:
    """Yield a record per simple or external product and per variation.

    A variable product only holds what its variations share. A line without a SKU gets one from its id. A blank
    attribute of a variation means any value and is left out. Blank stock with “In stock?” 1 means that stock is not
    counted.
    """
    table = Table(source)
    if not {"type", "name"} <= table.names:
        raise Unreadable(_("The first line names no columns “Type” and “Name”."))
    # Parents may come after their variations, so a first pass reads them.
    parents: dict[str, Row] = {}
    for entry in table.rows():
        if not isinstance(entry, Refused) and "variable" in _types(row := _spelled(entry[1])):
            kept = {name: row[name][:20_000] for name in _INHERITED if row.get(name)}
            kept["group"] = row.get("sku") or row.get("id", "")
            for key in (row.get("sku"), f"id:{row.get('id')}"):
                parents[key or ""] = kept
    for entry in table.rows():
        if isinstance(entry, Refused):
            yield entry
            continue
        line, row = entry[0], _spelled(entry[1])
        types = _types(row)
        if "variable" in types:
            continue
        sku = row.get("sku") or (f"id-{row['id']}" if row.get("id") else "")
        if "grouped" in types:
            yield Skipped(line)  # each of its products has a line of its own
        elif "variation" not in types:
            yield _product(line, sku, row, {})
        elif parent := parents.get(row.get("parent", "")):
            yield _product(line, sku, row, parent)
        else:
            reason = _("its parent “%(parent)s” is not in the file") % {"parent": row.get("parent", "")}
            yield Refused(line, reason, sku)


def _spelled(row: Mapping[str, str]) -> Row:
    return {name: _ESCAPED.sub("", value.strip(), count=1) for name, value in by_spelling(row).items()}


def _types(row: Row) -> list[str]:
    return [part.strip().lower() for part in row.get("type", "").split(",")]


def _product(line: int, sku: str, row: Row, parent: Row) -> Record | Skipped:
    """The product or variation of a line; only a variation has a parent."""
    options = _options(row) if parent else {}
    row = {**parent, **row}
    published = (row.get("published", "1"), parent.get("published", "1"))
    if any(said not in ("1", "yes", "true") for said in published):
        return Skipped(line)
    name = row.get("name", "")
    if options and name == parent.get("name"):
        name = f"{name} - {', '.join(options.values())}"
    fields: dict[str, Any] = {
        "sku": sku,
        "name": name,
        "description": _text(row.get("description") or row.get("shortdescription", "")),
        "category": _first(row.get("categories", "")),
        "brand": _first(row.get("brands", "")),
        "price": row.get("regularprice", ""),
        "sale_price": row.get("saleprice", "") if _on_sale(row) else "",
        "barcode": row.get("gtinupceanorisbn", ""),
        "image": _first(row.get("images", "")),
        "url": row.get("externalurl", ""),
        "group_id": parent.get("group", ""),
        "options": options,
        **_stock(row, parent),
    }
    return Record(line, {name: value for name, value in fields.items() if value})


def _stock(row: Row, parent: Row) -> dict[str, str]:
    stock, said = row.get("stock", ""), row.get("instock", "1").lower()
    if stock == "parent":
        stock = parent.get("stock", "")
    beyond = row.get("backordersallowed", "").lower() in _YES or said == "backorder"
    return {"stock": "" if beyond else stock, "available": "no" if said in ("0", "no", "false") else "yes"}


def _options(row: Row) -> dict[str, str]:
    pairs = ((row.get(f"attribute{n}name"), row.get(f"attribute{n}value", "")) for n in range(1, 11))
    return {name: _first(value) for name, value in pairs if name and value}


def _first(text: str) -> str:
    return _COMMA.split(text)[0].replace("\\,", ",").strip()


def _text(text: str) -> str:
    # The export writes a line break as a backslash and an n.
    return text.replace("\\n", "\n").replace("\\,", ",")


def _on_sale(row: Row) -> bool:
    today = timezone.localdate()
    starts, ends = _date(row.get("datesalepricestarts")), _date(row.get("datesalepriceends"))
    return (starts is None or starts <= today) and (ends is None or today <= ends)


def _date(text: str | None) -> date | None:
    try:
        return datetime.fromisoformat(text).date() if text else None
    except ValueError:
        return None
