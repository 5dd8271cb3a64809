"""What a call changed in a cart."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class LineChange:
    """The quantity of a product before and after; 0 means no line. `Change.delta` stores these fields."""

    product: int
    product_id: str
    name: str
    before: int
    after: int
    # The line's price_when_added, so that undoing a removal restores it.
    price: Decimal

    @property
    def text(self) -> str:
        return f"{self.name}: {self.before} → {self.after}"

    @property
    def size(self) -> int:
        """About how many bytes it takes in `Change.delta`, where a letter beyond ASCII takes six."""
        name = self.name
        return 120 + len(self.product_id) + len(name) * (1 if name.isascii() else 6)
