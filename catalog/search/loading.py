"""The products of a page, with all their variants."""

from collections.abc import Sequence

from catalog.models import Product
from catalog.search.engines import Scope, engine
from catalog.search.engines.base import VISIBLE
from catalog.search.query import MOST_VARIANTS
from catalog.search.rows import products_by_identity
from shopmcp.db.prepared import look_up


def loaded(shown: Sequence[tuple[int, str]], scope: Scope) -> tuple[list[Product], dict[int, list[Product]]]:
    """Return the products shown, and all other variants of each, in the order of import.

    Variants outside the bounds of the search are named too: who looks for one size must hear of the others. Stock is
    that of the moment, so what was sold since it was indexed is left out of a search for what is in stock.

    Args:
        shown: The keys of the products' identities, each with its group.
        scope: The bounds of the search.
    """
    members = _members(sorted({group for _, group in shown if group}))
    others = {pk: [other for other in members.get(group, ()) if other != pk][:MOST_VARIANTS] for pk, group in shown}
    wanted = [pk for pk, _ in shown] + [pk for pks in others.values() for pk in pks]
    products = products_by_identity(wanted, scope.state)
    found = [products[pk] for pk, _ in shown if pk in products]
    if scope.in_stock_only:
        found = [product for product in found if product.in_stock]
    return found, {pk: [products[other] for other in pks if other in products] for pk, pks in others.items() if pks}


def _members(groups: Sequence[str]) -> dict[str, list[int]]:
    """The variants of each group."""
    members = dict[str, list[int]]()
    if not groups:
        return members
    sql = (
        "SELECT DISTINCT e.group_key, e.product_id FROM catalog_entry e "
        f"WHERE {engine().among('e.group_key', 'text')} AND {VISIBLE} ORDER BY e.group_key, e.product_id LIMIT %s"
    )
    for group, pk in look_up(sql, [engine().many(groups), len(groups) * 50]):
        members.setdefault(group, []).append(pk)
    return members
