"""What the analytics page says of a range of days, counted from the sessions that were last seen in it.

Few sessions are counted as they are. The numbers of many, and of those that were deleted since, come from what was
counted by hour as it happened. Until that has caught up, the newest sessions stand for the rest, and the page says so.
Sessions whose chat sends no conversation id are left out, because one chat may be many of them; so is what a check of
the isolation did.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from analytics.reports import Summary, summary
from carts.listing import SessionFilter
from carts.models import COUNT_CAP, CallRecord, Cart, Session
from carts.sessions import BY_HANDLE, UNKEYED
from catalog.models import Product

MOST_SESSIONS = 1000
_MOST_CALLS = 10_000
_LISTED = 10
LOST_AFTER = timedelta(days=7)
# What brings a session to each stage.
_TOOLS = {"searched": "search_products", "viewed": "get_product", "added": "add_to_cart"}
Link = Callable[..., str]


@dataclass(frozen=True, slots=True)
class Stage:
    """How many sessions came so far, of how many; `link` lists them."""

    key: str
    sessions: int
    of: int
    link: str

    @property
    def share(self) -> float | None:
        return self.sessions / self.of if self.of else None

    @property
    def width(self) -> int:
        """Of a hundred."""
        return round(100 * self.sessions / self.of) if self.of else 0


@dataclass(frozen=True, slots=True)
class Popular:
    """A product, and in how many of a hundred sessions it was seen and added."""

    product_id: str
    name: str
    seen: float
    added: float


@dataclass(frozen=True, slots=True)
class Speed:
    """A tool's calls: how many, and milliseconds at the median and where 95 of 100 stay below."""

    tool: str
    calls: int
    p50: float
    p95: float
    link: str


@dataclass(frozen=True, slots=True)
class Refusal:
    tool: str
    code: str
    calls: int
    link: str


@dataclass(frozen=True, slots=True)
class Report:
    sessions: int
    is_sample: bool
    median: float | None
    p90: float | None
    filled: int
    abandoned: int
    lost: int
    unkeyed: int
    links: Mapping[str, str]
    funnel: Sequence[Stage]
    popular: Sequence[Popular]
    unanswered: Sequence[tuple[str, int]]
    refusals: Sequence[Refusal]
    speeds: Sequence[Speed]

    @property
    def abandonment(self) -> float | None:
        return self.abandoned / self.filled if self.filled else None

    @property
    def conversion(self) -> float | None:
        """Sessions that filled a cart, of all: the last step that this shop can reach."""
        return self.filled / self.sessions if self.sessions else None


def report(since: datetime, until: datetime, *, client: str = "", address: Mapping[str, str]) -> Report:
    """Return the numbers of the sessions last seen in [since, until); nine queries at most.

    Args:
        client: This client's sessions alone.
        address: What a link to the list of sessions says of the range and the client.
    """
    asked = SessionFilter(state="keyed", client=client, since=since, until=until)
    newest = asked.of(Session.objects.all()).order_by("-last_seen_at", "-id")
    sessions = list(newest.values_list("pk", "created_at", "last_seen_at")[: MOST_SESSIONS + 1])
    is_sample, sessions = len(sessions) > MOST_SESSIONS, sessions[:MOST_SESSIONS]

    def link(**more: str) -> str:
        return f"{reverse('dashboard-sessions')}?{urlencode({'state': 'keyed', **address, **more})}"

    rolled = summary(since, until, client=client)
    if rolled.sessions > len(sessions):
        return _rolled(rolled, link)
    keys = [pk for pk, *_ in sessions]
    calls = _calls(keys)
    now = timezone.now()
    with_items = set(Cart.objects.filter(session__in=keys, item_count__gt=0).values_list("session", flat=True))
    filled = [last for pk, _, last in sessions if pk in with_items]
    durations = sorted((last - first).total_seconds() for _, first, last in sessions)
    # Of the newest alone: looking for rare ones must not read the whole range.
    every = SessionFilter(client=client, since=since, until=until).of(Session.objects.all())
    latest = every.order_by("-last_seen_at", "-id").values("pk")[:COUNT_CAP]
    unkeyed = Session.objects.filter(pk__in=latest, source__in=(BY_HANDLE, UNKEYED))

    return Report(
        sessions=len(sessions),
        is_sample=is_sample,
        median=_rank(durations, 0.5),
        p90=_rank(durations, 0.9),
        filled=len(filled),
        abandoned=sum(last <= now - settings.SHOPMCP_ABANDONED_AFTER for last in filled),
        lost=sum(last <= now - LOST_AFTER for last in filled),
        unkeyed=unkeyed.count(),
        links=_links(link),
        funnel=_funnel(calls, len(sessions), link),
        popular=_popular(calls, len(sessions)),
        unanswered=Counter(
            " ".join(call["words"]) for call in calls if call["words"] and call["results"] == 0
        ).most_common(_LISTED),
        refusals=[
            Refusal(tool, code, n, link(did=tool, outcome=code))
            for (tool, code), n in Counter(
                (call["tool"], call["outcome"]) for call in calls if call["outcome"] != "ok"
            ).most_common(_LISTED)
        ],
        speeds=_speeds(calls, link),
    )


def _rolled(counted: Summary, link: Link) -> Report:
    """The same from what was counted by hour."""
    names = _names([product for product, *_ in counted.popular])
    of = counted.sessions
    return Report(
        sessions=of,
        is_sample=False,
        median=counted.median,
        p90=counted.p90,
        filled=counted.filled,
        abandoned=counted.abandoned,
        lost=counted.lost,
        unkeyed=counted.unkeyed,
        links=_links(link),
        funnel=[
            Stage(stage, counted.stages[stage], of, link(did=tool, outcome="ok")) for stage, tool in _TOOLS.items()
        ],
        popular=[
            Popular(product, names.get(product, product), 100 * seen / of, 100 * added / of)
            for product, seen, added in counted.popular
        ],
        unanswered=counted.fruitless,
        refusals=[Refusal(tool, code, n, link(did=tool, outcome=code)) for tool, code, n in counted.refusals],
        speeds=[Speed(speed.tool, speed.calls, speed.p50, speed.p95, link(did=speed.tool)) for speed in counted.speeds],
    )


def _links(link: Link) -> dict[str, str]:
    return {"sessions": link(), "filled": link(state="cart"), "abandoned": link(state="abandoned"),
            "unkeyed": link(state="unkeyed")}  # fmt: skip


def _names(products: Sequence[str]) -> dict[str, str]:
    return dict(Product.objects.filter(public_id__in=products).values_list("public_id", "name"))


def _calls(sessions: Sequence[int]) -> list[dict[str, Any]]:
    found = CallRecord.objects.filter(session__in=sessions).order_by()
    columns = ("session", "tool", "outcome", "milliseconds", "words", "results", "products", "version")
    return list(found.values(*columns)[:_MOST_CALLS])


def _funnel(calls: Sequence[Mapping[str, Any]], sessions: int, link: Link) -> list[Stage]:
    """Each stage counts sessions that passed those before it, so that none is larger than the one before."""
    did: dict[str, set[int]] = {}
    for call in calls:
        if call["outcome"] == "ok":
            did.setdefault(call["tool"], set()).add(call["session"])
    searched = did.get("search_products", set()) | did.get("get_product", set()) | did.get("add_to_cart", set())
    viewed = did.get("get_product", set()) | did.get("add_to_cart", set())
    added = did.get("add_to_cart", set())
    return [
        Stage("searched", len(searched), sessions, link(did="search_products", outcome="ok")),
        Stage("viewed", len(viewed), sessions, link(did="get_product", outcome="ok")),
        Stage("added", len(added), sessions, link(did="add_to_cart", outcome="ok")),
    ]


def _popular(calls: Sequence[Mapping[str, Any]], sessions: int) -> list[Popular]:
    seen: dict[str, set[int]] = {}
    added: dict[str, set[int]] = {}
    for call in calls:
        if call["outcome"] != "ok":
            continue
        into = added if call["tool"] == "add_to_cart" else seen
        for product in call["products"]:
            into.setdefault(product, set()).add(call["session"])
    first = sorted(
        {*seen, *added}, key=lambda product: (-len(added.get(product, ())), -len(seen.get(product, ())), product)
    )[:_LISTED]
    names = _names(first)
    return [
        Popular(
            product,
            names.get(product, product),
            100 * len(seen.get(product, set()) | added.get(product, set())) / sessions,
            100 * len(added.get(product, set())) / sessions,
        )
        for product in first
    ]


def _speeds(calls: Sequence[Mapping[str, Any]], link: Link) -> list[Speed]:
    by_tool: dict[str, list[float]] = {}
    for call in calls:
        by_tool.setdefault(call["tool"], []).append(call["milliseconds"])
    return [
        Speed(tool, len(times), _rank(sorted(times), 0.5) or 0, _rank(sorted(times), 0.95) or 0, link(did=tool))
        for tool, times in sorted(by_tool.items(), key=lambda item: -len(item[1]))
    ]


def _rank(ordered: Sequence[float], share: float) -> float | None:
    """The value that this share of the values does not exceed (nearest rank)."""
    return ordered[max(0, ceil(len(ordered) * share) - 1)] if ordered else None
