"""Stores and products as MCP tools and the JSON API return them."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from catalog import store_facts
from catalog.models import Product
from catalog.search.categories import Shelf
from catalog.search.query import Page
from shopmcp.money import Money

Price = Annotated[
    Decimal, Field(ge=0, le=999_999_999), WithJsonSchema({"type": "number", "minimum": 0, "maximum": 999_999_999})
]
"""A bound of a search, as tools and the JSON API take it."""


def _optional(description: str, empty: Any = None) -> Any:
    """A field that is absent from answers while it has no value."""
    told = {"description": description} if description else {}
    return Field(empty, exclude_if=lambda value: value == empty, **told)  # type: ignore[call-overload]


class StoreOut(BaseModel):
    """A store and what it offers. Fields without a value are absent."""

    slug: str = Field(description="What the `store` argument of search_products takes.")
    name: str
    currency: str = Field(description="ISO 4217 code, such as ILS.")
    language: str = Field(description="The language of the store's texts, such as he.")
    url: str | None = _optional("The store's own site.")
    products: int = Field(description="How many products can be bought now, without those that are sold out.")
    categories: list[str] = _optional("What the `category` argument of search_products takes.", empty=[])
    paused: str | None = _optional("Why it takes no orders now; absent while it does.")
    shipping: str | None = _optional("How, where and at what cost it delivers.")
    delivery: list[str] = _optional("Each way in which it delivers, with price and conditions.", empty=[])
    returns: str | None = _optional("What can be returned, and until when.")
    contact: str | None = _optional("How to reach the shop.")

    @classmethod
    def all(cls, shelves: Sequence[Shelf]) -> list[Self]:
        """Return stores in the language of the call."""
        delivery = store_facts.delivery_of([shelf.store for shelf in shelves])
        return [cls._made(shelf, delivery.get(shelf.store.pk, [])) for shelf in shelves]

    @classmethod
    def of(cls, shelf: Shelf) -> Self:
        return cls.all([shelf])[0]

    @classmethod
    def _made(cls, shelf: Shelf, delivery: list[str]) -> Self:
        store = shelf.store
        return cls(
            slug=store.slug,
            name=store.name,
            currency=store.currency,
            language=store.language,
            url=store.base_url or None,
            products=shelf.products,
            categories=shelf.categories,
            paused=store.paused or None,
            shipping=store.shipping or None,
            delivery=delivery,
            returns=store.returns or None,
            contact=store.contact or None,
        )


class StoresOut(BaseModel):
    stores: list[StoreOut]


class ProductOut(BaseModel):
    """A product as a list shows it. Fields without a value are absent."""

    product_id: str = Field(description="What cart tools and get_product take.")
    name: str
    price: Money | None = _optional("The price now; absent when the shop has set none: it cannot be bought.")
    former_price: Money | None = _optional("The price before a reduction.")
    category: str = _optional("", empty="")
    image: str | None = _optional("Absolute address.")
    url: str | None = _optional("The product's page in the shop.")
    in_stock: bool = Field(description="Whether it can be bought now.")
    options: dict[str, str] = _optional("What distinguishes this variant from the others, such as size.", empty={})


class VariantOut(BaseModel):
    """Another variant of a product."""

    product_id: str = Field(description="What cart tools and get_product take.")
    name: str = _optional("Where no options tell the variants apart.", empty="")
    options: dict[str, str] = _optional("What distinguishes it from the other variants, such as size.", empty={})
    price: Money | None = _optional("Where it is not that of the product.")
    in_stock: bool


class PricePerOut(Money):
    """The price of a kilo or a litre."""

    unit: Literal["kg", "l"]


class ProductDetailOut(ProductOut):
    """A product with all that is known of it."""

    brand: str = _optional("", empty="")
    stock: int | None = _optional("How many are left; absent when the shop does not count them.")
    price_per: PricePerOut | None = _optional("Computed from the weight or volume that the name states.")
    weight_stated: bool = _optional("False: it is sold by weight, and the shop does not state that of one unit.", True)
    description: str = _optional("The shop's own words.", empty="")
    withdrawn: bool = _optional("True when the shop no longer sells it.", empty=False)
    variants: list[VariantOut] = _optional("The same product in other sizes, colours and the like.", empty=[])
    more_variants: int = _optional("How many variants the text alone names.", empty=0)


class FoundOut(ProductOut):
    """A product as a search found it: the variant that fits best, and all others."""

    lacks: list[str] = _optional("Words of the query that this product lacks.", empty=[])
    variants: list[VariantOut] = _optional("Its other variants.", empty=[])
    more_variants: int = _optional("How many variants the text alone names.", empty=0)


class FacetsOut(BaseModel):
    """What all pages of a search hold together."""

    categories: dict[str, int] = _optional("How many of the products are in each; the most frequent.", empty={})
    lowest_price: str | None = _optional("Absent when nothing has a price, or prices are in several currencies.")
    highest_price: str | None = _optional("Absent as lowest_price is.")
    partial: bool = _optional("True when more products fit than were counted.", empty=False)


class PriceWordsOut(BaseModel):
    """Words of a query that speak of a price, and the bounds they were taken for."""

    words: str
    min_price: str | None = _optional("Absent when they were not taken for one.")
    max_price: str | None = _optional("Absent when they were not taken for one.")


class _ListOut(BaseModel):
    products: list[FoundOut] = _optional("Absent when `queries` was used.")
    total: int = _optional("How many products all pages hold; variants of one product count once.")
    also_close: list[FoundOut] = _optional("Products that lack a word, where few have all; not in total.", empty=[])
    more_than_total: bool = _optional("True when counting stopped at `total` and more may fit.", empty=False)
    next_cursor: str | None = _optional("Pass as `cursor`, with the same arguments, for the next page.")
    dropped_words: list[str] = _optional("Words of the query that no product shown has.", empty=[])
    wishes: list[str] = _optional(
        "When no product fits all of the query: its parts, which were searched one by one; the products answer them in "
        "turn.",
        empty=[],
    )
    price_words: PriceWordsOut | None = _optional("The meaning of words such as “up to 50 shekels”.")
    facets: FacetsOut | None = _optional("All pages by category and price, where there are more than ten products.")


class GroupOut(_ListOut):
    """What one of several queries found."""

    query: str


class SearchOut(_ListOut):
    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["products"]}, {"required": ["groups"]}]})

    categories: list[str] = _optional("All categories, when nothing was found.", empty=[])
    groups: list[GroupOut] = _optional("For each of the `queries`, what it found.", empty=[])


_FOR_WIDGET = "Where a widget may show the answer: what its calls pass, to find this conversation's cart."


class SearchAnswer(SearchOut):
    """What a chat is told."""

    cart_id: str | None = _optional(_FOR_WIDGET)


class ProductAnswer(ProductDetailOut):
    """What a chat is told."""

    cart_id: str | None = _optional(_FOR_WIDGET)


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
