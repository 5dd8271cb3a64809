"""The outward shapes: carts for chats and the JSON API; sessions, calls and warnings for the API."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from carts.cart import CartState, LineState, Outcome, StoreInfo
from carts.digests import cart_id_of
from carts.isolation import IsolationState
from carts.warning_kinds import Severity, WarningKind
from catalog.models import Product
from shopmcp.money import Money, money


# A dataclass is made in a third of the time; a cart has up to a hundred lines.
@dataclass(slots=True)
class LineOut:
    product_id: str
    name: str
    quantity: int
    unit_price: Annotated[Money | None, Field(description="Today's price of one; null while the product has none.")]
    line_total: Money | None
    image: str
    url: str


class NoticeOut(BaseModel):
    """Something the shopper should be told."""

    model_config = ConfigDict(from_attributes=True)

    code: str
    text: str


class _Handle(BaseModel):
    cart_id: str | None = Field(
        None,
        exclude_if=lambda cart_id: cart_id is None,
        description="Only for a chat that sends no conversation id: the handle of its cart, to pass with later cart "
        "calls.",
    )


class _PublicIds(BaseModel):
    session: str = Field(description="The public id of the conversation's session.", examples=["s_k3v7m2x5q4a6b2cd"])
    id: str = Field(description="The public id of the cart.", examples=["c_w5n2r7j4t6y3u2ab"])


class _Contents(BaseModel):
    version: int = Field(description="Grows by one with every change; undo_cart_change can go back to one.")
    currency: str
    lines: list[LineOut]
    item_count: int
    total: Money
    changes: list[str] = Field(description="What this call changed, as `name: before → after`.")
    notices: list[NoticeOut] = Field(description="Tell the shopper each of these.")


# The fields of the last base come first.
class CartOut(_Contents, _Handle):
    """A cart as its own chat sees it."""


class PublicCartOut(_Contents, _PublicIds):
    """A cart as the JSON API shows it: without the handle that opens it."""


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
    """One tool call."""

    at: datetime
    tool: str = Field(examples=["add_to_cart"])
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


def cart_out(outcome: Outcome, store: StoreInfo, *, by_handle: bool) -> CartOut:
    """Return the cart as its chat sees it.

    Args:
        outcome: The cart.
        store: Amounts are written as people of this store write them.
        by_handle: The chat is known by its `cart_id` alone, so the answer holds it.
    """
    cart_id = cart_id_of(outcome.state.session_public_id) if by_handle else None
    return CartOut(cart_id=cart_id, **_contents(outcome, store))


def public_cart_out(state: CartState, first_store: StoreInfo) -> PublicCartOut:
    """Return a stored cart as the JSON API shows it, with the notices that its chat was not told yet.

    Args:
        state: The cart.
        first_store: Its language and currency are used for an empty cart.
    """
    store = state.store or first_store
    outcome = Outcome(state, notices=state.notices(store.language))
    return PublicCartOut(session=state.session_public_id, id=state.public_id, **_contents(outcome, store))


def _contents(outcome: Outcome, store: StoreInfo) -> dict[str, Any]:
    state = outcome.state
    currency, locale = state.currency or store.currency, store.language
    return {
        "version": outcome.version,
        "currency": currency,
        "lines": [_line_out(line, currency, locale) for line in state.lines.values()],
        "item_count": state.item_count,
        "total": money(state.total, currency, locale),
        "changes": outcome.changes,
        "notices": outcome.notices,
    }


def _line_out(line: LineState, currency: str, locale: str) -> LineOut:
    product, total = line.product, line.total
    return LineOut(
        product_id=product.public_id,
        name=product.name,
        quantity=line.quantity,
        unit_price=None if product.price is None else money(product.price, currency, locale),
        line_total=None if total is None else money(total, currency, locale),
        image=_image(product.image),
        url=product.url,
    )


@lru_cache(maxsize=10_000)
def _image(image: str) -> str:
    return Product(image=image).image_url
