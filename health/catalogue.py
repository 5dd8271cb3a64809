"""What is wrong with the products and their imports."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Final, NamedTuple

from django.utils import timezone

from catalog.models import ImportRun, Product
from catalog.search.cache import remembered
from catalog.search.categories import shelves
from catalog.search.rebuild import is_outdated
from health.troubles import Trouble

# As a share of the products that a store carries. A store with fewer than `_FEW` may simply be small.
_LITTLE, _FEW = 0.25, 4
_UNPRICED: Final = 0.05
_WITHDREW_SHARE, _WITHDREW_LEAST = 0.2, 5
# Until the owner has had time to look at it.
_WITHDREW_FOR: Final = timedelta(days=7)
# A rhythm shows in so many gaps, none of which is longer than this many times their median.
_GAPS, _STEADY = 3, 2
_LATE_BY: Final = timedelta(hours=1)
_LOOKED_BACK: Final = timedelta(days=60)
_MOST_RUNS, _MOST_RUNS_OF_STORE = 1000, 9


class _Run(NamedTuple):
    state: str
    ended_at: datetime
    withdrawn: int
    failure: str
    source: str


def stock_now() -> tuple[int, int]:
    """Return how many products can be bought, and how many are carried, in all stores."""
    carried = remembered("carried", _carried)
    return sum(shelf.products for shelf in shelves()), sum(listed for listed, _ in carried.values())


def last_import() -> datetime | None:
    """Return when the last good import ended."""
    good = ImportRun.objects.good().order_by("-id")
    return good.values_list("ended_at", flat=True).first()


def catalogue_troubles() -> Iterator[Trouble]:
    """Yield what is wrong with each store that takes orders; five queries, and two more after the catalogue changed."""
    carried, runs = remembered("carried", _carried), _runs()
    for shelf in shelves():
        store = shelf.store
        if store.paused:
            continue
        listed, unpriced = carried.get(store.pk, (0, 0))
        facts = {"name": store.name, "store": store.slug}
        counts = facts | {"products": shelf.products, "carried": listed, "unpriced": unpriced}
        past = runs.get(store.slug, ())
        # A store that never had a product is not in trouble: it is not in use yet.
        if not shelf.products and (listed or past):
            yield Trouble("nothing_for_sale", store.slug, facts)
        elif listed >= _FEW and shelf.products < _LITTLE * listed:
            yield Trouble("little_for_sale", store.slug, counts)
        if unpriced and shelf.products and unpriced >= _UNPRICED * listed:
            yield Trouble("prices_missing", store.slug, counts)
        if past:
            yield from _import_troubles(store.slug, facts, past, listed)
    if is_outdated():
        yield Trouble("index_outdated")


def _import_troubles(slug: str, facts: dict[str, str], past: Sequence[_Run], listed: int) -> Iterator[Trouble]:
    last, now = past[0], timezone.now()
    if last.state == ImportRun.State.FAILED:
        yield Trouble("import_failed", slug, facts | {"reason": last.failure, "file": last.source})
    good = [run.ended_at for run in past if run.state in ImportRun.GOOD]
    if (every := rhythm_of(good)) and now - good[0] > 2 * every + _LATE_BY:
        yield Trouble("import_late", slug, facts | {"every": _hours(every), "ago": _hours(now - good[0])})
    before = listed + last.withdrawn
    if (
        last.state == ImportRun.State.PUBLISHED
        and last.withdrawn >= max(_WITHDREW_LEAST, _WITHDREW_SHARE * before)
        and now - last.ended_at < _WITHDREW_FOR
    ):
        yield Trouble("import_withdrew_much", slug, facts | {"withdrawn": last.withdrawn})


def rhythm_of(moments: Sequence[datetime]) -> timedelta | None:
    """Return the usual time from one import to the next, the latest first; None if there is none."""
    gaps = [(later - earlier).total_seconds() for later, earlier in pairwise(moments)]
    if len(gaps) < _GAPS:
        return None
    usual = median(gaps)
    return timedelta(seconds=usual) if max(gaps) <= _STEADY * usual else None


def _hours(length: timedelta) -> int:
    return max(1, round(length / timedelta(hours=1)))


def _carried() -> dict[int, tuple[int, int]]:
    """How many products each store carries, and how many of them have no price."""
    return Product.objects.listed().counts_by_store()


def _runs() -> dict[str, list[_Run]]:
    """The last imports of each store that have ended, the latest first."""
    ended = ImportRun.objects.ended_since(timezone.now() - _LOOKED_BACK)
    found: dict[str, list[_Run]] = defaultdict(list)
    for slug, *run in ended.values_list("slug", *_Run._fields)[:_MOST_RUNS]:
        if len(found[slug]) < _MOST_RUNS_OF_STORE:
            found[slug].append(_Run._make(run))
    return found
