"""The analytics page's numbers in the JSON API, from the same function."""

from datetime import datetime, timedelta
from typing import Annotated

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from ninja import Router
from ninja.params.functions import Query
from pydantic import BaseModel, Field

from dashboard.figures import Report, report
from shopmcp.errors import InvalidArguments
from shopmcp.json_types import Moment, text

analytics = Router(tags=["analytics"])

Since = Annotated[
    Moment | None, Query(description="Sessions last seen then or later; a week before `until` without it.")
]
Until = Annotated[Moment | None, Query(description="Sessions last seen before; now without it.")]
Client = Annotated[str, text(60, "Only sessions of this client, by its full name.")]


class RangeOut(BaseModel):
    """What was counted. Sessions without a conversation id and those of an isolation check are left out."""

    since: datetime
    until: datetime
    sessions: int = Field(description="Sessions last seen in the range.")
    is_sample: bool = Field(description="There were more: the newest of them stand for the rest.")


class StageOut(BaseModel):
    """How many sessions came so far. Each stage counts those that passed the ones before it."""

    stage: str = Field(examples=["searched"])
    sessions: int
    share: float | None = Field(description="Of all sessions, from 0 to 1; null where there were none.")


class FruitlessOut(BaseModel):
    words: str = Field(description="The normalised words of a search.")
    searches: int


class RefusalOut(BaseModel):
    tool: str
    code: str = Field(description="Why, as the chat was told.", examples=["not_found"])
    calls: int


class SpeedOut(BaseModel):
    """How long a tool's calls took, in milliseconds."""

    tool: str
    calls: int
    p50: float
    p95: float


class SummaryOut(RangeOut):
    """What shoppers did, and where they stopped."""

    median_duration: float | None = Field(description="Seconds from a session's first call to its last.")
    p90_duration: float | None = Field(description="Nine of ten sessions took no longer, in seconds.")
    filled: int = Field(description="Sessions with items in the cart.")
    abandoned: int = Field(description="Of those, quiet for SHOPMCP_ABANDONED_AFTER (30 minutes).")
    lost: int = Field(description="Of those, quiet for seven days.")
    abandonment: float | None = Field(description="Abandoned of filled, from 0 to 1; null where none was filled.")
    conversion: float | None = Field(description="Filled of all sessions, from 0 to 1; null where there were none.")
    unkeyed: int = Field(description="Sessions without a conversation id, which no rate counts; at most 10,000.")
    funnel: list[StageOut]
    fruitless_searches: list[FruitlessOut] = Field(description="Searches with no result, the most frequent first.")
    refusals: list[RefusalOut] = Field(description="The most frequent first.")
    tools: list[SpeedOut] = Field(description="The most used first.")


class PopularOut(BaseModel):
    """In how many of a hundred sessions a product was seen, and added."""

    product_id: str
    name: str
    seen: float
    added: float


class PopularProductsOut(RangeOut):
    """The products that were added most."""

    products: list[PopularOut]


@analytics.get("/summary", response=SummaryOut, summary="Summary", operation_id="analytics_summary")
def get_summary(request: HttpRequest, since: Since = None, until: Until = None, client: Client = "") -> SummaryOut:
    """What shoppers did in a range of time: sessions, durations, rates, funnel, fruitless searches, refusals, speed."""
    first, last, found = _report(since, until, client)
    return SummaryOut(
        since=first,
        until=last,
        sessions=found.sessions,
        is_sample=found.is_sample,
        median_duration=found.median,
        p90_duration=found.p90,
        filled=found.filled,
        abandoned=found.abandoned,
        lost=found.lost,
        abandonment=found.abandonment,
        conversion=found.conversion,
        unkeyed=found.unkeyed,
        funnel=[StageOut(stage=stage.key, sessions=stage.sessions, share=stage.share) for stage in found.funnel],
        fruitless_searches=[FruitlessOut(words=words, searches=n) for words, n in found.unanswered],
        refusals=[RefusalOut(tool=row.tool, code=row.code, calls=row.calls) for row in found.refusals],
        tools=[SpeedOut(tool=row.tool, calls=row.calls, p50=row.p50, p95=row.p95) for row in found.speeds],
    )


@analytics.get("/products", response=PopularProductsOut, summary="Popular products", operation_id="analytics_products")
def get_products(
    request: HttpRequest, since: Since = None, until: Until = None, client: Client = ""
) -> PopularProductsOut:
    """Products per hundred sessions in a range of time, seen and added, those that were added most first."""
    first, last, found = _report(since, until, client)
    return PopularProductsOut(
        since=first,
        until=last,
        sessions=found.sessions,
        is_sample=found.is_sample,
        products=[
            PopularOut(product_id=row.product_id, name=row.name, seen=row.seen, added=row.added)
            for row in found.popular
        ],
    )


def _report(since: datetime | None, until: datetime | None, client: str) -> tuple[datetime, datetime, Report]:
    last = until or timezone.now()
    try:
        first = since or last - timedelta(days=7)
    except OverflowError:  # the very first days of the calendar
        first = last
    if first > last:
        raise InvalidArguments(
            gettext("`since` is later than `until`."), fix=gettext("Ask again with the two exchanged.")
        )
    return first, last, report(first, last, client=client, address={})
