"""Moving the stock of products."""

from collections.abc import Mapping

from django.db.models import F, Q

from catalog.models import Product, ProductIdentity, StockMove
from catalog.search.index import reindex


def take_stock(wanted: Mapping[int, int], *, reference: str) -> int | None:
    """Take pieces of products for an order, and record the moves; call it in the order's transaction.

    A product whose stock is not counted always has enough.

    Args:
        wanted: How many, by the key of the product's identity.
        reference: The number of the order.

    Returns:
        The key of a product of which fewer are left, and the transaction must be rolled back; else None.
    """
    # One query for all: the condition by which a version counts takes long to write into each update.
    counted = dict(Product.objects.filter(identity__in=wanted).order_by().values_list("identity", "counted"))
    for key, pieces in sorted(wanted.items()):  # in one order: else two orders could wait for each other
        # What moved is checked by the update itself: another order may have taken some since.
        rows, left = ProductIdentity.objects.filter(pk=key), counted.get(key)
        enough = rows if left is None else rows.filter(stock_moved__gte=pieces - left)
        if not enough.update(stock_moved=F("stock_moved") - pieces, on_order=F("on_order") + pieces):
            return key
    _note_moves({key: -pieces for key, pieces in wanted.items()}, StockMove.Reason.ORDERED, reference)
    sold_out = Product.objects.filter(Q(stock=0), identity__in=wanted)
    reindex(sold_out.order_by().values_list("identity", flat=True))
    return None


def return_stock(pieces: Mapping[int, int], *, reference: str) -> None:
    """Give back pieces that an order had taken, and record the moves. Call it as `take_stock`."""
    for key, returned in sorted(pieces.items()):
        ProductIdentity.objects.filter(pk=key).update(
            stock_moved=F("stock_moved") + returned, on_order=F("on_order") - returned
        )
    _note_moves(pieces, StockMove.Reason.RETURNED, reference)
    found = Product.objects.filter(identity__in=pieces)
    reindex(row.identity_id for row in found if row.stock is not None and row.stock <= pieces[row.identity_id])


def hand_over(pieces: Mapping[int, int]) -> None:
    """Note that these pieces of a completed order have left the shop: imports no longer take them off."""
    for key, handed in sorted(pieces.items()):
        ProductIdentity.objects.filter(pk=key).update(on_order=F("on_order") - handed)


def set_stock(product: Product, versions: list[Product], stock: int | None) -> None:
    """Set the stock. If all versions count it, save the difference as a move, which applies to each version."""
    shown = Product.objects.select_related("identity").get(identity=product.identity_id)
    moved = shown.identity.stock_moved
    if stock is not None and shown.counted is not None and all(version.counted is not None for version in versions):
        move = stock - (shown.counted + moved)
        if move:
            ProductIdentity.objects.filter(pk=product.identity_id).update(stock_moved=F("stock_moved") + move)
            _note_moves({product.identity_id: move}, StockMove.Reason.EDITED)
        return
    for version in versions:
        version.counted = None if stock is None else stock - moved


def _note_moves(pieces: Mapping[int, int], reason: StockMove.Reason, reference: str = "") -> None:
    StockMove.objects.bulk_create(
        [StockMove(product_id=key, pieces=moved, reason=reason, reference=reference) for key, moved in pieces.items()]
    )
