"""Webhooks in the JSON API. They are here and not in the outbox, which stands below those who know keys and buyers."""

from collections.abc import Iterable
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from ninja import Router, Status

from accounts.api import require, sees_people
from dashboard.webhook_forms import PEOPLE, needed
from outbox.models import Endpoint, Message
from outbox.schemas import (
    MessageOut,
    MessagesOut,
    NewWebhook,
    SecretOut,
    WebhookChange,
    WebhookMadeOut,
    WebhookOut,
    WebhooksOut,
)
from outbox.services import endpoints as services
from outbox.services import replay
from shopmcp import paging
from shopmcp.api_types import Cursor, ErrorOut, Limit, name
from shopmcp.errors import Forbidden, NotFound

webhooks = Router(tags=["webhooks"])
WebhookId = Annotated[str, name(24, "The id of a webhook.", "we_Jx3kq0ZtP1mVw9Yd")]
MessageId = Annotated[str, name(40, "The id of a message.", "msg_2vK7mXq4")]


@webhooks.get("", response=WebhooksOut, summary="List webhooks", operation_id="list_webhooks")
def list_webhooks(request: HttpRequest, limit: Limit = 25, cursor: Cursor = "") -> WebhooksOut:
    """The addresses of the shop's systems, the newest first. Their secrets are not told."""
    page, following = paging.page("webhooks", Endpoint.objects.all(), limit, cursor)
    return WebhooksOut(webhooks=[WebhookOut.of(endpoint) for endpoint in page], next_cursor=following or None)


@webhooks.post(
    "", response={201: WebhookMadeOut, 409: ErrorOut}, summary="Make a webhook", operation_id="create_webhook"
)
def create_webhook(request: HttpRequest, webhook: NewWebhook) -> Status[WebhookMadeOut]:
    """Make a webhook. The answer holds its secret, and no later one does. 409 is answered beyond 20 webhooks."""
    require(request, "outbox.add_endpoint")
    _demand_what_it_tells(request, webhook.event_types, with_people=webhook.with_people)
    made = services.make_endpoint(**webhook.model_dump())
    return Status(201, WebhookMadeOut.model_validate(made))


@webhooks.get("/{webhook_id}", response=WebhookOut, summary="Get a webhook", operation_id="get_webhook")
def get_webhook(request: HttpRequest, webhook_id: WebhookId) -> WebhookOut:
    """One webhook, without its secret."""
    return WebhookOut.of(_found(webhook_id))


@webhooks.patch("/{webhook_id}", response=WebhookOut, summary="Change a webhook", operation_id="change_webhook")
def change_webhook(request: HttpRequest, webhook_id: WebhookId, change: WebhookChange) -> WebhookOut:
    """Change some of its fields, pause it, or resume it. What waits goes to the new address."""
    endpoint = _changeable(request, webhook_id)
    changes = change.model_dump(exclude_none=True)
    active = changes.pop("active", None)
    _demand_what_it_tells(
        request,
        changes.get("event_types", endpoint.event_types),
        with_people=changes.get("with_people", endpoint.with_people),
    )
    if changes:
        services.change_endpoint(endpoint, **changes)
    if active is not None:
        (services.resume if active else services.pause)(endpoint)
    return WebhookOut.of(_found(webhook_id))


@webhooks.delete("/{webhook_id}", response={204: None}, summary="Delete a webhook", operation_id="delete_webhook")
def delete_webhook(request: HttpRequest, webhook_id: WebhookId) -> HttpResponse:
    """Delete a webhook with its log and what waits for it."""
    require(request, "outbox.delete_endpoint")
    services.delete_endpoint(_changeable(request, webhook_id))
    return HttpResponse(status=204)


@webhooks.post(
    "/{webhook_id}/secret", response=SecretOut, summary="Change the secret", operation_id="rotate_webhook_secret"
)
def rotate_secret(request: HttpRequest, webhook_id: WebhookId) -> SecretOut:
    """Make a new secret. For 24 hours each message is signed by the one before too."""
    endpoint = _changeable(request, webhook_id)
    services.rotate_secret(endpoint)
    endpoint.refresh_from_db()
    assert endpoint.previous_until is not None
    return SecretOut(secret=endpoint.secret, previous_until=endpoint.previous_until)


@webhooks.post(
    "/{webhook_id}/test",
    response={201: MessageOut, 409: ErrorOut},
    summary="Send a test",
    operation_id="test_webhook",
)
def send_test(request: HttpRequest, webhook_id: WebhookId) -> Status[MessageOut]:
    """Send `webhook.test`; the log tells how it went. 409 is answered for a webhook that is paused or parked."""
    return Status(201, MessageOut.of(services.send_test(_changeable(request, webhook_id))))


@webhooks.get(
    "/{webhook_id}/messages", response=MessagesOut, summary="The log of a webhook", operation_id="list_webhook_messages"
)
def list_messages(request: HttpRequest, webhook_id: WebhookId, limit: Limit = 25, cursor: Cursor = "") -> MessagesOut:
    """The messages of the last 30 days with their tries, the newest first, without what they told."""
    rows = _found(webhook_id).messages.prefetch_related("attempts")
    page, following = paging.page("webhook-log", rows, limit, cursor)
    return MessagesOut(messages=[MessageOut.of(message) for message in page], next_cursor=following or None)


@webhooks.post(
    "/{webhook_id}/messages/{message_id}/replay",
    response=MessageOut,
    summary="Send a message again",
    operation_id="replay_webhook_message",
)
def replay_message(request: HttpRequest, webhook_id: WebhookId, message_id: MessageId) -> MessageOut:
    """Send a message that was delivered or given up once more, with its id. One that waits stays as it is."""
    messages = _changeable(request, webhook_id).messages.filter(public_id=message_id)
    replay(messages)
    message: Message | None = messages.first()
    if message is None:
        raise NotFound(
            gettext("There is no such message."), fix=gettext("List the webhook's messages and use the id of one.")
        )
    return MessageOut.of(message)


def _found(public_id: str) -> Endpoint:
    endpoint = Endpoint.objects.filter(public_id=public_id).first()
    if endpoint is None:
        raise NotFound(
            gettext("There is no such webhook."), fix=gettext("List the webhooks and use the id of one of them.")
        )
    return endpoint


def _changeable(request: HttpRequest, public_id: str) -> Endpoint:
    require(request, "outbox.change_endpoint")
    endpoint = _found(public_id)
    _demand_what_it_tells(request, endpoint.event_types, with_people=endpoint.with_people)
    return endpoint


def _demand_what_it_tells(request: HttpRequest, event_types: Iterable[str], *, with_people: bool) -> None:
    """Refuse a caller who may not know what the webhook is told; else its address would tell them.

    Raises:
        Forbidden: If a permission or a scope is missing.
    """
    for permission in needed(event_types):
        require(request, permission)
    if with_people and not sees_people(request, PEOPLE):
        raise Forbidden(
            gettext("You may not let a webhook know names and contacts of buyers, nor change one that does."),
            fix=gettext("Use a key with the scope people, or ask a member of staff who may see buyers."),
        )
