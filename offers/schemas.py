"""What stores offer, as chats and the JSON API are told it."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from django.db.models import Model
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StringConstraints,
    WithJsonSchema,
)

from catalog.models import Store
from offers.models import Coupon, DeliveryOption, Merchant
from offers.readiness import missing_for_orders
from shopmcp.api_types import PLAIN, Moment
from shopmcp.money import Money


def _no_truth(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("a number is wanted")
    return value


# In Python true is 1; in JSON it is no number. The bounds stand first, else the description lacks them.
Position = Annotated[int, Field(ge=0, le=32_767), BeforeValidator(_no_truth)]
Uses = Annotated[int, Field(ge=1, le=2_000_000_000), BeforeValidator(_no_truth)]
# The description says text: a JSON number cannot say how many digits it has.
Amount = Annotated[
    Decimal,
    Field(ge=0, max_digits=12, decimal_places=3),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9]{1,9}([.][0-9]{1,3})?$", "examples": ["20.00"]}),
]
# Lines are allowed, other control characters are not.
_LINES = "^[^\u0000-\u0009\u000b-\u001f\u007f]*$"


class DeliveryOut(BaseModel):
    """A way in which a store delivers."""

    name: str
    kind: Literal["delivery", "pickup"]
    price: Money
    free_above: Money | None = Field(description="From this sum of the goods on it costs nothing; null for never.")
    minimum: Money | None = Field(description="The lowest sum of the goods; null for none.")
    postal_codes: list[str] = Field(
        description="Codes, their beginnings, or ranges. Without codes and cities it goes everywhere."
    )
    cities: list[str]
    pickup_place: str | None
    pickup_hours: str | None
    note: str | None

    @classmethod
    def of(cls, option: DeliveryOption) -> Self:
        """Needs the store loaded too."""
        return cls(**_delivery(option))


class DeliveryOptionOut(DeliveryOut):
    """A delivery option as its owner sees it."""

    id: int
    store: str = Field(description="The store's slug.")
    position: int = Field(description="The lowest comes first.")
    active: bool = Field(description="Whether shoppers are offered it.")

    @classmethod
    def of(cls, option: DeliveryOption) -> Self:
        """Needs the store loaded too."""
        facts: dict[str, Any] = {
            "id": option.pk,
            "store": option.store.slug,
            "position": option.position,
            "active": option.active,
        }
        return cls(**_delivery(option), **facts)


class DeliveryOptionsOut(BaseModel):
    """A page of delivery options, the newest first."""

    delivery_options: list[DeliveryOptionOut]
    next_cursor: str | None = Field(description="Pass as `cursor`, with the same `store`, for the next page.")


class DeliveryOptionChange(BaseModel):
    """What to change; what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"price": "25.00", "free_above": "250"}]})

    name: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=PLAIN)] | None = None
    kind: Literal["delivery", "pickup"] | None = None
    price: Amount | None = None
    free_above: Amount | None = Field(None, description="Null for never.")
    minimum: Amount | None = Field(None, description="Null for none.")
    postal_codes: list[Annotated[str, StringConstraints(max_length=60, pattern=PLAIN)]] | None = Field(
        None, max_length=200
    )
    cities: list[Annotated[str, StringConstraints(max_length=100, pattern=PLAIN)]] | None = Field(None, max_length=200)
    pickup_place: Annotated[str, StringConstraints(max_length=300, pattern=PLAIN)] | None = None
    pickup_hours: Annotated[str, StringConstraints(max_length=300, pattern=PLAIN)] | None = None
    note: Annotated[str, StringConstraints(max_length=500, pattern=_LINES)] | None = None
    position: Position | None = None
    active: StrictBool | None = None

    def apply_to(self, option: DeliveryOption) -> DeliveryOption:
        """Set the fields that were given; null empties an optional one and leaves a required one as it is."""
        _apply(self, option, ("free_above", "minimum"))
        return option


class NewDeliveryOption(DeliveryOptionChange):
    """A delivery option to make."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"store": "demo", "name": "Home delivery", "price": "20.00"}]},
    )

    store: Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=PLAIN)] = Field(
        description="The store's slug."
    )
    name: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=PLAIN)]


class MerchantOut(BaseModel):
    """Who sells in a store, and how it takes orders."""

    store: str = Field(description="The store's slug.")
    legal_name: str
    registration_number: str
    address: str
    phone: str
    email: str
    prices_include_tax: bool
    tax_rate: str = Field(description="In percent.", examples=["18"])
    delivery_days: list[int] = Field(description="Days of the week as ISO 8601 counts them: 1 is Monday.")
    delivery_hours: str
    cutoff: str | None = Field(description="Until when orders of the day come in, such as 12:00; null for none.")
    low_stock: int | None = Field(description="At how many pieces `stock.low` is told; null for never.")
    own_checkout: Literal["shopify", "woocommerce", "opencart", "plain"] | None = Field(
        description="The system in which its carts are ordered; null if they are ordered here."
    )
    pages_confirmed_at: datetime | None
    paused: str | None = Field(description="Why it takes no orders now; null while it does.")
    missing: list[str] = Field(description="What it lacks before it can take orders, in words.")

    @classmethod
    def of(cls, store: Store, *, has_delivery: bool) -> Self:
        """Needs the merchant loaded too; a store without one has said nothing yet."""
        merchant = getattr(store, "merchant", None) or Merchant(store=store)
        told = {name: getattr(merchant, name) for name in cls.model_fields if hasattr(merchant, name)}
        return cls.model_validate(
            told
            | {
                "store": store.slug,
                "tax_rate": f"{merchant.tax_rate.normalize():f}",
                "delivery_days": sorted(int(day) for day in merchant.delivery_days),
                "cutoff": merchant.cutoff_shown or None,
                "own_checkout": merchant.own_checkout or None,
                "paused": store.paused or None,
                "missing": missing_for_orders(store, has_delivery=has_delivery),
            }
        )


class MerchantsOut(BaseModel):
    """A page of merchants, the newest store first."""

    merchants: list[MerchantOut]
    next_cursor: str | None = Field(description="Pass as `cursor` for the next page.")


class CouponOut(BaseModel):
    """A coupon as its owner sees it."""

    id: int
    store: str = Field(description="The store's slug.")
    code: str
    kind: Literal["percent", "amount", "free_delivery"]
    value: str | None = Field(description="Percent, or an amount in the store's currency; null for free delivery.")
    minimum: Money | None = Field(description="The lowest sum of all goods; null for none.")
    begins_at: datetime | None
    ends_at: datetime | None
    uses: int | None = Field(description="How many orders may use it; null for any number.")
    uses_each: int | None = Field(description="How many orders of one buyer; null for any number.")
    used: int = Field(description="How many orders used it.")
    products: list[str] = Field(description="Product ids. Without products and categories it covers everything.")
    categories: list[str]
    told: bool = Field(description="Whether chats tell it to a shopper who almost reaches its minimum.")
    active: bool

    @classmethod
    def of(cls, coupon: Coupon) -> Self:
        """Needs the store loaded too."""
        value = None
        if coupon.value is not None:
            is_percent = coupon.kind == Coupon.Kind.PERCENT
            value = f"{coupon.value.normalize():f}" if is_percent else coupon.shown(coupon.value).amount
        return cls.model_validate(
            {name: getattr(coupon, name) for name in cls.model_fields if hasattr(coupon, name)}
            | {
                "id": coupon.pk,
                "store": coupon.store.slug,
                "value": value,
                "minimum": None if coupon.minimum is None else coupon.shown(coupon.minimum),
                "products": coupon.product_ids,
                "categories": coupon.category_names,
            }
        )


class CouponsOut(BaseModel):
    """A page of coupons, the newest first."""

    coupons: list[CouponOut]
    next_cursor: str | None = Field(description="Pass as `cursor`, with the same `store`, for the next page.")


class CouponChange(BaseModel):
    """What to change; what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"active": False}]})

    code: Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=PLAIN)] | None = None
    kind: Literal["percent", "amount", "free_delivery"] | None = None
    value: Amount | None = None
    minimum: Amount | None = Field(None, description="Null for none.")
    begins_at: Moment | None = None
    ends_at: Moment | None = None
    uses: Uses | None = Field(None, description="Null for any number.")
    uses_each: Uses | None = Field(None, description="Null for any number.")
    products: list[Annotated[str, StringConstraints(max_length=300, pattern=PLAIN)]] | None = Field(
        None, max_length=30, description="Product ids or SKUs."
    )
    categories: list[Annotated[str, StringConstraints(max_length=120, pattern=PLAIN)]] | None = Field(
        None, max_length=30
    )
    told: StrictBool | None = None
    active: StrictBool | None = None

    def apply_to(self, coupon: Coupon) -> Coupon:
        """Set the fields that were given; null empties an optional one and leaves a required one as it is."""
        _apply(self, coupon, ("value", "minimum", "begins_at", "ends_at", "uses", "uses_each"))
        return coupon


class NewCoupon(CouponChange):
    """A coupon to make."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"store": "demo", "code": "WELCOME", "kind": "percent", "value": "10"}]},
    )

    store: Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=PLAIN)] = Field(
        description="The store's slug."
    )
    code: Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=PLAIN)]


def _apply(given: BaseModel, row: Model, optional: Sequence[str]) -> None:
    for name in given.model_fields_set - {"store"}:
        value = getattr(given, name)
        if isinstance(value, list):
            setattr(row, name, "\n".join(value))
        elif value is not None or name in optional:
            setattr(row, name, value)


def _delivery(option: DeliveryOption) -> dict[str, Any]:
    return {
        "name": option.name,
        "kind": option.kind,
        "price": option.shown(option.price),
        "free_above": None if option.free_above is None else option.shown(option.free_above),
        "minimum": None if option.minimum is None else option.shown(option.minimum),
        "postal_codes": option.shown_postal_codes,
        "cities": option.shown_cities,
        "pickup_place": option.pickup_place or None,
        "pickup_hours": option.pickup_hours or None,
        "note": option.note or None,
    }
