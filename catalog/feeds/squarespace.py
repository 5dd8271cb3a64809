"""Squarespace's product export: a line per variant, of which the first has what all share."""

from collections.abc import Iterator, Sequence

from catalog.feeds.delimited import Table, demand
from catalog.feeds.families import Line, Values, named, numbered_options, read_families, record
from catalog.feeds.records import FeedEntry, Skipped
from catalog.feeds.shopify import variant_sku
from catalog.feeds.source import Source
from catalog.feeds.words import is_shown

_NAMES = {
    "product": ("productid", "productidnoneditable"),
    "slug": ("producturl",),
    "name": ("title",),
    "description": ("description",),
    "sku": ("sku",),
    "barcode": ("gtin",),
    **{f"option{n}{part}": (f"option{part}{n}",) for n in range(1, 7) for part in ("name", "value")},
    "price": ("price",),
    "sale_price": ("saleprice",),
    "on_sale": ("onsale",),
    "stock": ("stock",),
    "category": ("categories",),
    "published": ("visible",),
    "image": ("hostedimageurls",),
}


def is_squarespace(source: Source) -> bool:
    names = Table(source).names
    return {"title", "sku", "hostedimageurls"} <= names and bool(names & {"productpage", "producturl"})


def read_squarespace(source: Source) -> Iterator[FeedEntry]:
    """Yield a record per variant."""
    table = Table(source)
    plan = table.own(_NAMES)
    demand(source, {of for _column, of in plan})
    yield from read_families(table, plan, _begins, _entries)


def _begins(_before: Values, values: Values) -> bool:
    return bool(values.get("name") or values.get("product"))


def _entries(family: Sequence[Line]) -> Iterator[FeedEntry]:
    product = family[0][1]
    for line, values in family:
        if not is_shown(product.get("published", "")):
            yield Skipped(line)
            continue
        options = numbered_options(product, values)
        slug = product.get("slug") or product.get("product", "")
        yield record(
            line,
            {
                "sku": values.get("sku") or variant_sku(slug, options),
                "name": named(product.get("name", ""), options),
                "description": product.get("description", ""),
                "category": _category(product.get("category", "")),
                "price": values.get("price", ""),
                "sale_price": values.get("sale_price", ""),
                "on_sale": values.get("on_sale", ""),
                "stock": values.get("stock", ""),
                "barcode": values.get("barcode", ""),
                "image": next(iter((values.get("image") or product.get("image", "")).split()), ""),
                "group_id": product.get("product") or slug,
                "options": options,
            },
        )


def _category(text: str) -> str:
    """`/tees/long, /sale` as `tees > long`."""
    return " > ".join(part.strip() for part in text.split(",", maxsplit=1)[0].split("/") if part.strip())
