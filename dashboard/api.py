"""The analytics page's numbers in the JSON API, from the same function."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from ninja import Router
from ninja.params.functions import Query
from pydantic import BaseModel, Field

from analytics.definitions import DEFINITIONS
from analytics.reports import Summary
from dashboard.views.analytics import Report, report
from shopmcp.api_types import Moment, text
from shopmcp.errors import InvalidArguments

analytics = Router(tags=["analytics"])

Since = Annotated[
    Moment | None, Query(description="Sessions last seen then or later; a week before `until` without it.")
]
Until = Annotated[Moment | None, Query(description="Sessions last seen before; now without it.")]
Client = Annotated[str, text(60, "Only sessions and calls of this client, by its full name.")]


class RangeOut(BaseModel):
    """What was counted. Sessions without a conversation id and those of an isolation check are left out."""

    since: datetime = Field(description="What was asked for, moved back to where an hour of UTC begins.")
    until: datetime = Field(description="What was asked for, moved forward to where an hour of UTC begins.")
    sessions: int = Field(description=DEFINITIONS["sessions"])
    waiting: int = Field(description="About how many of the latest calls are in no number yet; mostly none.")


class StageOut(BaseModel):
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
    tool: str
    calls: int
    p50: float
    p95: float


class SummaryOut(RangeOut):
    """What shoppers did, and where they stopped."""

    median_duration: float | None = Field(description=f"Seconds. {DEFINITIONS['duration']}")
    p90_duration: float | None = Field(description="The same of which 90 of 100 sessions stay below, in seconds.")
    filled: int = Field(description="Sessions with items in the cart.")
    abandoned: int = Field(description="Of those, quiet for SHOPMCP_ABANDONED_AFTER (30 minutes).")
    lost: int = Field(description="Of those, quiet for seven days.")
    abandonment: float | None = Field(description=f"From 0 to 1; null without any. {DEFINITIONS['abandonment']}")
    conversion: float | None = Field(description=f"From 0 to 1; null without sessions. {DEFINITIONS['conversion']}")
    unkeyed: int = Field(description=DEFINITIONS["unkeyed"])
    funnel: list[StageOut] = Field(description=DEFINITIONS["funnel"])
    fruitless_searches: list[FruitlessOut] = Field(description=DEFINITIONS["unanswered"])
    refusals: list[RefusalOut] = Field(description=f"The most frequent first. {DEFINITIONS['refusals']}")
    tools: list[SpeedOut] = Field(description=f"The most used first. {DEFINITIONS['speed']}")


class PopularOut(BaseModel):
    product_id: str
    name: str
    seen: float
    added: float


class PopularProductsOut(RangeOut):
    """The products that were added most."""

    products: list[PopularOut] = Field(description=DEFINITIONS["popular"])


@analytics.get("/summary", response=SummaryOut, summary="Summary", operation_id="analytics_summary")
def get_summary(request: HttpRequest, since: Since = None, until: Until = None, client: Client = "") -> SummaryOut:
    """What shoppers did in a range of time: sessions, durations, rates, funnel, fruitless searches, refusals, speed."""
    found = _report(since, until, client)
    numbers = found.numbers
    return SummaryOut(
        **_range(numbers),
        median_duration=numbers.median,
        p90_duration=numbers.p90,
        filled=numbers.filled,
        abandoned=numbers.abandoned,
        lost=numbers.lost,
        abandonment=numbers.abandonment,
        conversion=numbers.conversion,
        unkeyed=numbers.unkeyed,
        funnel=[StageOut(stage=stage.key, sessions=stage.sessions, share=stage.share) for stage in found.funnel],
        fruitless_searches=[FruitlessOut(words=row.words, searches=row.searches) for row in found.fruitless],
        refusals=[RefusalOut(tool=row.tool, code=row.code, calls=row.calls) for row in found.refusals],
        tools=[SpeedOut(tool=row.tool, calls=row.calls, p50=row.p50, p95=row.p95) for row in found.speeds],
    )


@analytics.get("/products", response=PopularProductsOut, summary="Popular products", operation_id="analytics_products")
def get_products(
    request: HttpRequest, since: Since = None, until: Until = None, client: Client = ""
) -> PopularProductsOut:
    """Products per hundred sessions in a range of time, seen and added, those that were added most first."""
    found = _report(since, until, client)
    return PopularProductsOut(
        **_range(found.numbers),
        products=[
            PopularOut(product_id=row.product_id, name=row.name, seen=row.seen, added=row.added)
            for row in found.popular
        ],
    )


def _range(numbers: Summary) -> dict[str, Any]:
    return {name: getattr(numbers, name) for name in RangeOut.model_fields}


def _report(since: datetime | None, until: datetime | None, client: str) -> Report:
    last = until or timezone.now()
    try:
        first = since or last - timedelta(days=7)
    except OverflowError:  # the very first days of the calendar
        first = last
    if first > last:
        raise InvalidArguments(
            gettext("`since` is later than `until`."), fix=gettext("Ask again with the two exchanged.")
        )
    return report(first, last, client=client, address={})
