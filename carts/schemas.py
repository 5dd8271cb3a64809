"""The outward shape of a cart, for chats and for the JSON API alike."""

from functools import lru_cache
from typing import Any

from django.conf import settings
from pydantic import BaseModel, Field

from carts.services import Outcome
from carts.state import CartState, LineState
from catalog.models import Product, Store
from shopmcp.money import Money, money

# While there is no store at all, an empty cart counts in no currency.
NO_CURRENCY = "XXX"


class LineOut(BaseModel):
    product_id: str
    name: str
    quantity: int
    unit_price: Money | None = Field(description="Today's price of one; null while the product has none.")
    line_total: Money | None
    image: str
    url: str


class NoticeOut(BaseModel):
    """Something the shopper should be told."""

    code: str
    text: str


class _Handle(BaseModel):
    cart_id: str = Field(
        description="The handle of this conversation's cart. Pass it with later cart calls if the text asks for it."
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
    """A cart as everybody else sees it: without the handle that opens it."""


class DebugOut(BaseModel):
    session: str | None = Field(description="The public id of this conversation's session, `default`, or null.")
    source: str = Field(description="The `_meta` key that named the conversation, `cart_id`, or `default` for none.")
    isolated: bool = Field(description="False only where this chat's cart can meet other chats.")
    active_sessions: int = Field(description="Sessions with a call lately; counted up to 10,000.")
    item_count: int
    total: Money
    received: list[str] = Field(description="The names of the `_meta` keys that came with this call.")
    hints: list[str] = Field(description="What to do if conversations are not told apart.")


def cart_out(outcome: Outcome, cart_id: str, currency: str, locale: str) -> CartOut:
    """Return the cart as chats see it.

    Args:
        outcome: The state after the call, with what it changed.
        cart_id: The session's handle.
        currency: What an empty cart counts in.
        locale: How amounts are written.
    """
    return CartOut(cart_id=cart_id, **_contents(outcome, currency, locale))


def public_cart_out(state: CartState, first_store: Store | None) -> PublicCartOut:
    """Return a stored cart as the owner's scripts see it, with the notices that its chat was not told yet.

    Args:
        state: The cart.
        first_store: Whose currency and way of writing an empty cart has.
    """
    locale = state.store.language if state.store else first_store.language if first_store else settings.LANGUAGE_CODE
    currency = first_store.currency if first_store else NO_CURRENCY
    outcome = Outcome(state, notices=state.notices(locale))
    return PublicCartOut(session=state.session_public_id, id=state.public_id, **_contents(outcome, currency, locale))


def _contents(outcome: Outcome, currency: str, locale: str) -> dict[str, Any]:
    state = outcome.state
    currency = state.currency or currency
    return {
        "version": state.version,
        "currency": currency,
        "lines": [_line_out(line, currency, locale) for line in state.lines.values()],
        "item_count": state.item_count,
        "total": money(state.total, currency, locale),
        "changes": [change.text for change in outcome.changes],
        "notices": [NoticeOut(code=notice.code, text=notice.text) for notice in outcome.notices],
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
