"""What a cart costs as an order: for the page that shows it, and for the order itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from django.utils import timezone

from carts.cart import CartState, LineState
from carts.sold import SoldItem
from catalog.models import Product, Store
from offers.models import Coupon, DeliveryOption, Discount, Goods, Merchant
from orders.sums import Sums, Tax, sum_up


@dataclass(frozen=True, slots=True)
class QuotedLine:
    """A line of which at least one can be bought; `quantity` of the `asked` ones can be."""

    item: SoldItem
    asked: int
    quantity: int

    @property
    def price(self) -> Decimal:
        return self.item.price or Decimal(0)


@dataclass(frozen=True, slots=True)
class Quote:
    """What can be bought of a cart, and what it costs; `sums` has an entry for each line.

    Attributes:
        short: The lines of which less, or nothing, can be bought.
        option: How it is delivered; None before that is chosen, and then the sums leave it out.
        coupon: The cart's, if it does anything now.
    """

    lines: tuple[QuotedLine, ...]
    short: tuple[LineState, ...]
    sums: Sums
    tax: Tax
    option: DeliveryOption | None = None
    coupon: Coupon | None = None

    @property
    def after_discount(self) -> Decimal:
        """The sum of the goods by which delivery options count."""
        return self.sums.goods - self.sums.discount


def quote(state: CartState, store: Store, option: DeliveryOption | None = None, tax: Tax | None = None) -> Quote:
    """Return what can be bought of the cart now, and what it costs with its coupon.

    Args:
        state: The cart, at today's prices and stock.
        store: Its store.
        option: How it is delivered, if that is chosen.
        tax: As `tax_of` returns it, where the caller has it already.
    """
    held = [(line, available(line)) for line in state.lines.values()]
    lines = tuple(QuotedLine(line.product, line.quantity, number) for line, number in held if number)
    short = tuple(line for line, number in held if number < line.quantity)
    priced, currency = [(line.price, line.quantity) for line in lines], state.currency or store.currency
    tax = tax_of(store) if tax is None else tax
    coupon = coupon_of(state)
    discount = _discount(lines, coupon, store) if coupon is not None and currency == store.currency else Discount()
    sums = partial(sum_up, priced, currency, tax, discount=discount.amount, discounted=discount.covers)
    found = sums()
    if option is not None and not discount.free_delivery:
        found = sums(delivery=option.price_for(found.goods - found.discount))
    return Quote(lines, short, found, tax, option, coupon if discount.works else None)


def coupon_of(state: CartState) -> Coupon | None:
    """Return the coupon that was applied to the cart, whether or not it works now."""
    return state.terms.coupon


def _discount(lines: Sequence[QuotedLine], coupon: Coupon, store: Store) -> Discount:
    """What the coupon does for what can be bought; nothing where it is over."""
    if not coupon.is_valid_at(timezone.now()):
        return Discount()
    categories: dict[int, str] = {}
    if coupon.categories:
        keys = [line.item.id for line in lines]
        categories = dict(Product.objects.filter(identity__in=keys).values_list("identity", "category"))
    coupon.store = store
    return coupon.discount_on(
        [Goods(line.item.public_id, categories.get(line.item.id, ""), line.price * line.quantity) for line in lines]
    )


def available(line: LineState) -> int:
    """Return how many of the line can be bought now."""
    if not line.product.for_sale:
        return 0
    return line.quantity if line.product.stock is None else min(line.quantity, line.product.stock)


def tax_of(store: Store) -> Tax:
    """Return how the store taxes what it sells; without a merchant nothing is said of tax."""
    merchant = Merchant.objects.of_store(store).first()
    return Tax(merchant.tax_rate, merchant.prices_include_tax) if merchant else Tax()
