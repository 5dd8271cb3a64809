"""Stores and products as MCP tools and the JSON API return them."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Self

from pydantic import BaseModel, Field, WithJsonSchema

from catalog.models import Product, Store
from catalog.search.categories import Shelf
from catalog.search.query import Facets, Page, PriceBounds
from shopmcp.money import Money, money

Price = Annotated[
    Decimal, Field(ge=0, le=999_999_999), WithJsonSchema({"type": "number", "minimum": 0, "maximum": 999_999_999})
]
"""A bound of a search, as tools and the JSON API take it."""


class StoreOut(BaseModel):
    """A store and what it offers."""

    slug: str = Field(description="What the `store` argument of search_products takes.")
    name: str
    currency: str = Field(description="ISO 4217 code, such as ILS.")
    language: str = Field(description="The language of the store's texts, such as he.")
    url: str | None = Field(description="The store's own site; null when it names none.")
    products: int = Field(description="How many products can be bought now, without those that are sold out.")
    categories: list[str] = Field(description="What the `category` argument of search_products takes.")
    shipping: str | None = Field(description="How, where and at what cost it delivers; null when it does not say.")
    returns: str | None = Field(description="What can be returned, and until when; null when it does not say.")
    contact: str | None = Field(description="How to reach the shop; null when it does not say.")

    @classmethod
    def of(cls, shelf: Shelf) -> Self:
        store = shelf.store
        return cls(
            slug=store.slug,
            name=store.name,
            currency=store.currency,
            language=store.language,
            url=store.base_url or None,
            products=shelf.products,
            categories=shelf.categories,
            shipping=store.shipping or None,
            returns=store.returns or None,
            contact=store.contact or None,
        )


class StoresOut(BaseModel):
    stores: list[StoreOut]


class ProductOut(BaseModel):
    """A product as a list shows it."""

    product_id: str = Field(description="What cart tools and get_product take.")
    name: str
    price: Money | None = Field(description="Null when the shop has set no price: it cannot be bought.")
    former_price: Money | None = Field(description="The price before a reduction; null when there is none.")
    category: str
    brand: str
    image: str | None = Field(description="Absolute address.")
    url: str | None = Field(description="The product's page in the shop.")
    in_stock: bool = Field(description="Whether it can be bought now.")
    stock: int | None = Field(description="How many are left; null when the shop does not count them.")
    options: dict[str, str] = Field(description="What distinguishes this variant from the others, such as size.")
    store: str = Field(description="The store's slug.")

    @classmethod
    def of(cls, product: Product) -> Self:
        """Needs the store loaded too."""
        return cls(
            product_id=product.public_id,
            name=product.name,
            price=product.price_shown,
            former_price=product.former_price_shown,
            category=product.category,
            brand=product.brand,
            image=product.image_url or None,
            url=product.url or None,
            in_stock=product.in_stock,
            stock=product.stock,
            options=product.options,
            store=product.store.slug,
        )


class ProductDetailOut(ProductOut):
    """A product with all that is known of it."""

    description: str
    withdrawn: bool = Field(description="True when the shop no longer sells it.")
    variants: list[ProductOut] = Field(description="The same product in other sizes, colours and the like.")

    @classmethod
    def of(cls, product: Product) -> Self:
        """Needs the store loaded too, and queries the variants."""
        return cls(
            **dict(ProductOut.of(product)),
            description=product.description,
            withdrawn=product.withdrawn_at is not None,
            variants=[ProductOut.of(sibling) for sibling in product.siblings()],
        )


class VariantOut(BaseModel):
    """Another variant of a product in a list."""

    product_id: str = Field(description="What cart tools and get_product take.")
    name: str
    options: dict[str, str] = Field(description="What distinguishes it from the other variants, such as size.")
    price: Money | None
    in_stock: bool

    @classmethod
    def of(cls, product: Product) -> Self:
        return cls(
            product_id=product.public_id,
            name=product.name,
            options=product.options,
            price=product.price_shown,
            in_stock=product.in_stock,
        )


class FoundOut(ProductOut):
    """A product as a search found it: the variant that fits best, and the others that fit."""

    variants: list[VariantOut] = Field(description="Its other variants that fit; get_product lists all of them.")

    @classmethod
    def found(cls, product: Product, variants: Sequence[Product]) -> Self:
        return cls(**dict(ProductOut.of(product)), variants=[VariantOut.of(variant) for variant in variants])


class CategoryCountOut(BaseModel):
    name: str = Field(description="What the `category` argument of search_products takes.")
    count: int = Field(description="How many of the products found are in it.")


class FacetsOut(BaseModel):
    """What all pages of a search hold together."""

    categories: list[CategoryCountOut] = Field(description="The most frequent first, at most twenty.")
    lowest_price: Money | None = Field(
        description="Of all pages; null when nothing has a price, or prices are in several currencies."
    )
    highest_price: Money | None
    partial: bool = Field(
        description="True when more products fit than were counted: there may be other categories, higher counts and "
        "other prices."
    )

    @classmethod
    def of(cls, facets: Facets) -> Self:
        counted = [CategoryCountOut(name=name, count=count) for name, count in facets.categories]
        store = Store.objects.filter(pk=facets.store).first() if facets.store else None
        if store is None or facets.lowest is None or facets.highest is None:
            return cls(categories=counted, lowest_price=None, highest_price=None, partial=facets.partial)
        lowest, highest = (money(price, store.currency, store.language) for price in (facets.lowest, facets.highest))
        return cls(categories=counted, lowest_price=lowest, highest_price=highest, partial=facets.partial)


class PriceWordsOut(BaseModel):
    """Words of a query that speak of a price, and the bounds they were taken for."""

    words: str
    min_price: str | None = Field(description="Null when they were not taken for one.")
    max_price: str | None = Field(description="Null when they were not taken for one.")

    @classmethod
    def of(cls, bounds: PriceBounds) -> Self:
        low, high = (None if price is None else f"{price.normalize():f}" for price in (bounds.lowest, bounds.highest))
        return cls(words=bounds.said, min_price=low, max_price=high)


class SearchOut(BaseModel):
    products: list[FoundOut]
    total: int = Field(description="How many products all pages hold; variants of one product count once.")
    more_than_total: bool = Field(description="True when counting stopped at `total` and more products may fit.")
    next_cursor: str | None = Field(description="Pass as `cursor`, with the same arguments, for the next page.")
    dropped_words: list[str] = Field(description="Words of the query that were ignored because nothing fits them.")
    wishes: list[str] = Field(
        description="When no product fits all of the query: its parts, which were searched one by one; the products "
        "answer them in turn."
    )
    price_words: PriceWordsOut | None = Field(
        description="The meaning of words such as “up to 50 shekels”, which were not searched for; null without any."
    )
    facets: FacetsOut = Field(description="All pages by category and price.")
    categories: list[str] = Field(description="All categories, when nothing was found.")

    @classmethod
    def of(cls, page: Page, categories: list[str]) -> Self:
        return cls(
            products=[FoundOut.found(product, page.variants.get(product.identity_id, [])) for product in page.products],
            total=page.total,
            more_than_total=page.at_least,
            next_cursor=page.next_cursor,
            dropped_words=list(page.dropped),
            wishes=list(page.wishes),
            price_words=PriceWordsOut.of(page.price_bounds) if page.price_bounds else None,
            facets=FacetsOut.of(page.facets),
            categories=categories,
        )


class ResultOut(BaseModel):
    """A search result in the form that connectors expect."""

    id: str
    title: str
    url: str


class ResultsOut(BaseModel):
    results: list[ResultOut]

    @classmethod
    def of(cls, page: Page) -> Self:
        return cls(
            results=[ResultOut(id=product.public_id, title=product.name, url=product.url) for product in page.products]
        )


class DocumentOut(BaseModel):
    """A product in the form that connectors expect."""

    id: str
    title: str
    text: str
    url: str
    metadata: dict[str, str]

    @classmethod
    def of(cls, product: Product, text: str) -> Self:
        price = product.price_shown
        known = {
            "store": product.store.slug,
            "category": product.category,
            "brand": product.brand,
            "price": price.amount if price else "",
            "currency": product.currency if price else "",
            "in_stock": "true" if product.in_stock else "false",
            "image": product.image_url,
        }
        return cls(
            id=product.public_id,
            title=product.name,
            text=text,
            url=product.url,
            metadata={name: value for name, value in known.items() if value},
        )
