"""What a cart knows of a product and of its store."""

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, Self

from django.utils import timezone

from carts.refusals import not_for_sale
from catalog.models import Product
from shopmcp.errors import NotForSale


class SoldItem(NamedTuple):
    """A product in a cart; its fields are `queries.PRODUCT_FIELDS`."""

    id: int
    public_id: str
    store_id: int
    name: str
    # At the time of the call: a sale begins and ends by the clock.
    price: Decimal | None
    currency: str
    image: str
    url: str
    stock: int | None
    available: bool
    withdrawn_at: datetime | None
    # At the times of its sale: the clock decides whether it counts.
    sale_price: Decimal | None = None

    @classmethod
    def of(cls, product: Product, now: datetime | None = None) -> Self:
        """Return a product with its price at that moment, by default this one."""
        item = cls(product.identity_id, *(getattr(product, name) for name in cls._fields[1:]))
        return item._replace(price=product.price_at(now or timezone.now()))

    @property
    def for_sale(self) -> bool:
        return self.withdrawn_at is None and self.available and self.price is not None

    @property
    def is_steady(self) -> bool:
        """Whether it changes only with the catalogue: not by the clock, and not by orders."""
        return self.sale_price is None and self.stock is None

    @property
    def refusal(self) -> NotForSale:
        """Why it cannot be bought."""
        return not_for_sale(self.name, self.withdrawn_at is not None, self.available and self.price is None)

    def counted_in(self, currency: str) -> Self:
        """Return it for a cart of that currency: without its price if that is in another one."""
        return self if self.currency == currency else self._replace(price=None)


class StoreInfo(NamedTuple):
    id: int
    slug: str
    name: str
    currency: str
    language: str
    # Of `offers.terms`; and why it takes no orders.
    revision: str | None = ""
    paused: str | None = ""
