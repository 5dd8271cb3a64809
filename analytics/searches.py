"""What shoppers search for, and what followed: whether something was added, and whether it was ordered."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import OuterRef, Subquery

from analytics.sales import counting
from analytics.tally import searched
from carts.models import CallRecord
from orders.models import Order

# Searches that are looked at, the newest.
LOOKED_AT: Final = 2000
_LISTED: Final = 25
_TOOLS: Final = ("search_products", "search")


@dataclass(frozen=True, slots=True)
class Followed:
    """What followed the searches for some words.

    Attributes:
        words: The normalised words.
        searches: How often they were searched for; `fruitless` of these found nothing.
        added: After how many the conversation added something before its next search.
        ordered: After how many of these it ordered.
    """

    words: str
    searches: int
    fruitless: int
    added: int
    ordered: int


@dataclass(frozen=True, slots=True)
class TopSearches:
    """The most frequent searches first; `looked_at` is how many searches they are of."""

    looked_at: int
    rows: Sequence[Followed]


def top_searches(since: datetime, until: datetime, client: str = "") -> TopSearches:
    """Return what followed the newest searches of [since, until), up to LOOKED_AT; one query over a bounded range."""
    later = CallRecord.objects.filter(session=OuterRef("session"), pk__gt=OuterRef("pk")).order_by("pk").values("pk")
    orders = counting(Order.objects.filter(session=OuterRef("session"))).order_by("-placed_at").values("placed_at")
    rows = CallRecord.objects.filter(
        tool__in=_TOOLS, outcome="ok", at__gte=since, at__lt=until, results__isnull=False
    ).exclude(session__is_check=True)
    if client:
        rows = rows.filter(client=client)
    # A search without words lists a category, or everything.
    newest = rows.exclude(words=[]).order_by("-at", "-pk")[:LOOKED_AT]
    found = newest.values_list(
        "at",
        "words",
        "results",
        Subquery(later.filter(tool="add_to_cart", outcome="ok")[:1]),
        Subquery(later.filter(tool__in=_TOOLS, outcome="ok")[:1]),
        Subquery(orders[:1]),
    )
    searches, fruitless, added, ordered = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    for at, words, results, addition, following, ordered_at in found:
        name = searched(words)
        searches[name] += 1
        fruitless[name] += not results
        if addition and (following is None or addition < following):
            added[name] += 1
            ordered[name] += ordered_at is not None and ordered_at >= at
    most = sorted(searches, key=lambda name: (-searches[name], name))[:_LISTED]
    return TopSearches(
        sum(searches.values()),
        [Followed(name, searches[name], fruitless[name], added[name], ordered[name]) for name in most],
    )
