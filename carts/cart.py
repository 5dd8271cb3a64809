"""A cart in memory: its lines, its limits and its notices. `services` loads and saves it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from django.utils import timezone
from django.utils.translation import gettext

from carts.changes import LineChange
from carts.news import told
from carts.sold import SoldItem, StoreInfo
from carts.terms import CartTerms
from carts.unanswered import Told, Unanswered
from shopmcp.errors import CartLimit, NotForSale
from shopmcp.money import money

MAX_QUANTITY = 999
MAX_LINES = 100


@dataclass(frozen=True)
class LineState:
    """A line with its current product; the other fields are columns of `Line`.

    A change of a cart replaces it, so that carts in memory can share it (`carts.memory`).
    """

    product: SoldItem
    quantity: int
    price_when_added: Decimal
    price_told: Decimal
    stock_told: int | None = None
    withdrawal_told: bool = False
    id: int | None = None

    @property
    def shortage(self) -> int | None:
        """The stock, if it is less than the quantity; else None."""
        stock = self.product.stock
        return stock if stock is not None and stock < self.quantity else None

    @property
    def available(self) -> int:
        """How many of the quantity can be bought now."""
        product = self.product
        if not product.for_sale:
            return 0
        return self.quantity if product.stock is None else min(self.quantity, product.stock)

    @cached_property
    def is_as_told(self) -> bool:
        """Whether it can be bought as it is, and all this was told: so are nearly all lines that are shown."""
        product = self.product
        return (
            product.price == self.price_told
            and product.withdrawn_at is None
            and product.available
            and (product.stock is None or product.stock >= self.quantity)
            and self.stock_told is None
            and not self.withdrawal_told
        )

    @property
    def remark(self) -> str:
        """Why not the whole line can be bought now; empty if it can."""
        if not self.product.for_sale:
            return gettext("can no longer be bought")
        if self.shortage is None:
            return ""
        return gettext("only %(left)s left") % {"left": self.shortage} if self.shortage else gettext("sold out")

    @property
    def total(self) -> Decimal:
        """The price of what can be bought now."""
        price = self.product.price
        return Decimal(0) if price is None else price * self.available


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence that the shopper should hear, with a code for programs."""

    code: str
    text: str


@dataclass(slots=True)
class CartState:
    """A session's open cart, with its lines by the product's primary key.

    Attributes:
        id: None until the first change is saved.
        now: The moment of the call: it decides which sales are on.
        expiry_untold: An earlier cart expired, and the shopper was not told.
        news: What was done outside of the chat and not told; see `carts.news`.
        is_elsewhere: It is changed outside of its chat, which has to hear of that.
        unanswered: Changes whose answers were lost, and the shopper was not told.
        told: What the call at hand tells, once it has changed the cart or repeated what was told.
        person: The key of the person whose things the call may see, as `carts.people` decides; None for nobody.
        holder: The key of the session that holds the cart, where that is no chat's own but the one cart of an account.
        before: The touched lines as they were loaded; a new line has quantity 0 there.
        catalogue: The token of the store's catalogue when it was loaded; None where it has none.
        is_remembered: Its lines were loaded from `carts.memory`.
    """

    session_id: int
    session_public_id: str
    id: int | None = None
    public_id: str = ""
    version: int = 0
    currency: str = ""
    store: StoreInfo | None = None
    history_bytes: int = 0
    lines: dict[int, LineState] = field(default_factory=dict)
    now: datetime = field(default_factory=timezone.now)
    expiry_untold: bool = False
    news: str = ""
    is_elsewhere: bool = False
    unanswered: Sequence[Unanswered] = ()
    told: Told | None = None
    person: int | None = None
    holder: int | None = None
    before: dict[int, LineState] = field(default_factory=dict)
    catalogue: int | None = None
    is_remembered: bool = False
    terms: CartTerms = field(default_factory=CartTerms)

    @property
    def item_count(self) -> int:
        """How many were asked for, whether or not they can be bought."""
        return sum(line.quantity for line in self.lines.values())

    @property
    def total(self) -> Decimal:
        """The price of what can be bought now."""
        return sum((line.total for line in self.lines.values()), Decimal(0))

    @property
    def changes(self) -> list[LineChange]:
        """The changed quantities, in the order of the changes."""
        found = []
        for pk, line in self.before.items():
            after = self.lines[pk].quantity if pk in self.lines else 0
            if after != line.quantity:
                product = line.product
                found.append(
                    LineChange(pk, product.public_id, product.name, line.quantity, after, line.price_when_added)
                )
        return found

    def add(self, item: SoldItem, quantity: int, store: StoreInfo) -> Notice | None:
        """Add to the quantity of this product, up to its stock; return a notice if the stock was too small.

        Raises:
            NotForSale: If it cannot be bought, or none is left.
            CartLimit: If the cart has another store or currency, or would exceed its limits.
        """
        line = self.lines.get(item.id)
        held = line.quantity if line else 0
        if not item.for_sale:
            raise item.refusal
        if self.lines and (self.currency != item.currency or (self.store is not None and self.store.id != store.id)):
            raise CartLimit(
                gettext("A cart holds products of one store and one currency, and this one belongs to %(store)s.")
                % {"store": self.store.name if self.store else self.currency},
                fix=gettext("Choose from that store, or clear the cart first."),
            )
        if held + quantity > MAX_QUANTITY:
            raise CartLimit(
                gettext("A cart holds at most %(most)s of one product; of %(name)s it holds %(held)s.")
                % {"most": MAX_QUANTITY, "name": item.name, "held": held},
                fix=gettext("Add fewer."),
            )
        if not held and item.stock == 0:
            raise NotForSale(
                gettext("%(name)s is sold out.") % {"name": item.name},
                fix=gettext("Look for something similar with search_products, with in_stock_only."),
            )
        reachable = held + quantity if item.stock is None else max(held, min(held + quantity, item.stock))
        if not held and len(self.lines) >= MAX_LINES:
            raise CartLimit(
                gettext("A cart holds at most %(most)s different products.") % {"most": MAX_LINES},
                fix=gettext("Remove one first."),
            )
        if reachable != held:
            if not self.lines:
                self.store, self.currency = store, item.currency
            self._set(item, reachable)
        return None if reachable == held + quantity else _short(item, reachable)

    def set_quantity(self, item: SoldItem, quantity: int) -> Notice | None:
        """Set the quantity of a product in the cart; 0 removes it. A smaller quantity is always accepted.

        Raises:
            NotForSale: If the quantity grows and the product cannot be bought.
        """
        held = self.lines[item.id].quantity
        if quantity > held and not item.for_sale:
            raise item.refusal
        reachable = quantity if item.stock is None or quantity <= held else max(held, min(quantity, item.stock))
        self._set(item, reachable)
        return None if reachable == quantity else _short(item, reachable)

    def remove(self, product_pk: int) -> None:
        """Remove the product, if it is in the cart."""
        if product_pk in self.lines:
            self._remember(self.lines.pop(product_pk))

    def restore(self, item: SoldItem, quantity: int, price_when_added: Decimal) -> None:
        """Put an earlier line back; notices then compare it with the current stock and price."""
        was_away = item.id not in self.lines
        self._set(item, quantity)
        line = self.lines[item.id]
        told = price_when_added if was_away else line.price_told
        self.lines[item.id] = replace(line, price_when_added=price_when_added, price_told=told)

    def line_named(self, reference: str) -> LineState | None:
        """The only line with this id, SKU, URL or exact name."""
        wanted = reference.strip()
        lines = self.lines.values()
        found = [line for line in lines if line.product.public_id == wanted] or [
            line
            for line in lines
            if wanted and wanted in (line.product.public_id.partition(":")[2], line.product.name, line.product.url)
        ]
        return found[0] if len(found) == 1 else None

    def notices(self, locale: str) -> list[Notice]:
        """Return the notices that no answer of a write has told yet."""
        found = []
        found += [Notice(*pair) for lost in self.unanswered for pair in lost.told]
        if self.expiry_untold:
            found.append(
                Notice("cart_expired", gettext("An earlier cart of this chat was not used for long and has expired."))
            )
        if self.news:
            found.extend(Notice(code, text) for code, text in told(self.news))
        for line in self.lines.values():
            if line.is_as_told:
                continue
            product = line.product
            if not product.for_sale:
                if not line.withdrawal_told:
                    text = gettext("%(name)s can no longer be bought; remove it from the cart.")
                    found.append(Notice("withdrawn", text % {"name": product.name}))
                continue
            if product.price is not None and product.price != line.price_told:
                text = gettext("The price of %(name)s changed from %(old)s to %(new)s.")
                old, new = (money(p, product.currency, locale).formatted for p in (line.price_told, product.price))
                found.append(Notice("price_changed", text % {"name": product.name, "old": old, "new": new}))
            if line.shortage is not None and line.shortage != line.stock_told:
                found.append(_short(product, line.quantity))
        return found

    def mark_told(self) -> set[int]:
        """Mark the current notices as told; return the keys of the lines that this changes."""
        self.expiry_untold, self.news, self.unanswered = False, "", ()
        noted = set()
        for pk, line in list(self.lines.items()):
            if line.is_as_told:
                continue
            price = line.price_told if line.product.price is None else line.product.price
            told = (price, line.shortage, not line.product.for_sale)
            if told != (line.price_told, line.stock_told, line.withdrawal_told):
                price, stock, withdrawal = told
                self.lines[pk] = replace(line, price_told=price, stock_told=stock, withdrawal_told=withdrawal)
                noted.add(pk)
        return noted

    def _set(self, item: SoldItem, quantity: int) -> None:
        if not quantity:
            self.remove(item.id)
            return
        if (line := self.lines.get(item.id)) is None:
            price = item.price if item.price is not None else Decimal(0)
            line = LineState(item, 0, price, price)
        self._remember(line)
        self.lines[item.id] = replace(line, quantity=quantity)

    def _remember(self, line: LineState) -> None:
        self.before.setdefault(line.product.id, line)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The cart after a call, with what the call changed and has to tell.

    Attributes:
        changes: What changed, as `LineChange.text` says it.
        products: The public ids of the changed products.
        repeats: The version that the first answer told, where a request came again.
        is_current: False if the cart changed since that answer.
    """

    state: CartState
    changes: Sequence[str] = ()
    notices: Sequence[Notice] = ()
    products: Sequence[str] = ()
    repeats: int | None = None
    is_current: bool = True

    @property
    def version(self) -> int:
        return self.state.version if self.repeats is None else self.repeats


def _short(item: SoldItem, held: int) -> Notice:
    if not item.stock:
        text = gettext("%(name)s is sold out; the cart holds %(held)s.")
    else:
        text = gettext("Only %(left)s left of %(name)s; the cart holds %(held)s now.")
    return Notice("stock", text % {"left": item.stock, "name": item.name, "held": held})
