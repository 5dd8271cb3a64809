"""Stores and their categories."""

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from difflib import get_close_matches

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from catalog.language.inflection import stem
from catalog.language.text import clean, folded, words
from catalog.models import Store
from catalog.models.imports import visible
from catalog.models.search_index import SOLD_OUT, Entry
from catalog.search.cache import remembered
from catalog.search.engines import engine, rows_of
from catalog.search.engines.base import VISIBLE
from catalog.search.synonyms import thesaurus
from shopmcp.errors import NotFound

_MOST_OFFERED = 30
_FAR = 3


@dataclass(frozen=True, slots=True)
class Shelf:
    """A store with the number of products that can be bought now, and its categories."""

    store: Store
    products: int
    categories: list[str]


def shelves() -> list[Shelf]:
    """Return every store with what it offers, the oldest first; counts are cached until the catalogue changes."""
    counted = remembered("shelves", _counted)
    return [
        Shelf(store, sum(offered.values()), [category for category in offered if category])
        for store in Store.objects.oldest_first()
        for offered in [counted.get(store.pk, {})]
    ]


def _counted() -> dict[int, dict[str, int]]:
    """The number of products that can be bought now, by store and category; sold out categories have 0."""
    counted: dict[int, dict[str, int]] = {}
    rows = Entry.objects.filter(visible(), reduced=False).order_by().values_list("store", "category")
    for store, category, products in rows.annotate(n=Count("key", filter=Q(key__lt=SOLD_OUT))):
        counted.setdefault(store, {})[category] = products
    return {store: dict(sorted(offered.items())) for store, offered in counted.items()}


def categories(stores: Sequence[int] | None = None) -> list[str]:
    """Return the names of the categories that have products, in alphabetical order.

    The query skips from one name to the next in an index, so its time does not depend on the number of products.
    """
    chosen = [pk for (pk,) in rows_of("SELECT id FROM catalog_store")] if stores is None else list(stores)
    if not chosen:
        return []
    following = f"SELECT MIN(e.category) FROM catalog_entry e WHERE e.store_id = s.id AND {VISIBLE} AND e.category > "
    sql = (
        f"WITH RECURSIVE s(id) AS (SELECT id FROM catalog_store WHERE {engine().among('id')}), "
        f"c(store, name) AS (SELECT s.id, ({following}'') FROM s "
        f"UNION ALL SELECT c.store, ({following.replace('s.id', 'c.store')}c.name) FROM c WHERE c.name IS NOT NULL) "
        "SELECT DISTINCT name FROM c WHERE name IS NOT NULL"
    )
    return sorted(name for (name,) in rows_of(sql, [engine().many(chosen)]))


def categories_like(text: str, stores: Sequence[int] | None = None, *, existed: bool = False) -> tuple[str, ...]:
    """Return the categories with this name, or else all whose names contain these words.

    Returns none for a category that `existed` on an earlier page and is gone now.

    Raises:
        NotFound: If there is none. Its text lists all categories, the most similar first.
    """
    names = categories(stores)
    wanted = folded(text, 300)
    stems = set(map(stem, words(text)))
    found = (
        tuple(name for name in names if folded(name, 300) == wanted)
        or tuple(name for name in names if wanted.strip() and wanted in folded(name, 300))
        or tuple(name for name in names if stems and stems <= set(map(stem, words(name))))
    )
    if found or existed:
        return found
    distances = _distances(stems, names)
    nearest = sorted(names, key=lambda name: distances[name])
    listed = ", ".join(nearest[:_MOST_OFFERED]) + (", …" if len(nearest) > _MOST_OFFERED else "")
    near = [name for name in nearest if distances[name] < _FAR]
    raise NotFound(
        _("There is no category “%(category)s”.") % {"category": clean(text, 80)},
        fix=_("Search without it, or use one of these: %(categories)s.") % {"categories": listed or "–"},
        candidates=[{"category": name} for name in near[:_MOST_OFFERED]],
    )


def _distances(stems: Set[str], names: Iterable[str]) -> dict[str, int]:
    """The distance of each category: 0 for a shared word, 1 for a synonym, 2 for a misspelt word, else `_FAR`."""
    synonyms = thesaurus()
    meant = {stem(word) for asked in stems for phrase in synonyms.others((asked,)) for word in phrase}

    def distance(name: str) -> int:
        held = set(map(stem, words(name)))
        if not held.isdisjoint(stems):
            return 0
        if not held.isdisjoint(meant):
            return 1
        return 2 if any(get_close_matches(word, held, 1, 0.75) for word in stems) else _FAR

    return {name: distance(name) for name in names}
