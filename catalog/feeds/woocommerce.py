"""WooCommerce's product export: a line per product; a variation names its parent by SKU or id."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from django.utils.translation import gettext as _

from catalog.feeds.delimited import Plan, Table
from catalog.feeds.names import picked, spelled
from catalog.feeds.option_names import OPTIONS
from catalog.feeds.records import FeedEntry, Record, Refused, Skipped, Unreadable
from catalog.feeds.refusals import columns_of
from catalog.feeds.source import Source
from catalog.feeds.woo_headings import DECISIVE, REGULAR_PRICES, recognised, type_column
from catalog.feeds.words import is_shown

# The names of the columns where the site speaks English, then those of the plugins that export products.
_NAMES: dict[str, tuple[str, ...]] = {
    "id": ("id",),
    "type": ("type", "taxproducttype", "producttype"),
    "sku": ("sku",),
    "name": ("name", "posttitle", "title"),
    "published": ("published", "poststatus", "status"),
    "visibility": (
        "visibilityincatalog",
        "taxproductvisibility",
        "productvisibility",
        "catalogvisibility",
        "visibility",
    ),
    "description": ("description", "postcontent", "content"),
    "shortdescription": ("shortdescription", "postexcerpt", "excerpt"),
    "sale_begins": ("datesalepricestarts", "salepricedatesfrom"),
    "sale_ends": ("datesalepriceends", "salepricedatesto"),
    "available": ("instock", "stockstatus"),
    "stock": ("stock",),
    "backorders": ("backordersallowed", "backorders", "allowbackorders"),
    "sale_price": ("saleprice",),
    "price": ("regularprice", "price"),
    "category": ("categories", "taxproductcat", "productcategories"),
    "brand": ("brands", "taxproductbrand"),
    "image": ("images", "imageurl", "featuredimage"),
    "parent": ("parent", "parentsku", "postparent", "parentproductid", "parentid"),
    "url": ("externalurl", "permalink", "productpageurl"),
    "barcode": ("gtinupceanorisbn",),
    **{f"attribute{n}{part}": (f"attribute{n}{part}",) for n in range(1, 31) for part in ("name", "value")},
}
_INHERITED = (
    "name", "description", "shortdescription", "category", "brand", "image", "published", "visibility", "stock",
    "available", "price", "sale_price", "sale_begins", "sale_ends", "backorders",
)  # fmt: skip
_COMMA = re.compile(r"(?<!\\),")
# WooCommerce puts an apostrophe before signs that a spreadsheet would read as a formula.
_ESCAPED = re.compile(r"'(?=[=+\-@])")
_SOLD_OUT = ("0", "no", "false", "outofstock", "out of stock")
_YES = ("1", "yes", "true", "notify")
# Plugins write several values with bars, and the title of a picture behind its address.
_MORE = re.compile(r"\s*(?:\||\s!\s)")
# Columns of one option in these exports: `attribute:pa_color`, `meta:attribute_pa_color`, `Attribute Value (pa_size)`.
_OPTION = re.compile(r"(?:meta:)?attribute(?:[:_ ]| value \()(?:pa_)?([^:()]+)\)?", re.IGNORECASE)
_PLUGINS = ({"posttitle", "poststatus", "regularprice"}, {"title", "producttype", "regularprice", "stockstatus"})

Row = dict[str, str]


def is_woocommerce(source: Source) -> bool:
    """Whether the names are WooCommerce's, or a column has its types of products and others are as in its export."""
    table = Table(source)
    names = table.names
    if any(mark <= names for mark in _PLUGINS):
        return True
    if {"type", "sku", "name"} <= names and names & {"regularprice", "attribute1name", "visibilityincatalog"}:
        return True
    rows = table.sample()
    column = type_column(rows, len(table.heading))
    if column is None or "producttype" in names:  # Magento has the same words
        return False
    seen = {cell.strip() for row in rows for cell in row}
    named = not names.isdisjoint({"regularprice", *REGULAR_PRICES})
    return bool(seen & {"visible", "hidden", "variable", "variation"}) or "type" in source.options.mapped or named


def read_woocommerce(source: Source) -> Iterator[FeedEntry]:
    """Yield a record per simple or external product and per variation.

    A variable product only holds what its variations share. A line without a SKU gets one from its id. A blank
    attribute of a variation means any value and is left out. Blank stock with “In stock?” 1 means that stock is not
    counted.
    """
    table = Table(source)
    plan = _plan(table)
    # Parents may come after their variations, so a first pass reads them.
    parents: dict[str, Row] = {}
    for entry in table.rows():
        if not isinstance(entry, Refused) and "variable" in _types(row := _spelled(plan, entry[1])):
            kept = {name: row[name][:20_000] for name in _INHERITED if row.get(name)}
            kept["group"] = row.get("sku") or row.get("id", "")
            for key in (row.get("sku"), f"id:{row.get('id')}"):
                parents[key or ""] = kept
    for entry in table.rows():
        if isinstance(entry, Refused):
            yield entry
            continue
        line, row = entry[0], _spelled(plan, entry[1])
        types = _types(row)
        if "variable" in types:
            continue
        sku = row.get("sku") or (f"id-{row['id']}" if row.get("id") else "")
        if "grouped" in types:
            yield Skipped(line)  # each of its products has a line of its own
        elif "variation" not in types:
            yield _product(line, sku, row, {})
        elif parent := parents.get(row.get("parent", "")) or parents.get(f"id:{row.get('parent')}"):
            yield _product(line, sku, row, parent)
        else:
            reason = _("its parent “%(parent)s” is not in the file") % {"parent": row.get("parent", "")}
            yield Refused(line, reason, sku)


def _plan(table: Table) -> Plan:
    """Where the fields are: by their English names, or in another language by their order and what they hold.

    Raises:
        Unreadable: If a column is missing or may be either of two, without which the file would be read half.
    """
    naming, mapped = table.naming, table.source.options.mapped
    plan: Sequence[tuple[int, str]] = table.own(_NAMES)
    has = {of for _column, of in plan}
    if {"type", "name"} <= has:
        plan = [*plan, *_options_of_plugins(table)]
        lacking = [] if has & {"sku", "id"} else ["sku"]
    else:
        rows = table.sample()
        own = {of: column for column, of in reversed(plan)}
        found, doubtful = recognised(table.heading, rows, {of: own.get(of) for of in mapped})
        plan = [(column, of) for of, column in found.items()]
        for of, column in found.items():
            naming.hold(of, table.heading[column])
        has_variations = any("variation" in cell for row in rows for cell in row)
        demanded = ["type", "name", "published", "price", *(["parent"] if has_variations else [])]
        demanded += [] if found.keys() & {"sku", "id"} else ["sku"]
        demanded = [of for of in demanded if of not in found and mapped.get(of) != ""]
        lacking = [of for of in DECISIVE if of in {*demanded, *doubtful}]
    if not lacking:
        return plan
    raise Unreadable(
        _(
            "%(file)s is a product export of WooCommerce, and not all of its columns are understood. "
            "Those that were not read: %(columns)s."
        )
        % {"file": table.source.name, "columns": columns_of(table.source)},
        fix=_("Say which they are, or that there is none with nothing behind the sign: %(options)s.")
        % {"options": " ".join(f'--map {of}="…"' for of in lacking)},
    )


def _options_of_plugins(table: Table) -> Plan:
    """The columns that hold one option of a variation each."""
    if not any(mark <= table.names for mark in _PLUGINS):
        return []
    found = list[tuple[int, str]]()
    for column, name in enumerate(table.heading):
        if (option := _OPTION.fullmatch(name)) and not name.lower().startswith("attribute name"):
            label = option[1].replace("-", " ").replace("_", " ").strip().capitalize()
        elif not (label := OPTIONS.get(spelled(name), "")):
            continue
        found.append((column, f"option:{label}"))
        table.naming.see(name, read=True)
    return found


def _spelled(plan: Plan, values: Sequence[str]) -> Row:
    return {name: _ESCAPED.sub("", value.strip(), count=1) for name, value in picked(plan, values).items()}


def _types(row: Row) -> list[str]:
    """The types of a line; some plugins write none for a variation."""
    if not row.get("type") and row.get("parent", "0") != "0":
        return ["variation"]
    return [part.strip().lower() for part in row.get("type", "").split(",")]


def _is_hidden(said: str) -> bool:
    return said == "hidden" or {"exclude-from-catalog", "exclude-from-search"} <= set(_MORE.split(said))


def _product(line: int, sku: str, row: Row, parent: Row) -> Record | Skipped:
    """The product or variation of a line; only a variation has a parent."""
    options = _options(row) if parent else {}
    hidden = any(_is_hidden(said) for said in (row.get("visibility", ""), parent.get("visibility", "")))
    published = (row.get("published", "1"), parent.get("published", "1"))
    own_id, row = row.get("id", ""), {**parent, **row}
    if hidden or not all(is_shown(said) for said in published):
        return Skipped(line)
    name = row.get("name", "")
    if options and name == parent.get("name"):
        name = f"{name} - {', '.join(options.values())}"
    fields: dict[str, Any] = {
        "sku": sku,
        "name": name,
        "description": _text(row.get("description") or row.get("shortdescription", "")),
        "category": _MORE.split(_first(row.get("category", "")))[0],
        "brand": _first(row.get("brand", "")),
        "price": row.get("price", ""),
        "sale_price": row.get("sale_price", ""),
        "sale_begins": row.get("sale_begins", ""),
        "sale_ends": row.get("sale_ends", ""),
        "barcode": row.get("barcode", ""),
        "external_id": own_id,
        "image": _MORE.split(_first(row.get("image", "")))[0],
        "url": row.get("url", ""),
        "group_id": parent.get("group", ""),
        "options": options,
        **_stock(row, parent),
    }
    return Record(line, {name: value for name, value in fields.items() if value})


def _stock(row: Row, parent: Row) -> dict[str, str]:
    stock, said = row.get("stock", ""), row.get("available", "1").lower()
    if stock == "parent":
        stock = parent.get("stock", "")
    beyond = row.get("backorders", "").lower() in _YES or said in ("backorder", "onbackorder")
    return {"stock": "" if beyond else stock, "available": "no" if said in _SOLD_OUT else "yes"}


def _options(row: Row) -> dict[str, str]:
    pairs = [(row.get(f"attribute{n}name"), row.get(f"attribute{n}value", "")) for n in range(1, 31)]
    pairs += [(of[7:], value) for of, value in row.items() if of.startswith("option:")]
    return {name: _first(value) for name, value in pairs if name and value}


def _first(text: str) -> str:
    return _COMMA.split(text)[0].replace("\\,", ",").strip()


def _text(text: str) -> str:
    # The export writes a line break as a backslash and an n.
    return text.replace("\\n", "\n").replace("\\,", ",")
