"""What Shopify's newer interface answers as JSON, and its bulk export in lines, with the names of its older one.

In the lines, variants and pictures follow the line of their product, their parent.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from catalog.feeds.records import Refused

_MOST_VARIANTS = 5000
_PRODUCT, _VARIANT = "gid://shopify/Product/", "gid://shopify/ProductVariant/"

_NEWER = {"selectedOptions", "inventoryPolicy", "inventoryItem", "availableForSale"}
_CONNECTED = ("variants", "images", "media")

Whole = tuple[int, dict[str, Any]]


def is_bulk(value: Mapping[str, Any]) -> bool:
    """Whether the object is a product of this export, or has a parent."""
    return "__parentId" in value or str(value.get("id", "")).startswith(_PRODUCT)


class Bulk:
    """Puts the variants into their product, with the names of Shopify's admin JSON."""

    def __init__(self) -> None:
        self.product: dict[str, Any] = {}
        self._line = 0
        self._variants: list[dict[str, Any]] = []

    def take(self, line: int, value: dict[str, Any]) -> Iterator[Whole | Refused]:
        """Yield the products that are complete, with the numbers of their lines."""
        parent, own = value.get("__parentId"), str(value.get("id", ""))
        if parent is None:
            yield from self.end()
            if own.startswith(_PRODUCT):
                self._line, self.product = line, value
            else:
                yield line, value
        elif not own.startswith(_VARIANT) and "sku" not in value:
            pass  # a picture, or the stock in one place
        elif self.product and parent == self.product["id"] and len(self._variants) < _MOST_VARIANTS:
            self._variants.append(value)
        else:
            yield Refused(line, _("its parent “%(parent)s” is not in the file") % {"parent": str(parent)[:80]})

    def end(self) -> Iterator[Whole]:
        """Yield the last product, if there is one."""
        if self._variants:
            self.product.update(_with(self._variants))
        if self.product:
            yield self._line, self.product
        self.product, self._variants = {}, []


def as_in_admin(value: dict[str, Any]) -> dict[str, Any]:
    """Return a product with its variants in a list and under the names of the older interface, if it has others."""
    if "node" in value and value.keys() <= {"node", "cursor"} and isinstance(value["node"], dict):
        value = value["node"]
    lists = {name: _listed(value[name]) for name in _CONNECTED if isinstance(value.get(name), dict)}
    variants = lists.get("variants", value.get("variants"))
    if isinstance(variants, list) and variants and isinstance(variants[0], dict) and _NEWER & variants[0].keys():
        lists.update(_with([variant for variant in variants if isinstance(variant, dict)]))
    return {**value, **lists} if lists else value


def _listed(connection: Mapping[str, Any]) -> list[Any]:
    """The entries of `{"nodes": […]}` or `{"edges": [{"node": …}]}`."""
    nodes, edges = connection.get("nodes"), connection.get("edges")
    if isinstance(nodes, list):
        return nodes
    return [edge.get("node") for edge in edges if isinstance(edge, dict)] if isinstance(edges, list) else []


def _with(variants: Sequence[dict[str, Any]]) -> dict[str, Any]:
    options = [{"name": name} for name, _value in _selected(variants[0])]
    return {"options": options, "variants": [_as_in_admin(variant) for variant in variants]}


def _selected(variant: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    listed = variant.get("selectedOptions")
    entries = listed if isinstance(listed, list) else []
    return [(entry.get("name"), entry.get("value")) for entry in entries if isinstance(entry, dict)]


def _as_in_admin(variant: Mapping[str, Any]) -> dict[str, Any]:
    item = variant.get("inventoryItem")
    found = {name: value for name, value in variant.items() if name not in ("selectedOptions", "inventoryItem")}
    found.update({f"option{n}": value for n, (_name, value) in enumerate(_selected(variant), start=1)})
    found["inventory_quantity"] = found.pop("inventoryQuantity", found.pop("quantityAvailable", None))
    if (sold := found.pop("availableForSale", None)) is not None:
        found["available"] = sold
        # What is sold without a piece left is sold beyond its stock.
        left = found["inventory_quantity"]
        if sold is True and isinstance(left, Decimal) and left < 1:
            found["inventory_quantity"] = None
    found["inventory_policy"] = str(found.pop("inventoryPolicy", "")).lower()
    if isinstance(item, dict) and item.get("tracked") is False:
        found["inventory_management"] = None
    return found
