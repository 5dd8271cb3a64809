"""What the offers of its store make of a cart: the discount, what is missing for free delivery, and the budget."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from carts.cart import CartState
from catalog.models import Product
from offers.models import Coupon, Discount, FreeDelivery, Goods, nearest_free_delivery
from offers.terms import Terms, terms_of

# A minimum is almost reached while at most this part of it is missing.
_NEAR: Final = Decimal("0.25")


@dataclass(frozen=True, slots=True)
class CartOffers:
    """What to tell of a cart beside its lines.

    Attributes:
        total: What is to be paid for the goods, after the discount.
        coupon: The applied one, whether or not it works now.
        discount: What the coupon does.
        free: What is missing for free delivery; None where no sum makes it free.
        near: A coupon whose minimum is almost reached, with what is missing.
        budget: The shopper's.
    """

    total: Decimal
    coupon: Coupon | None = None
    discount: Discount = field(default_factory=Discount)
    free: FreeDelivery | None = None
    near: tuple[Coupon, Decimal] | None = None
    budget: Decimal | None = None

    @property
    def left(self) -> Decimal | None:
        """What is left of the budget; negative if the goods cost more."""
        return None if self.budget is None else self.budget - self.total


def offers_of(state: CartState) -> CartOffers | None:
    """Return what to tell of a cart; None for nothing. It costs a query only for a coupon of some categories."""
    store, mine = state.store, state.terms
    # Amounts of offers are in the currency of the store.
    is_ours = store is not None and store.currency == state.currency and bool(state.lines)
    offered = terms_of(store.id, store.revision) if store is not None and is_ours else Terms()
    if mine.coupon is None and mine.budget is None and not offered.options and not offered.coupons:
        return None
    goods = state.total
    discount = _discount(state, mine.coupon) if mine.coupon is not None and is_ours else Discount()
    total = goods - discount.amount
    free = nearest_free_delivery(offered.options, total) if offered.options else None
    near = None if mine.coupon is not None else _near(state, offered, goods)
    return CartOffers(total, mine.coupon, discount, free, near, mine.budget)


def goods_of(state: CartState, coupon: Coupon) -> list[Goods]:
    """Return the lines as a coupon sees them, in their order; categories only where the coupon names some."""
    categories: dict[int, str] = {}
    if coupon.categories:
        categories = dict(Product.objects.filter(identity__in=state.lines).values_list("identity", "category"))
    return [Goods(line.product.public_id, categories.get(pk, ""), line.total) for pk, line in state.lines.items()]


def _discount(state: CartState, coupon: Coupon) -> Discount:
    """What the coupon does now; nothing where it is over."""
    return coupon.discount_on(goods_of(state, coupon)) if coupon.is_valid_at(state.now) else Discount()


def _near(state: CartState, offered: Terms, goods: Decimal) -> tuple[Coupon, Decimal] | None:
    found = [
        (coupon, coupon.minimum - goods)
        for coupon in offered.coupons
        if coupon.minimum is not None
        and Decimal(0) < coupon.minimum - goods <= coupon.minimum * _NEAR
        and coupon.is_valid_at(state.now)
    ]
    return min(found, key=lambda pair: pair[1], default=None)
