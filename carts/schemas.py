"""The outward shapes: carts for chats and the JSON API; sessions, calls and warnings for the API."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from carts.cart import CartState, Outcome
from carts.digests import cart_id_of
from carts.isolation import IsolationState
from carts.offers import CartOffers, offers_of
from carts.sold import StoreInfo
from carts.warning_kinds import Severity, WarningKind
from catalog.models import Product
from shopmcp.money import Money, money_data


def _absent(value: object) -> bool:
    return value is None


def _empty(text: str) -> bool:
    return not text


class _LineOut(BaseModel):
    product_id: str
    name: str
    quantity: int
    available: int | None = Field(
        None,
        exclude_if=_absent,
        description="How many of them can be bought now; absent if all can. Only these are in the totals.",
    )
    unit_price: Money | None = Field(None, description="Today's price of one; absent while the product has none.")
    line_total: Money
    image: str = Field("", exclude_if=_empty, description="Absolute address; absent if there is none.")
    url: str = Field("", exclude_if=_empty, description="The product's page in the shop; absent if there is none.")


class PublicLineOut(_LineOut):
    image: str
    url: str


class NoticeOut(BaseModel):
    """Something the shopper should be told."""

    model_config = ConfigDict(from_attributes=True)

    code: str
    text: str


class CouponOut(BaseModel):
    code: str
    discount: Money = Field(description="What it takes off the goods now; 0 while it cannot.")
    total: Money = Field(description="What is left to pay for the goods.")


class DeliveryOut(BaseModel):
    missing_for_free: Money = Field(description="How much more makes the delivery free; 0 if it is.")


class BudgetOut(BaseModel):
    amount: Money
    left: Money = Field(description="Negative if the goods cost more.")


class _Contents(BaseModel):
    version: int = Field(description="Grows by one with every change; undo_cart_change can go back to one.")
    currency: str
    lines: Sequence[_LineOut]
    item_count: int = Field(description="How many were asked for, whether or not they can be bought.")
    total: Money = Field(description="The price of what can be bought now.")
    coupon: CouponOut | None = Field(None, exclude_if=_absent)
    delivery: DeliveryOut | None = Field(None, exclude_if=_absent)
    budget: BudgetOut | None = Field(None, exclude_if=_absent)
    changes: list[str] = Field([], description="What this call changed, as `name: before → after`.")
    notices: list[NoticeOut] = Field([], description="Tell the shopper each of these.")


class _Handle(BaseModel):
    cart_id: str | None = Field(
        None,
        description="For a chat that sends no conversation id: the handle of its cart, to pass with later cart calls. "
        "Also where a widget may show the answer: what its calls pass.",
    )


class _PublicIds(BaseModel):
    session: str = Field(description="The public id of the conversation's session.", examples=["s_k3v7m2x5q4a6b2cd"])
    id: str = Field(description="The public id of the cart.", examples=["c_w5n2r7j4t6y3u2ab"])


# The fields of the last base come first.
class CartOut(_Contents, _Handle):
    """A cart as its own chat sees it: the shape of `cart_data`, which leaves out empty fields."""


class PublicCartOut(_Contents, _PublicIds):
    """A cart as the JSON API shows it: without the handle that opens it."""

    lines: Sequence[PublicLineOut]


class DebugOut(BaseModel):
    session: str | None = Field(description="The public id of this conversation's session, `default`, or null.")
    source: str = Field(description="The `_meta` key that named the conversation, `cart_id`, or `default` for none.")
    isolated: bool = Field(description="False only where this chat's cart can meet other chats.")
    active_sessions: int = Field(description="Sessions with a call lately; counted up to 10,000.")
    item_count: int
    total: Money
    received: list[str] = Field(description="The names of the `_meta` keys that came with this call.")
    hints: list[str] = Field(description="What to do if conversations are not told apart.")


class SessionOut(BaseModel):
    """One conversation."""

    id: str = Field(description="Its public id.", examples=["s_k3v7m2x5q4a6b2cd"])
    state: Literal["active", "idle"] = Field(description="Active while its last call is recent.")
    source: str = Field(
        description="The `_meta` key that named it, `cart_id`, or `default`.", examples=["openai/session"]
    )
    client: str = Field(description="As the client names itself.", examples=["openai-mcp"])
    created_at: datetime
    last_call_at: datetime
    duration: float = Field(description="Seconds from the first call to the last.", examples=[312.5])
    cart: PublicCartOut | None = Field(description="The cart it fills now; null before the first change.")


class SessionsOut(BaseModel):
    """A page of sessions, the latest call first."""

    sessions: list[SessionOut]
    next_cursor: str | None = Field(description="Pass as `cursor`, with the same filters, for the next page.")
    searched_to: datetime | None = Field(
        description="Set where the page ended early, having looked through as many sessions as it may: what is older "
        "is found through `next_cursor`."
    )


class DifferenceOut(BaseModel):
    """A product whose quantity a call moved; 0 is none."""

    model_config = ConfigDict(from_attributes=True)

    product_id: str
    name: str
    before: int
    after: int


class CallOut(BaseModel):
    """One tool call, or one change on the page of the cart."""

    at: datetime
    tool: str = Field(description="`page` for a change on the page of the cart.", examples=["add_to_cart"])
    outcome: str = Field(description="`ok`, or the code of the refusal.", examples=["ok"])
    milliseconds: float
    client: str
    source: str
    meta_keys: list[str] = Field(description="The names of the `_meta` keys that came; never their values.")
    warning: str = Field(description="The kind of warning it gave, or nothing.")
    version: int | None = Field(description="The cart's version after a change.")
    changes: list[DifferenceOut]


class SessionDetailOut(SessionOut):
    """One conversation with a page of its calls, the newest first."""

    calls: list[CallOut]
    next_cursor: str | None = Field(description="Pass as `cursor` for older calls.")


class CartsOut(BaseModel):
    """A page of carts, the newest first."""

    carts: list[PublicCartOut]
    next_cursor: str | None = Field(description="Pass as `cursor` for the next page.")


class WarningOut(BaseModel):
    """A sign from one client that chats may not be told apart."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    kind: WarningKind
    text: str = Field(description="The kind in words.")
    severity: Severity = Field(
        description="`meet` if one shopper can see another's cart by it, `lose` if a chat can lose its cart or may "
        "share its id, else `info`."
    )
    client: str
    meta_keys: list[str] = Field(description="The names of the `_meta` keys of the newest such call.")
    keys: list[str] = Field(description="Those of them that the warning is about.")
    calls: int = Field(description="How many calls gave it.")
    first_at: datetime
    last_at: datetime
    state: Literal["open", "fixed", "muted"] = Field(
        description="`fixed` until it happens again, `muted` until it is opened."
    )
    returned: bool = Field(description="It happened again after it was marked as fixed.")


class WarningsOut(BaseModel):
    """A page of warnings, the latest first."""

    isolation: IsolationState = Field(
        description="`meet` while one shopper can see another's cart, `lose` while a chat can lose its own or may "
        "share its id, `apart`, or `unknown` before the first call. Muting a warning does not change it."
    )
    warnings: list[WarningOut]
    next_cursor: str | None = Field(description="Pass as `cursor`, with the same `state`, for the next page.")


class WarningChange(BaseModel):
    """What to do about a warning."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"state": "fixed"}]})

    state: Literal["open", "fixed", "muted"] = Field(
        description="`fixed` closes it until it happens again, `muted` until it is opened; `open` opens it."
    )


def cart_data(
    outcome: Outcome, store: StoreInfo, *, by_handle: bool, offers: CartOffers | None = None
) -> dict[str, Any]:
    """Return the cart as its chat sees it, in the shape of `CartOut` without empty fields.

    It is a dictionary, because making and dumping models takes more time than all the rest of an answer.

    Args:
        outcome: The cart.
        store: Amounts are written as people of this store write them.
        by_handle: The chat is known by its `cart_id` alone, so the answer holds it.
        offers: What is told beside the lines.
    """
    state = outcome.state
    data: dict[str, Any] = {"cart_id": cart_id_of(state.session_public_id)} if by_handle else {}
    data |= _contents(state, store, outcome.version)
    if offers is not None:
        data |= _offered(offers, state.currency or store.currency, store.language)
    if outcome.changes:
        data["changes"] = outcome.changes
    if outcome.notices:
        data["notices"] = [{"code": notice.code, "text": notice.text} for notice in outcome.notices]
    return data


def public_cart_out(state: CartState, first_store: StoreInfo) -> PublicCartOut:
    """Return a stored cart as the JSON API shows it, with the notices that its chat was not told yet.

    Args:
        state: The cart.
        first_store: Its language and currency are used for an empty cart.
    """
    store = state.store or first_store
    data = _contents(state, store, state.version)
    data["lines"] = [{"image": "", "url": ""} | line for line in data["lines"]]
    if (offers := offers_of(state)) is not None:
        data |= _offered(offers, state.currency or store.currency, store.language)
    ids = {"session": state.session_public_id, "id": state.public_id}
    return PublicCartOut.model_validate(ids | data | {"notices": state.notices(store.language)})


def _contents(state: CartState, store: StoreInfo, version: int) -> dict[str, Any]:
    currency, locale = state.currency or store.currency, store.language
    lines, count, total = [], 0, Decimal(0)
    for line in state.lines.values():
        product, quantity, available = line.product, line.quantity, line.available
        addresses = product.image, product.url
        lines.append(
            _line(product.public_id, product.name, product.price, quantity, available, currency, locale, *addresses)
        )
        count += quantity
        if product.price is not None:
            total += product.price * available
    return {
        "version": version,
        "currency": currency,
        "lines": lines,
        "item_count": count,
        "total": money_data(total, currency, locale),
    }


def _offered(offers: CartOffers, currency: str, locale: str) -> dict[str, Any]:
    data: dict[str, Any] = {}
    if offers.coupon is not None:
        data["coupon"] = {
            "code": offers.coupon.code,
            "discount": money_data(offers.discount.amount, currency, locale),
            "total": money_data(offers.total, currency, locale),
        }
    if offers.free is not None:
        data["delivery"] = {"missing_for_free": money_data(offers.free.missing, currency, locale)}
    if offers.budget is not None and offers.left is not None:
        data["budget"] = {
            "amount": money_data(offers.budget, currency, locale),
            "left": money_data(offers.left, currency, locale),
        }
    return data


# Of the lines that an answer shows, one is new and all others were in the answers before.
@lru_cache(maxsize=8192)
def _line(
    product_id: str,
    name: str,
    price: Decimal | None,
    quantity: int,
    available: int,
    currency: str,
    locale: str,
    image: str,
    url: str,
) -> dict[str, Any]:
    """A line, which many answers share: do not change it."""
    data: dict[str, Any] = {"product_id": product_id, "name": name, "quantity": quantity}
    if available != quantity:
        data["available"] = available
    if price is not None:
        data["unit_price"] = money_data(price, currency, locale)
    data["line_total"] = money_data((price or Decimal(0)) * available, currency, locale)
    if image:
        data["image"] = _image(image)
    if url:
        data["url"] = url
    return data


@lru_cache(maxsize=10_000)
def _image(image: str) -> str:
    return Product(image=image).image_url
