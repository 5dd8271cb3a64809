"""One look at the database before a search: what the query names exactly, and which state of the catalogue counts."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from catalog.search.remembered import State
from catalog.synonyms import VERSION
from catalog.text import address_key, folded, is_plain
from shopmcp.prepared import look_up

_MOST_EXACT = 6
_STATE = (
    "SELECT -2 AS step, token AS id, CAST(store_id AS text) AS said FROM catalog_revision "
    f"UNION ALL SELECT -1, 0, {VERSION}"
)


class Glance(NamedTuple):
    """What one look tells.

    Attributes:
        exact: The products named exactly, at most six: by id, SKU, barcode, address, or a name of several words.
        only: Whether nothing else can be meant, as by an id or an address. A name of one word is a kind of thing, of
            which this product is one.
        synonyms: The version of the owner's synonyms.
        state: What the understanding of words depends on.
    """

    exact: list[int]
    only: bool
    synonyms: str
    state: State


def glance(query: str) -> Glance:
    """Return what a query names exactly, and which products and synonyms count now."""
    reference = query.strip()
    key = address_key(reference) if is_plain(reference) else ""
    steps = [("url_key = %s", [key])] if key else _steps(reference) if is_plain(reference) else []
    parts = [
        f"SELECT * FROM (SELECT {place} AS step, id, '' AS said FROM catalog_product WHERE {condition} "
        f"LIMIT {_MOST_EXACT}) AS s{place}"
        for place, (condition, _) in enumerate(steps)
    ]
    rows = sorted(look_up(" UNION ALL ".join([_STATE, *parts]), [value for _, values in steps for value in values]))
    found = [(step, pk) for step, pk, _ in rows if step >= 0]
    synonyms = next(said for step, _, said in rows if step == -1)
    revisions = tuple((said, token) for step, token, said in rows if step == -2)
    by_id = [pk for step, pk in found if not step]
    return Glance(
        by_id or [pk for _, pk in found][:_MOST_EXACT],
        bool(key or by_id),
        synonyms,
        (*revisions, synonyms) if revisions else (),
    )


def _steps(reference: str) -> list[tuple[str, Sequence[Any]]]:
    """The conditions under which a product is named exactly, an index look-up each, the surest first."""
    steps: list[tuple[str, Sequence[Any]]] = [("public_id = %s", [reference])]
    steps += [("sku = %s", [sku]) for sku in dict.fromkeys((reference, reference.upper()))]
    if reference.isdecimal():
        steps.append(("barcode = %s AND NOT barcode = ''", [reference]))
    name = folded(reference, 300)
    if name.count(" ") > 2:
        steps.append(("name_key = %s", [name]))
    return steps
