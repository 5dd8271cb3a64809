"""Sessions and lines as rows of the owner's tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from carts.browse import state_of
from carts.cart import LineState
from carts.conversation import BY_HANDLE, UNKEYED
from carts.models import Cart, Session
from carts.timeline import Latest, latest_of
from dashboard.texts import client_name


@dataclass(frozen=True, slots=True)
class LineItem:
    """A line as it is now; `total` is the price of what can be bought of it."""

    name: str
    quantity: int
    total: Decimal
    remark: str

    @classmethod
    def of(cls, line: LineState) -> Self:
        return cls(line.product.name, line.quantity, line.total, line.remark)


def lines_now(cart: Cart, session: Session) -> tuple[list[LineItem], Decimal]:
    """Return the lines of a listed cart, and the total that the chat is told."""
    state = state_of(cart, session)
    return [LineItem.of(line) for line in state.lines.values()], state.total


def items_of(sessions: Sequence[Session]) -> "list[SessionItem]":
    """Return the rows of these sessions; three queries."""
    latest = latest_of(sessions)
    return [SessionItem(session, latest.get(session.pk)) for session in sessions]


class SessionItem:
    """A session with its open cart and what it did last; `session.open_carts` must be loaded."""

    def __init__(self, session: Session, latest: Latest | None = None) -> None:
        self.latest = latest
        carts: list[Cart] = session.open_carts  # type: ignore[attr-defined]  # a prefetch's to_attr
        self.session = session
        self.cart = carts[0] if carts else None
        self.lines, self._total = lines_now(self.cart, session) if self.cart else ([], Decimal(0))
        self.client = client_name(session.client)

    @property
    def items(self) -> int:
        return self.cart.item_count if self.cart else 0

    @property
    def value(self) -> Decimal | None:
        """The total that the chat is told; None for an empty cart."""
        return self._total if self.lines else None

    @property
    def currency(self) -> str:
        return self.cart.currency if self.cart else ""

    @property
    def is_handed_over(self) -> bool:
        """Whether the shopper opened the cart in a browser."""
        return self.cart is not None and self.cart.handed_over_at is not None

    @property
    def has_left(self) -> bool:
        """Whether the shopper took it to the store's own checkout."""
        return self.cart is not None and self.cart.left_at is not None

    @property
    def is_unkeyed(self) -> bool:
        """Whether the chat sends no conversation id."""
        return self.session.source in (BY_HANDLE, UNKEYED)
