"""Sessions and lines as rows of the owner's tables."""

from dataclasses import dataclass
from decimal import Decimal

from carts.cart import SoldItem
from carts.identity import BY_HANDLE, UNKEYED
from carts.models import Cart, Line, Session
from dashboard.texts import client_name


@dataclass(frozen=True, slots=True)
class LineItem:
    line: Line

    @property
    def total(self) -> Decimal | None:
        """At the current price; None if the product has none in the cart's currency."""
        price = SoldItem.of(self.line.shown).counted_in(self.line.cart.currency).price
        return None if price is None else price * self.line.quantity


class SessionItem:
    """A session with its open cart; `session.open_carts` must be loaded."""

    def __init__(self, session: Session) -> None:
        carts: list[Cart] = session.open_carts  # type: ignore[attr-defined]  # a prefetch's to_attr
        self.session = session
        self.cart = carts[0] if carts else None
        self.lines = [LineItem(line) for line in self.cart.lines.all()] if self.cart else []
        self.client = client_name(session.client)

    @property
    def items(self) -> int:
        return self.cart.item_count if self.cart else 0

    @property
    def value(self) -> Decimal | None:
        """The cart at current prices; None for an empty one."""
        return sum((row.total for row in self.lines if row.total is not None), Decimal(0)) if self.lines else None

    @property
    def currency(self) -> str:
        return self.cart.currency if self.cart else ""

    @property
    def is_unkeyed(self) -> bool:
        """Whether the chat sends no conversation id."""
        return self.session.source in (BY_HANDLE, UNKEYED)
