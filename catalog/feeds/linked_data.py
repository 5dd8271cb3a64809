"""Products as schema.org's JSON-LD names them, under the usual names.

Sources: schema.org's Product, ProductGroup, Offer and ItemList, and Google's pages about structured data of merchants.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from catalog.feeds.names import is_blank
from catalog.feeds.option_names import OPTIONS
from catalog.feeds.records import RowRefused
from catalog.feeds.source import Source
from catalog.feeds.walk import DECODER

# Where a document, a page or a list holds its things.
_HOLDING = ("@graph", "itemListElement", "mainEntity", "hasOfferCatalog", "about")
_LISTS = {"@graph", "itemListElement", "products", "items"}
_PRODUCTS = {"Product", "IndividualProduct", "ProductModel", "SomeProducts", "Vehicle", "Car", "Book", "ProductGroup"}
_GROUP = "ProductGroup"
_BEGINS = re.compile(r'\s*\{\s*"@(?:context|type|id|graph)"')
_LONGEST_DOCUMENT = 8 * 1024 * 1024
_DEEPEST = 6
# Struck-through prices, beside which another one counts.
_FORMER = ("ListPrice", "StrikethroughPrice", "SRP", "MSRP", "RegularPrice")
_VARYING = ("size", "color", "material", "pattern", "suggestedAge", "suggestedGender")


def is_linked(value: Mapping[str, Any]) -> bool:
    """Whether the object says that it is a thing of schema.org, or holds some."""
    return "@type" in value or "@graph" in value


def lone_document(source: Source) -> dict[str, Any] | None:
    """The document, if it is one product and no list of products; None if it is larger than 8 MB."""
    if not _BEGINS.match(source.head):
        return None
    with source.open() as stream:
        text = stream.read(_LONGEST_DOCUMENT)
        if len(text) == _LONGEST_DOCUMENT:
            return None
    try:
        value = DECODER.decode(text.strip())
    except (ValueError, RecursionError):
        return None  # the usual way says where the mistake is
    if not isinstance(value, dict) or not _LISTS.isdisjoint(value):
        return None
    return value if any(_things(value)) else None


def products_in(value: dict[str, Any], depth: int = 0) -> Iterator[dict[str, Any]]:
    """Yield the products of a document, a page, a list or an offer; things that are none are left out.

    Raises:
        RowRefused: If it is a list of addresses, which holds no products.
    """
    types = _types(value)
    if "BreadcrumbList" in types:
        return
    if not _PRODUCTS.isdisjoint(types):
        yield value
    elif depth < _DEEPEST:
        offered = value.get("itemOffered")
        if isinstance(offered, dict):
            yield from products_in({**offered, "offers": offered.get("offers") or value}, depth + 1)
        elif isinstance(inner := value.get("item"), dict):
            yield from products_in(inner, depth + 1)
        elif "ListItem" in types:
            raise RowRefused(_("it is the address of a product's page, and not the product"))
        for thing in _things(value):
            yield from products_in(thing, depth + 1)


def in_usual_terms(product: dict[str, Any]) -> dict[str, Any]:
    """Return a product with the price of its offer, and a group or several offers as a product with variants.

    Raises:
        RowRefused: If it has no price that counts.
    """
    if _GROUP in _types(product) or product.get("hasVariant"):
        return _grouped(product)
    told = _with_sku(product)
    if is_blank(product.get("offers")) or not is_blank(product.get("price")):
        return told
    offers = [inner for offer in _objects(product["offers"]) for inner in _single(offer)]
    skus = [str(offer.get("sku") or "") for offer in offers]
    if len(offers) > 1 and all(skus) and len(set(skus)) == len(skus):
        variants = [
            {**_priced([offer]), "sku": sku, "title": _of(told, offer, sku)}
            for sku, offer in zip(skus, offers, strict=True)
        ]
        rest = _without(told, "offers", "sku", "mpn")
        return {**rest, "id": told.get("sku") or told.get("url") or told.get("name"), "variants": variants}
    return {**_without(told, "offers"), **_priced(offers)}


def _grouped(group: dict[str, Any]) -> dict[str, Any]:
    """A group as a product with variants; without them, it is told by others that it is theirs."""
    rest = _without(group, "hasVariant", "offers", "sku", "variesBy")
    axes = [str(axis).rsplit("/", 1)[-1] for axis in _listed(group.get("variesBy"))] or list(_VARYING)
    variants = []
    for variant in _objects(group.get("hasVariant")):
        if variant.keys() <= {"@id", "@type"}:
            continue  # it stands elsewhere in the document, or on another page
        options = [
            {"name": OPTIONS.get(axis.lower(), axis), "value": _text(variant[axis])}
            for axis in axes
            if not is_blank(variant.get(axis))
        ]
        options = options or [
            {"name": _text(entry.get("name")), "value": _text(entry.get("value"))}
            for entry in _objects(variant.get("additionalProperty"))
        ]
        plain = {name: value for name, value in variant.items() if name not in (*axes, "additionalProperty")}
        said = " / ".join(option["value"] for option in options if option["value"])
        own = variant.get("name") or (f"{group.get('name')} - {said}" if said and group.get("name") else None)
        offered = is_blank(variant.get("offers")) and not is_blank(group.get("offers"))
        told = in_usual_terms({**plain, "offers": group["offers"]} if offered else plain)
        variants.append({**told, "title": own or group.get("name"), "variant_options": options})
    return {**rest, "id": group.get("productGroupID") or group.get("@id") or group.get("name"), "variants": variants}


def _priced(offers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The price, the availability and the end of an offer; several count if they have one price."""
    found = [(_prices(offer), offer) for offer in offers]
    amounts = {(_number(price.get("price")), price.get("priceCurrency")) for price, _offer in found}
    if len(amounts) != 1 or found[0][0].get("price") in (None, ""):
        raise RowRefused(_("its offers have no price, or several, and which one counts is not known"))
    price, best = next((pair for pair in found if str(pair[1].get("availability", "")).endswith("InStock")), found[0])
    ends = best.get("availabilityEnds") or best.get("validThrough")
    return {
        "net_price" if price.get("net") else "price": price["price"],
        **{name: price[name] for name in ("priceCurrency", "former_price", "sale_price", "sale_ends") if name in price},
        **({"availability": best["availability"]} if best.get("availability") else {}),
        **({"url": best["url"]} if best.get("url") else {}),
        **({"expirationdate": ends} if isinstance(ends, str) else {}),
    }


def _prices(offer: Mapping[str, Any]) -> dict[str, Any]:
    """The price of one offer, and the price before a reduction with its end."""
    told = _objects(offer.get("priceSpecification"))
    former = [entry for entry in told if str(entry.get("priceType", "")).rsplit("/", 1)[-1] in _FORMER]
    counts = [entry for entry in told if entry not in former and _is_for_all(entry)]
    amounts = {_number(entry.get("price")) for entry in counts}
    if not is_blank(offer.get("price")):
        price: dict[str, Any] = {**(counts[0] if counts else {}), **offer}
    elif len(amounts) == 1:
        price = {**offer, **counts[0]}
    else:
        price = {}
    found: dict[str, Any] = {name: price[name] for name in ("price", "priceCurrency") if name in price}
    if str(price.get("valueAddedTaxIncluded")).lower() == "false":
        found["net"] = True
    if former and found and not is_blank(former[0].get("price")):
        ends = counts[0].get("validThrough") if counts else None
        if isinstance(ends, str) and ends and not found.get("net"):
            return {**found, "price": former[0]["price"], "sale_price": found["price"], "sale_ends": ends}
        found["former_price"] = former[0]["price"]
    return found


def _is_for_all(price: Mapping[str, Any]) -> bool:
    """Whether a price is for every buyer and for one piece."""
    amount = price.get("eligibleQuantity")
    least = amount.get("minValue", amount.get("value", 1)) if isinstance(amount, dict) else 1
    return str(least) in ("", "1", "1.0", "None") and not price.get("validForMemberTier") and "price" in price


def _single(offer: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The offers of an aggregate, or the aggregate as one if its prices are one."""
    if inner := _objects(offer.get("offers")):
        return inner
    low, high = offer.get("lowPrice"), offer.get("highPrice")
    if is_blank(low) or not is_blank(offer.get("price")):
        return [offer]
    if is_blank(high) or _number(low) != _number(high):
        raise RowRefused(
            _(
                "its price “%(price)s” says where prices begin, and not what it costs: "
                "give it, or each of its variants, one price"
            )
            % {"price": str(low)[:40]}
        )
    return [{**offer, "price": low}]


def _with_sku(product: dict[str, Any]) -> dict[str, Any]:
    """A product with the number by which its maker or its page knows it where it has no SKU, and with its group."""
    found = dict(product)
    for name in ("productID", "mpn", "identifier"):
        if is_blank(found.get("sku")) and isinstance(found.get(name), str):
            found["sku"] = found[name]
    of = _objects(product.get("isVariantOf"))
    if group := product.get("inProductGroupWithID") or next((_group_id(entry) for entry in of), ""):
        found["item_group_id"] = group
    offers = _objects(product.get("offers"))
    if is_blank(found.get("sku")) and len(offers) == 1 and offers[0].get("sku"):
        found["sku"] = offers[0]["sku"]
    return found


def _without(thing: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in thing.items() if name not in names and not name.startswith("@")}


def _group_id(group: Mapping[str, Any]) -> Any:
    return group.get("productGroupID") or group.get("@id") or ""


def _of(product: Mapping[str, Any], offer: Mapping[str, Any], sku: str) -> Any:
    """The name of an offer of a product; without one of its own, its number stands behind the product's."""
    return offer.get("name") or f"{product.get('name')} - {sku}"


def _things(value: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if not _PRODUCTS.isdisjoint(_types(value)):
        yield dict(value)
        return
    for name in _HOLDING:
        yield from map(dict, _objects(value.get(name)))


def _types(value: Mapping[str, Any]) -> set[str]:
    return {str(name).rsplit("/", 1)[-1].removeprefix("schema:") for name in _listed(value.get("@type"))}


def _number(amount: Any) -> Any:
    """The amount, so that 9.9 and “9.90” are one; other text as it is."""
    try:
        return Decimal(str(amount)).normalize()
    except ArithmeticError:
        return str(amount)


def _text(value: Any) -> str:
    value = value.get("name") if isinstance(value, dict) else value
    return "" if value is None or isinstance(value, list | dict) else str(value).strip()


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [] if is_blank(value) else [value]


def _objects(value: Any) -> Sequence[Mapping[str, Any]]:
    return [entry for entry in _listed(value) if isinstance(entry, dict)]
