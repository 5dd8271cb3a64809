"""Exports of shop systems that are flat tables with names of their own: Magento, PrestaShop, Odoo and OpenCart."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from catalog.feeds.delimited import Table, demand
from catalog.feeds.field_names import NAMES
from catalog.feeds.names import field_of, picked, spelled, with_options
from catalog.feeds.records import FeedEntry, Record, Refused, Skipped
from catalog.feeds.source import Source

_NO = ("0", "false", "no", "2", "disabled")
_OPTIONS = ("color", "colour", "size", "material", "pattern")
_ROOTS = re.compile(r"(?i)(?:default category|root catalog|all)\s*[/>]\s*")

# The product that a variant belongs to, and its options.
Variation = tuple[str, dict[str, str]]
Meaning = Callable[[dict[str, str]], dict[str, Any] | None]


@dataclass(frozen=True, slots=True)
class System:
    """A shop system: the names that give it away, those of its fields, and what its values mean.

    Attributes:
        marks: Sets of names, of each of which the table has one.
        names: The names of fields, before the usual ones; with others than the shop's fields for `meaning`.
        without: Usual names that mean something else here.
        meaning: Makes the fields of a line the shop's; None if the shop does not show it.
        prepared: Makes `meaning` of a table, where a line means something through others.
    """

    marks: Sequence[set[str]]
    names: Mapping[str, Sequence[str]]
    without: set[str]
    meaning: Meaning
    prepared: Callable[[Table], Meaning] | None = None

    def fits(self, source: Source) -> bool:
        names = Table(source).names
        return all(names & mark for mark in self.marks)

    def read(self, source: Source) -> Iterator[FeedEntry]:
        """Yield a record per line."""
        table = Table(source)
        usual = {of: [*self.names.get(of, ()), *(n for n in NAMES[of] if n not in self.without)] for of in NAMES}
        for name in table.heading:  # such as `Prix (TTC)`, whose remark says which price it is
            if (of := field_of(name)) and spelled(name) not in self.without and spelled(name) not in usual[of]:
                usual[of].append(spelled(name))
        plan = table.own({**usual, **{of: names for of, names in self.names.items() if of not in NAMES}})
        demand(source, {of for _column, of in plan})
        meaning = self.prepared(table) if self.prepared else self.meaning
        for row in table.rows():
            if isinstance(row, Refused):
                yield row
                continue
            fields = meaning(picked(plan, row[1]))
            yield Skipped(row[0]) if fields is None else Record(row[0], with_options(fields))


def _category(path: str) -> str:
    """`Default Category/Gear/Bags` as `Gear > Bags`; the first of several."""
    first = _ROOTS.sub("", path.split(",", maxsplit=1)[0].split("|", maxsplit=1)[0].strip(), count=1)
    return " > ".join(part.strip() for part in re.split(r"[/>]", first) if part.strip())


def _magento(values: dict[str, str], variants: Mapping[str, Variation] | None = None) -> dict[str, Any] | None:
    """Adobe's export: a line per product, and one more for each language, which has its `store_view_code`.

    A product that is not visible is sold if it is a variant of one that is on. Where the file does not tell which are
    variants (None), one with attributes of its own counts as one.
    """
    kind = values.pop("type", "simple").strip().lower()
    if values.pop("view", "").strip() or kind in ("configurable", "bundle", "grouped"):
        return None
    fields: dict[str, Any] = {**values}
    more = _pairs(values.get("additional", ""))
    seen = values.get("visibility", "").strip().lower()
    fields.pop("visibility", None)
    fields.pop("additional", None)
    of, chosen = (variants or {}).get(values.get("sku", "").strip(), ("", {}))
    is_variant = bool(more) if variants is None else bool(of)
    if values.get("online", "1").strip() in _NO or (seen == "not visible individually" and not is_variant):
        return None
    fields.pop("online", None)
    options = chosen or {name: more[name] for name in _OPTIONS if more.get(name)}
    if of:
        fields["group_id"] = of
    if options:
        fields["options"] = {name.title().replace("Colour", "Color"): value for name, value in options.items()}
    fields["category"] = _category(values.get("category", ""))
    if image := values.get("image", ""):
        fields["image"] = f"/media/catalog/product/{image.lstrip('/')}" if "//" not in image else image
    if key := fields.pop("url_key", ""):
        fields["url"] = f"/{key}.html"
    if values.get("backorders", "0").strip() in ("1", "2") or values.get("manage_stock", "1").strip() == "0":
        fields.pop("stock", None)
    for name in ("backorders", "manage_stock"):
        fields.pop(name, None)
    fields["whole_days"] = True  # Magento's dates are days, also if it writes a midnight beside them
    return {name: value for name, value in fields.items() if value}


def _of_variants(table: Table) -> Meaning:
    """Adobe's products name their variants, often behind them: `sku=TEE-R,color=Red|sku=TEE-B,color=Blue`."""
    names = ("sku", "productonline", "configurablevariations")
    plan = [(column, spelled(name)) for column, name in enumerate(table.heading) if spelled(name) in names]
    variants, told = dict[str, Variation](), False
    for row in table.rows():
        values = {} if isinstance(row, Refused) else picked(plan, row[1])
        if not (listed := values.get("configurablevariations")):
            continue
        told = True
        if values.get("productonline", "1").strip() in _NO:
            continue
        for pairs in map(_pairs, listed.split("|")):
            if sku := pairs.pop("sku", ""):
                variants[sku] = (values.get("sku", "").strip(), pairs)
    return partial(_magento, variants=variants) if told else _magento


def _pairs(text: str) -> dict[str, str]:
    """The values of `color=Red,size=M`."""
    found = (pair.partition("=") for pair in text.split(","))
    return {name.strip().lower(): value.strip() for name, sign, value in found if sign}


def _prestashop(values: dict[str, str]) -> dict[str, Any]:
    fields: dict[str, Any] = {**values}
    if fields.get("image", "").isdecimal():
        del fields["image"]
    return fields


def _odoo(values: dict[str, str]) -> dict[str, Any]:
    """Odoo's product, or a variant with its values as `Legs: Steel, Color: White`."""
    fields: dict[str, Any] = {**values}
    fields["category"] = _category(values.get("category", ""))
    fields["name"] = values.get("name", "").removeprefix(f"[{values.get('sku', '')}] ")
    pairs = (pair.partition(":") for pair in fields.pop("values", "").split(","))
    if options := {name.strip(): value.strip() for name, sign, value in pairs if sign}:
        fields["options"] = options
        # A display name has the values in brackets; without them it is that of the product.
        fields["group_id"] = values.get("group_id") or re.sub(r"\s*\([^()]*\)$", "", fields["name"])
    return {name: value for name, value in fields.items() if value}


def _opencart(values: dict[str, str]) -> dict[str, Any]:
    fields: dict[str, Any] = {**values}
    if (image := values.get("image", "")) and "//" not in image:
        fields["image"] = f"/image/{image.lstrip('/')}"
    return fields


MAGENTO = System(
    marks=[{"producttype"}, {"attributesetcode", "productonline", "specialpricefromdate", "storeviewcode"}, {"sku"}],
    names={
        "category": ("categories",),
        "type": ("producttype",),
        "view": ("storeviewcode",),
        "online": ("productonline",),
        "visibility": ("visibility",),
        "additional": ("additionalattributes",),
        "sale_price": ("specialprice",),
        "sale_begins": ("specialpricefromdate", "specialfromdate"),
        "sale_ends": ("specialpricetodate", "specialtodate"),
        "image": ("baseimage", "image"),
        "url_key": ("urlkey",),
        "available": ("isinstock",),
        "backorders": ("allowbackorders",),
        "manage_stock": ("managestock",),
    },
    without={"producttype", "productonline", "visibility", "id", "parentid"},
    meaning=_magento,
    prepared=_of_variants,
)
# PrestaShop writes its list in the language of the admin.
_TAXED = {
    f"{price}{tax}"
    for price in ("price", "prix", "preis", "precio", "prezzo", "preço", "cena", "prijs", "цена", "מחיר")
    for tax in ("taxexcl", "taxincl")
}
_REFERENCES = (
    "reference", "référence", "referencia", "referência", "riferimento", "referentie", "artikelnr", "artikelnummer",
    "indeks", "kodreferencyjny", "артикул", "מקט",
)  # fmt: skip
PRESTASHOP = System(
    marks=[
        {"productid", "id", "idproduct"},
        {
            "pricetaxexcluded",
            "baseprice",
            "pricefinal",
            "finalprice",
            "prixht",
            "prixttc",
            "pricetaxexcludedorpricetaxincluded",
            *_TAXED,
        },
        {*_REFERENCES},
    ],
    names={
        "sku": _REFERENCES,
        # Of older lists.
        "gross_price": ("finalprice", "pricefinal"),
        "net_price": ("baseprice",),
        "published": ("status", "état", "estado", "stato", "stan", "stav", "active", "displayed", "enabled"),
    },
    without={"stan"},  # elsewhere the stock, here the state
    meaning=_prestashop,
)
ODOO = System(
    marks=[
        {"internalreference", "defaultcode", "externalid"},
        {"salesprice", "listprice", "lstprice", "salepricepublic", "publicprice"},
        {"name", "displayname"},
    ],
    names={
        "sku": ("internalreference", "defaultcode", "externalid", "id"),
        "name": ("displayname", "name"),
        "price": ("salesprice", "listprice", "lstprice", "publicprice"),
        "category": ("productcategory", "productcategorydisplayname", "productcategorycompletename", "categid",
                     "categiddisplayname"),
        "stock": ("quantityonhand", "qtyavailable", "onhandquantity", "onhand"),
        "values": ("variantvalues", "producttemplatevariantvalueids", "producttemplateattributevalueids",
                   "attributevalues", "variantvaluesdisplayname"),
        "group_id": ("producttemplate", "producttmplid"),
        "description": ("salesdescription", "descriptionsale", "description"),
    },
    without={"producttype", "type", "image"},
    meaning=_odoo,
)  # fmt: skip
OPENCART = System(
    marks=[
        {"productid"},
        {"model"},
        {"imagename", "seokeyword", "dateavailable", "stockstatusid", "taxclassid", "specialdatestart"},
    ],
    names={
        "sku": ("sku", "model", "productid"),
        "image": ("imagename", "image"),
        "published": ("status",),
        "sale_price": ("special", "specialprice"),
        "sale_begins": ("specialdatestart", "specialpricedatestart", "specialstart"),
        "sale_ends": ("specialdateend", "specialpricedateend", "specialend"),
    },
    without=set(),
    meaning=_opencart,
)
