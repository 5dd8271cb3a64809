"""Webhooks as the JSON API tells them. No shape holds a secret but the answer of the request that made it."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StringConstraints

from outbox.models import Endpoint, Message
from shopmcp.api_types import PLAIN

EventType = Literal["order.placed", "order.changed", "payment.changed", "cart.abandoned", "stock.low"]
Address = Annotated[
    str, StringConstraints(max_length=2000, pattern=PLAIN), Field(examples=["https://erp.example.com/hooks"])
]
Name = Annotated[str, StringConstraints(max_length=80, pattern=PLAIN)]
Slug = Annotated[str, StringConstraints(max_length=100, pattern=PLAIN)]
EventTypes = Annotated[list[EventType], Field(min_length=1, max_length=5)]
_PEOPLE = "Whether it is told names, contacts and addresses of buyers."


class WebhookOut(BaseModel):
    """An address of one of the shop's systems."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(validation_alias="public_id", examples=["we_Jx3kq0ZtP1mVw9Yd"])
    name: str
    host: str = Field(
        description="Of its address, whose path is not told: it may be a secret.", examples=["https://erp.example.com"]
    )
    event_types: list[str]
    store: str = Field(description="The slug of the store that it is told of; empty for all.")
    with_people: bool = Field(description=_PEOPLE)
    state: Literal["active", "paused", "parked"] = Field(
        description="`parked` is given up: it answered 410, or nothing good for three days."
    )
    failures: int = Field(description="Failures since the last success.")
    created_at: datetime
    answered_at: datetime | None = Field(description="Of the last success.")
    held_until: datetime | None = Field(description="It is not asked before, because it failed or said so.")

    @classmethod
    def of(cls, endpoint: Endpoint) -> Self:
        return cls.model_validate(endpoint)


class WebhookMadeOut(WebhookOut):
    """A new webhook with its secret, which no later answer holds."""

    secret: str = Field(description="Verifies what comes, as Standard Webhooks says.", examples=["whsec_…"])


class SecretOut(BaseModel):
    """A new secret, which no later answer holds; the one before signs too until then."""

    secret: str = Field(examples=["whsec_…"])
    previous_until: datetime


class WebhooksOut(BaseModel):
    """A page of webhooks, the newest first."""

    webhooks: list[WebhookOut]
    next_cursor: str | None = Field(description="Pass as `cursor` for the next page.")


class NewWebhook(BaseModel):
    """A webhook to be made."""

    model_config = ConfigDict(extra="forbid")

    address: Address
    event_types: EventTypes
    name: Name = ""
    store: Slug = Field("", description="The slug of a store; empty for all.")
    with_people: StrictBool = Field(False, description=_PEOPLE)


class WebhookChange(BaseModel):
    """What to change; what is left out or null stays as it is."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"active": False}]})

    address: Address | None = None
    event_types: EventTypes | None = None
    name: Name | None = None
    store: Slug | None = None
    with_people: StrictBool | None = None
    active: StrictBool | None = Field(
        None, description="False pauses it: its messages wait. True resumes it, also if it is parked."
    )


class AttemptOut(BaseModel):
    """One try."""

    model_config = ConfigDict(from_attributes=True)

    at: datetime
    milliseconds: int
    status: int | None = Field(description="Of the answer; null if none came.")
    error: str


class MessageOut(BaseModel):
    """A message to a webhook, with its tries."""

    id: str = Field(description="The same at each try: `webhook-id`.", examples=["msg_…"])
    type: str
    timestamp: datetime
    state: Literal["sent", "failed", "waiting"]
    next_try_at: datetime | None = Field(description="Null unless it waits.")
    attempts: list[AttemptOut]

    @classmethod
    def of(cls, message: Message) -> Self:
        """Needs the attempts loaded too."""
        return cls(
            id=message.public_id,
            type=message.kind,
            timestamp=message.created_at,
            state=message.state,
            next_try_at=message.next_try_at if message.state == "waiting" else None,
            attempts=[AttemptOut.model_validate(attempt) for attempt in message.attempts.all()],
        )


class MessagesOut(BaseModel):
    """A page of a webhook's log, the newest message first."""

    messages: list[MessageOut]
    next_cursor: str | None = Field(description="Pass as `cursor` for the next page.")
