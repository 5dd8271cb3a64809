"""The numbers of a range of time in the JSON API."""

from datetime import datetime, timedelta
from typing import Annotated

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from ninja import Router
from ninja.params.functions import Query

from analytics.reports import Summary, summary
from analytics.schemas import PopularProductsOut, SummaryOut
from shopmcp.api_types import Moment, text
from shopmcp.errors import InvalidArguments

analytics = Router(tags=["analytics"])

Since = Annotated[
    Moment | None, Query(description="Sessions last seen then or later; a week before `until` without it.")
]
Until = Annotated[Moment | None, Query(description="Sessions last seen before; now without it.")]
Client = Annotated[str, text(60, "Only sessions and calls of this client, by its full name.")]


@analytics.get("/summary", response=SummaryOut, summary="Summary", operation_id="analytics_summary")
def get_summary(request: HttpRequest, since: Since = None, until: Until = None, client: Client = "") -> Summary:
    """What shoppers did in a range of time: sessions, durations, rates, funnel, fruitless searches, refusals, speed."""
    return _summary(since, until, client)


@analytics.get("/products", response=PopularProductsOut, summary="Popular products", operation_id="analytics_products")
def get_products(request: HttpRequest, since: Since = None, until: Until = None, client: Client = "") -> Summary:
    """Products per hundred sessions in a range of time, seen and added, those that were added most first."""
    return _summary(since, until, client)


def _summary(since: datetime | None, until: datetime | None, client: str) -> Summary:
    last = until or timezone.now()
    try:
        first = since or last - timedelta(days=7)
    except OverflowError:  # `until` is in the first week of the calendar
        first = last
    if first > last:
        raise InvalidArguments(
            gettext("`since` is later than `until`."), fix=gettext("Ask again with the two exchanged.")
        )
    return summary(first, last, client=client)
