"""The calls of a session, and the contents of its cart at each version."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from carts.models import KEPT_VERSIONS, CallRecord, Cart, Change, Line, Session
from shopmcp import paging


@dataclass(frozen=True, slots=True)
class Difference:
    """The quantity of a product before and after a change; 0 if it was not in the cart."""

    product_id: str
    name: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Step:
    call: CallRecord
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class Timeline:
    """A page of steps, the newest first; `cursor` is that of the next page, empty at the end."""

    steps: list[Step]
    cursor: str


@dataclass(frozen=True, slots=True)
class PastLine:
    """A line at an earlier version; `price` is the unit price when it was added."""

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
    # Carts of a session may share version numbers; the newest cart wins.
    found = Change.objects.filter(cart__session=session, version__in=versions).order_by("cart")
    changes = {change.version: _differences(change.delta) for change in found} if versions else {}
    steps = [Step(call, changes.get(call.version or 0, ())) for call in page]
    return Timeline(steps, following)


def cart_at(cart: Cart, version: int) -> list[PastLine] | None:
    """Return the lines of the cart at that version, in the order of adding; two queries.

    None if there was no such version, or it is before the kept history.
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
    """The earliest version that `cart_at` can show."""
    return max(0, cart.version - KEPT_VERSIONS)


def versions_around(cart: Cart, version: int) -> tuple[int | None, int | None]:
    """Return the versions before and after one; None where there is none to show."""
    return (version - 1 if version > oldest_version(cart) else None), (version + 1 if version < cart.version else None)


def _differences(delta: Sequence[dict[str, object]]) -> tuple[Difference, ...]:
    return tuple(
        Difference(str(moved["product_id"]), str(moved["name"]), int(str(moved["before"])), int(str(moved["after"])))
        for moved in delta
    )
