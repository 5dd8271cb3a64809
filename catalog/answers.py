"""Answers about products as data: the shapes of `catalog.schemas`, as dictionaries.

A model reads all that an answer holds, and pays for it. So nothing is empty, and an answer has a size: where addresses
are long, it leaves out facets, images, addresses and variants, in this order. get_product tells them, and the text
names all variants.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

import orjson
from django.utils import timezone

from catalog.language.measures import Measure, is_by_weight, measure_of
from catalog.models import Product
from catalog.recent import recent
from catalog.search.query import Facets as PageFacets
from catalog.search.query import Page, PriceBounds
from shopmcp.money import Money, money

Data = dict[str, Any]

# Bytes of an answer with up to ten products, and for each further one; of one product.
MOST_FOUND, _MOST_OF_EACH, MOST_DETAIL = 2800, 280, 1200
# Where a page holds so many products, facets say nothing new.
FEW = 10
_COUNT = len('"more_variants":99,')
_LEAST_DESCRIBED = 100  # characters of a description


def search_data(page: Page, offered: Sequence[str] = (), *, whole: bool = False) -> Data:
    """Return a page of results, with the categories `offered` if nothing was found: `SearchOut`.

    It keeps to its size unless it is `whole`.
    """
    data = _page_data(page)
    if offered:
        data["categories"] = list(offered)
    return data if whole else _fitted(data, data["products"] + data.get("also_close", []), data.get("facets"))


def groups_data(pages: Sequence[tuple[str, Page]]) -> Data:
    """Return what each of several queries found: `SearchOut` with `groups`."""
    groups = [{"query": query, **_page_data(page)} for query, page in pages]
    found = [product for group in groups for name in ("products", "also_close") for product in group.get(name, ())]
    for group in groups:
        group.pop("facets", None)
    return _fitted({"groups": groups}, found, None)


def detail_data(product: Product, siblings: Sequence[Product], most: int | None = MOST_DETAIL) -> Data:
    """Return a product with all that is known of it, in at most so many bytes: `ProductDetailOut`.

    Needs the store loaded too.
    """
    now = timezone.now()
    data = _product_data(product, now)
    if product.brand:
        data["brand"] = product.brand
    if product.stock is not None:
        data["stock"] = product.stock
    if per := price_per(product, now):
        measure, amount = per
        data["price_per"] = {"unit": measure.unit, **_money_data(amount)}
    elif is_weight_unstated(product):
        data["weight_stated"] = False
    if product.withdrawn_at is not None:
        data["withdrawn"] = True
    if product.description:
        data["description"] = product.description
    if siblings:
        data["variants"] = [_variant_data(sibling, product, now) for sibling in siblings]
    return data if most is None else _shortened(data, most)


def price_per(product: Product, now: datetime) -> tuple[Measure, Money] | None:
    """Return the price of a kilo or a litre, where the product states its measure and that is not one of it."""
    measure = _measure(product)
    if measure is None or measure.is_one or (price := product.price_at(now)) is None:
        return None
    return measure, _per_measure(price, measure, product.currency, product.store.language)


@lru_cache(maxsize=8192)
def _per_measure(price: Decimal, measure: Measure, currency: str, language: str) -> Money:
    return money(price / measure.size, currency, language)


def is_weight_unstated(product: Product) -> bool:
    """Whether it is sold by weight, and the shop does not state the weight of one unit."""
    return _measure(product) is None and is_by_weight(product.name, product.category)


def _measure(product: Product) -> Measure | None:
    return measure_of(*product.options.values(), product.name)


def _page_data(page: Page) -> Data:
    now = timezone.now()

    def found(product: Product) -> Data:
        data = _product_data(product, now)
        if lacks := page.lacking.get(product.identity_id):
            data["lacks"] = list(lacks)
        if variants := page.variants.get(product.identity_id):
            data["variants"] = [_variant_data(variant, product, now) for variant in variants]
        return data

    data: Data = {"products": [found(product) for product in page.products]}
    if page.also_close:
        data["also_close"] = [found(product) for product in page.also_close]
    data["total"] = page.total
    told: Mapping[str, Any] = {
        "more_than_total": page.at_least,
        "next_cursor": page.next_cursor,
        "dropped_words": list(page.dropped),
        "wishes": list(page.wishes),
        "price_words": _price_words_data(page.price_bounds),
        "facets": _facets_data(page.facets) if page.total > FEW else None,
    }
    return data | {name: value for name, value in told.items() if value}


def _product_data(product: Product, now: datetime) -> Data:
    """The product as a list shows it: a dictionary of the caller's own."""
    return dict(recent(product, now, "data", lambda: _product_anew(product, now)))


def _product_anew(product: Product, now: datetime) -> Data:
    data: Data = {"product_id": product.public_id, "name": product.name}
    currency, language = product.currency, product.store.language
    if (price := product.price_at(now)) is not None:
        data["price"] = _money_data(money(price, currency, language))
    if (former := product.former_price_at(now)) is not None:
        data["former_price"] = _money_data(money(former, currency, language))
    if product.category:
        data["category"] = product.category
    if image := product.image_url:
        data["image"] = image
    if product.url:
        data["url"] = product.url
    data["in_stock"] = product.in_stock
    if product.options:
        data["options"] = product.options
    return data


def _variant_data(variant: Product, of: Product, now: datetime) -> Data:
    data: Data = {"product_id": variant.public_id}
    if variant.options:
        data["options"] = variant.options
    else:
        data["name"] = variant.name
    price = variant.price_at(now)
    if price is not None and price != of.price_at(now):
        data["price"] = _money_data(money(price, variant.currency, variant.store.language))
    data["in_stock"] = variant.in_stock
    return data


def _money_data(amount: Money) -> Data:
    return {"amount": amount.amount, "formatted": amount.formatted}


def _facets_data(facets: PageFacets) -> Data:
    data: Data = {}
    if facets.categories:
        data["categories"] = dict(facets.categories)
    if facets.lowest is not None and facets.highest is not None:
        data["lowest_price"], data["highest_price"] = _plain(facets.lowest), _plain(facets.highest)
    if facets.partial:
        data["partial"] = True
    return data


def _price_words_data(bounds: PriceBounds | None) -> Data | None:
    if bounds is None:
        return None
    told = {"min_price": bounds.lowest, "max_price": bounds.highest}
    return {"words": bounds.said, **{name: _plain(price) for name, price in told.items() if price is not None}}


def _plain(amount: Decimal) -> str:
    return f"{amount.normalize():f}"


def _fitted(data: Data, products: Sequence[Data], facets: Data | None) -> Data:
    """The answer with what its size allows."""
    over = _size(data) - max(MOST_FOUND, _MOST_OF_EACH * len(products))
    categories: dict[str, int] = facets.get("categories", {}) if facets else {}
    while over > 0 and categories:
        name, count = categories.popitem()  # the rarest
        over -= _size({name: count}) - 1
    if facets is not None and not categories:
        facets.pop("categories", None)
    for name in ("image", "url"):
        if over > 0:
            over -= sum(_size({name: product.pop(name)}) - 1 for product in products if name in product)
    while over > 0 and (most := max(products, key=_variants, default={})) and _variants(most):
        over -= _size(most["variants"].pop()) + (1 if "more_variants" in most else -_COUNT)
        most["more_variants"] = most.get("more_variants", 0) + 1
        if not most["variants"]:
            over -= _size({"variants": most.pop("variants")}) - 1
    return data


def _variants(product: Data) -> int:
    return len(product.get("variants", ()))


def _shortened(data: Data, most: int) -> Data:
    """The product with as many variants and as much of the description as its size allows."""
    variants: list[Data] = data.get("variants", [])
    told = data.pop("description", "")
    reserved = min(len(told.encode()), _LEAST_DESCRIBED) + 30
    over, left = _size(data) + reserved - most, len(variants)
    while over > 0 and variants:
        over -= _size(variants.pop()) + 1
    if left > len(variants):
        data["more_variants"] = left - len(variants)
    if not variants:
        data.pop("variants", None)
    for name in ("image", "url"):
        if over > 0 and name in data:
            over -= _size({name: data.pop(name)}) - 1
    if told:
        data["description"] = clipped(told, max(most - _size(data) - 30, _LEAST_DESCRIBED))
    return data


def clipped(text: str, most: int) -> str:
    """The text in at most so many bytes of JSON, ended by an ellipsis where it is cut."""
    if _size(text) <= most:
        return text
    while (size := _size(text)) > most - 3:
        text = text[: min(len(text) - 1, len(text) * (most - 3) // size)]
    return f"{text.rstrip()}…"


def _size(data: Any) -> int:
    return len(orjson.dumps(data))
