"""Shopware's product export: variants have a parent, and take from it what their lines leave blank."""

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from catalog.feeds.delimited import Table
from catalog.feeds.families import named
from catalog.feeds.names import picked
from catalog.feeds.records import Refused
from catalog.feeds.systems import Meaning, System

_SHARED = (
    "name", "description", "gross_price", "price", "net_price", "category", "brand", "image", "published", "url",
)  # fmt: skip
_NAMES = {
    "sku": ("productnumber",),
    "own": ("id",),
    "group_id": ("parentid",),
    "name": ("name", "translationsdefaultname"),
    "description": ("description", "translationsdefaultdescription"),
    "gross_price": ("pricegross", "pricedefaultgross"),
    "net_price": ("pricenet", "pricedefaultnet"),
    "brand": ("manufacturername", "manufacturertranslationsdefaultname"),
    "image": ("covermediaurl",),
    "published": ("active",),
    "values": ("options", "optionnames", "variantoptions"),
}
# Ids of Shopware; they mean nothing to people.
_IDS = re.compile(r"[0-9a-f]{32}(?:\|[0-9a-f]{32})*")


def _of_parents(table: Table) -> Meaning:
    """The meaning of a line by the lines of the products that others name as their parents, often behind them."""
    plan = table.own({**_NAMES, "category": ("categories",)})
    lines = (picked(plan, row[1]) for row in table.rows() if not isinstance(row, Refused))
    parents = {parent for values in lines if (parent := values.get("group_id", "").strip())}
    # A second pass: the lines of all products would fill the memory.
    lines = (picked(plan, row[1]) for row in table.rows() if not isinstance(row, Refused))
    kept = {
        own: {name: values[name] for name in _SHARED if name in values}
        for values in lines
        if (own := values.get("own", "").strip()) in parents
    }
    return partial(_meaning, parents=kept)


def _meaning(values: dict[str, str], parents: Mapping[str, Mapping[str, str]]) -> dict[str, Any] | None:
    """The fields of a product or variant; None for a product that is sold by its variants."""
    fields: dict[str, Any] = {**values}
    said = fields.pop("values", "").strip()
    if fields.pop("own", "").strip() in parents:
        return None
    if (parent := values.get("group_id", "").strip()) in parents:
        fields = {**parents[parent], **fields}
        if not values.get("name"):
            options = {} if _IDS.fullmatch(said) else _options(said)
            # Without a word about what it is, its number tells it from the others.
            fields["name"] = named(fields.get("name", ""), options or {"": values.get("sku", "").strip()})
            if options:
                fields["options"] = options
    if _IDS.fullmatch(fields.get("category", "")):
        del fields["category"]
    return fields


def _options(said: str) -> dict[str, str]:
    """The values of `Color: Red|Size: M`."""
    pairs = (pair.partition(":") for pair in said.split("|"))
    return {name.strip(): value.strip() for name, sign, value in pairs if sign and name.strip() and value.strip()}


SHOPWARE = System(
    marks=[{"productnumber"}, {"parentid"}, {"optionids", "taxrate", "taxid", "covermediaurl", "manufacturername"}],
    names=_NAMES,
    without={"id", "parentid"},
    meaning=lambda values: _meaning(values, {}),
    prepared=_of_parents,
)
