"""The outward shape of stores and products, for MCP and JSON alike."""

from typing import Self

from pydantic import BaseModel, Field

from catalog.models import Product
from catalog.search import Page, Shelf
from shopmcp.money import Money


class StoreOut(BaseModel):
    """A store and what it offers."""

    slug: str = Field(description="What the `store` argument of search_products takes.")
    name: str
    currency: str = Field(description="ISO 4217 code, such as ILS.")
    products: int = Field(description="How many products can be bought.")
    categories: list[str] = Field(description="What the `category` argument of search_products takes.")

    @classmethod
    def of(cls, shelf: Shelf) -> Self:
        store = shelf.store
        return cls(
            slug=store.slug,
            name=store.name,
            currency=store.currency,
            products=shelf.products,
            categories=shelf.categories,
        )


class StoresOut(BaseModel):
    stores: list[StoreOut]


class ProductOut(BaseModel):
    """A product as a list shows it."""

    product_id: str = Field(description="What cart tools and get_product take.")
    name: str
    price: Money | None = Field(description="Null when the shop has set no price: it cannot be bought.")
    category: str
    brand: str
    image: str | None = Field(description="Absolute address.")
    url: str | None = Field(description="The product's page in the shop.")
    in_stock: bool = Field(description="Whether it can be bought now.")
    stock: int | None = Field(description="How many are left; null when the shop does not count them.")
    options: dict[str, str] = Field(description="What tells this variant from its siblings, such as size.")
    store: str = Field(description="The store's slug.")

    @classmethod
    def of(cls, product: Product) -> Self:
        """The shape of a product whose store is loaded."""
        return cls(
            product_id=product.public_id,
            name=product.name,
            price=product.price_shown,
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
        """The shape of a product whose store is loaded; asks for its variants."""
        return cls(
            **dict(ProductOut.of(product)),
            description=product.description,
            withdrawn=product.withdrawn_at is not None,
            variants=[ProductOut.of(sibling) for sibling in product.siblings()],
        )


class SearchOut(BaseModel):
    products: list[ProductOut]
    total: int = Field(description="How many products were found on all pages.")
    next_cursor: str | None = Field(description="Pass as `cursor`, with the same arguments, for the next page.")
    categories: list[str] = Field(description="When nothing was found: the categories there are.")

    @classmethod
    def of(cls, page: Page, categories: list[str]) -> Self:
        return cls(
            products=[ProductOut.of(product) for product in page.products],
            total=page.total,
            next_cursor=page.next_cursor,
            categories=categories,
        )
