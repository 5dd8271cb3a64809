"""The numbers of a range of time, as reports compute them and the JSON API answers them."""

from datetime import datetime

from pydantic import BaseModel, Field

from analytics.definitions import DEFINITIONS


class RangeOut(BaseModel):
    """What was counted. Sessions of an isolation check are left out."""

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


class RevenueOut(BaseModel):
    currency: str
    orders: int
    amount: str = Field(description="A decimal with a point: what these orders cost together.")


class SummaryOut(RangeOut):
    """What shoppers did, and where they stopped."""

    median_duration: float | None = Field(description=f"Seconds. {DEFINITIONS['duration']}")
    p90_duration: float | None = Field(description="The same of which 90 of 100 sessions stay below, in seconds.")
    linked: int = Field(description=DEFINITIONS["linked"])
    filled: int = Field(description="Sessions with items in the cart.")
    filled_share: float | None = Field(description=f"From 0 to 1; null without sessions. {DEFINITIONS['filled']}")
    abandoned: int = Field(description="Of those without an order, quiet for SHOPMCP_ABANDONED_AFTER (30 minutes).")
    lost: int = Field(description="Of those, quiet for seven days.")
    orders: int = Field(description=DEFINITIONS["orders"])
    revenue: list[RevenueOut] = Field(description="What these orders cost, by currency.")
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
