"""Products that hold their variants: the nested form of the OpenAI product feed, and what Shopify serves as JSON."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from catalog.feeds.names import Naming, is_blank
from catalog.feeds.parts import amount_in, in_smallest_units, picture_in, plain_part
from catalog.feeds.records import FeedEntry, Record, Refused
from catalog.feeds.shopify import variant_sku
from catalog.feeds.words import hides

# Values that a variant takes from its product if it has none itself.
_SHARED = (
    "name", "description", "category", "brand", "image", "url", "barcode", "published", "hidden", "eligible",
)  # fmt: skip


def is_nested(value: Mapping[str, Any]) -> bool:
    return isinstance(value.get("variants"), list)


def unfold(line: int, product: Mapping[str, Any], naming: Naming) -> Iterator[FeedEntry]:
    """Yield a record per variant; values that it lacks come from its product."""
    # Shopify's themes write all prices in hundredths.
    in_cents = "handle" in product and not product.keys().isdisjoint(("price_varies", "price_min"))
    shared = _plain(product, naming, in_cents=in_cents)
    if product.get("handle") and product.get("published_at", "") is None:
        shared["published"] = False  # Shopify, whose online store does not show it
    variants = product["variants"]
    names = _option_names(product)
    for variant in variants:
        if not isinstance(variant, dict):
            yield Refused(line, _("it is not an object"))
            continue
        fields = {
            **{name: shared[name] for name in _SHARED if name in shared},
            **_plain(variant, naming, in_cents=in_cents),
        }
        if hides("published", shared.get("published", True)):
            fields["published"] = False  # the product is hidden with all its variants
        options = _options(variant, names)
        title = variant.get("title")
        if names and "name" in shared:
            # Shopify names a variant by its options alone.
            options = {name: value for name, value in options.items() if value != "Default Title"}
            name, values = shared["name"], " / ".join(options.values())
            fields["name"] = f"{name} - {values}" if values and isinstance(name, str) else name
        elif isinstance(title, str) and title.strip():
            fields["name"] = title
        if options:
            fields["options"] = options
        # Shopify's own are numbers; ids of other systems may be SKUs.
        if isinstance(own := variant.get("admin_graphql_api_id") or variant.get("id"), str | int | Decimal):
            fields["external_id"] = own
        handle = product.get("handle")
        if isinstance(handle, str) and handle and "id" not in fields:
            sku = variant.get("sku")
            fields["sku"] = sku if isinstance(sku, str) and sku.strip() else variant_sku(handle, options)
            fields.setdefault("url", f"/products/{handle}")
        if group := product.get("id", handle):
            fields["group_id"] = group
        yield Record(line, fields)


def _plain(entry: Mapping[str, Any], naming: Naming, *, in_cents: bool) -> dict[str, Any]:
    """The values of a product or variant by column, with nested objects flattened."""
    uncounted = _is_uncounted(entry)
    flat: dict[str, Any] = {}
    for name, value in entry.items():
        match name:
            case "variants" | "options" | "variant_options" | "option1" | "option2" | "option3":
                continue
            case "inventory_quantity" if uncounted:
                continue
            case "description" if isinstance(value, dict):
                flat[name] = next((value[kind] for kind in ("plain", "html", "markdown") if value.get(kind)), "")
            case "price" | "list_price" | "compare_at_price":
                column = "price" if name == "price" else "former_price"
                amount, currency = _amount(value, in_cents=in_cents)
                flat[column] = amount
                if currency:
                    flat["currency"] = currency
            case "availability" if isinstance(value, dict):
                # `available` decides; the status only adds detail.
                said = value.get("available", value.get("status", ""))
                flat[name] = "" if said is None else said
            case "media" | "images":
                flat.setdefault("image", picture_in(value))
            case "image" | "featured_image" | "featuredImage" | "featuredMedia":
                flat["image"] = picture_in(value) or flat.get("image", "")
            case "barcodes" | "categories" if isinstance(value, list):
                one = "barcode" if name == "barcodes" else "category"
                flat.update(plain_part(one, value, naming))
            case _:
                flat.update(plain_part(name, value, naming))
    return naming.fields({name: value for name, value in flat.items() if not is_blank(value)})


def _is_uncounted(variant: Mapping[str, Any]) -> bool:
    """Whether Shopify sells a variant beyond its stock, or does not count it."""
    if variant.get("inventory_policy") == "continue":
        return True
    return "inventory_management" in variant and not variant["inventory_management"]


def _amount(value: Any, *, in_cents: bool) -> tuple[Any, str]:
    """A price and its currency; a whole amount in an object is in the currency's smallest unit."""
    if isinstance(value, dict):
        amount, currency = amount_in(value)
        return in_smallest_units(amount, currency), currency
    return (value.scaleb(-2) if in_cents and isinstance(value, Decimal) and value.is_finite() else value), ""


def _option_names(product: Mapping[str, Any]) -> list[str]:
    """The names of the variants' `option1` to `option3`, if the product gives them."""
    listed = product.get("options")
    if not isinstance(listed, list):
        return []
    found = [entry.get("name", "") if isinstance(entry, dict) else entry for entry in listed]
    return [name for name in found if isinstance(name, str) and name]


def _options(variant: Mapping[str, Any], names: list[str]) -> dict[str, str]:
    pairs: list[tuple[Any, Any]] = [(name, variant.get(f"option{place}")) for place, name in enumerate(names, start=1)]
    listed = variant.get("variant_options")
    for entry in listed if isinstance(listed, list) else []:
        if isinstance(entry, dict):
            pairs.append((entry.get("name"), entry.get("value")))
    return {
        name: value.strip()
        for name, value in pairs
        if isinstance(name, str) and isinstance(value, str) and name.strip() and value.strip()
    }
