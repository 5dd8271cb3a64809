"""What happened in a session, call by call, and what its cart held at any of those moments."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from carts.models import CallRecord, Cart, Change, Line, Session
from shopmcp import paging

# Stepping back undoes one change after the other; who changed a cart more often than this sees the last ones.
MOST_CHANGES = 1000


@dataclass(frozen=True, slots=True)
class Difference:
    """A product whose quantity a change moved; 0 is none."""

    product_id: str
    name: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Step:
    """One call, with what it changed in the cart."""

    call: CallRecord
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class Timeline:
    """A page of steps, the newest first; `cursor` leads on and is empty at the end."""

    steps: list[Step]
    cursor: str


@dataclass(frozen=True, slots=True)
class PastLine:
    """A line as it was: `price` is that of one when it was added."""

    product_id: str
    name: str
    quantity: int
    price: Decimal
    image: str = ""

    @property
    def total(self) -> Decimal:
        return self.price * self.quantity


def timeline(session: Session, *, cursor: str = "", limit: int = 50) -> Timeline:
    """Return the session's calls, the newest first; two queries.

    Raises:
        InvalidArguments: If the cursor is not of this list.
    """
    page, following = paging.page("calls", CallRecord.objects.filter(session=session), limit, cursor)
    versions = {call.version for call in page if call.version is not None}
    # One cart is open at a time; where an order closed one, the newest with that version is the call's.
    found = Change.objects.filter(cart__session=session, version__in=versions).order_by("cart")
    changes = {change.version: _differences(change.delta) for change in found} if versions else {}
    steps = [Step(call, changes.get(call.version or 0, ())) for call in page]
    return Timeline(steps, following)


def cart_at(cart: Cart, version: int) -> list[PastLine] | None:
    """Return what the cart held at that version, in the order of adding; two queries.

    None if there was no such version, or it lies too many changes back.
    """
    if not oldest_version(cart) <= version <= cart.version:
        return None
    held = [(line, line.shown) for line in Line.objects.filter(cart=cart).in_order().with_version()]
    lines = {
        line.product_id: PastLine(
            product.public_id, product.name, line.quantity, line.price_when_added, product.image_url
        )
        for line, product in held
    }
    newer = Change.objects.filter(cart=cart).after(version).reverse().values_list("delta", flat=True)
    for delta in newer:
        for moved in reversed(delta):
            product = moved["product"]
            if moved["before"]:
                image = lines[product].image if product in lines else ""
                lines[product] = PastLine(
                    moved["product_id"], moved["name"], moved["before"], Decimal(moved["price"]), image
                )
            else:
                lines.pop(product, None)
    return list(lines.values())


def oldest_version(cart: Cart) -> int:
    """The first version that `cart_at` can show."""
    return max(0, cart.version - MOST_CHANGES)


def versions_around(cart: Cart, version: int) -> tuple[int | None, int | None]:
    """The versions before and after one, as far as they can be shown."""
    return (version - 1 if version > oldest_version(cart) else None), (version + 1 if version < cart.version else None)


def _differences(delta: Sequence[dict[str, object]]) -> tuple[Difference, ...]:
    return tuple(
        Difference(str(moved["product_id"]), str(moved["name"]), int(str(moved["before"])), int(str(moved["after"])))
        for moved in delta
    )
