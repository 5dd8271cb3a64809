"""The owner is told when chats may not be told apart."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from carts.call_log import MOST_CLIENTS, Recorded, record_calls
from carts.models import SessionWarning
from outbox.models import Message

KIND = SessionWarning.Kind


@pytest.fixture
def told(store, settings):
    """Return the kinds of the alarms so far."""
    settings.SHOPMCP_NOTIFY = ["owner@example.com"]
    return lambda: list(Message.objects.order_by("id").values_list("kind", flat=True))


def warned(kind, client):
    """Record a call of that client with that warning."""
    call = Recorded(
        at=timezone.now(), tool="view_cart", outcome="ok", milliseconds=1, client=client, source="", warnings=[kind]
    )
    record_calls([call])


def an_hour_later():
    Message.objects.update(created_at=F("created_at") - timedelta(hours=1))


def test_where_carts_can_meet_each_new_client_without_ids_is_an_alarm_once_an_hour(told, settings):
    settings.SHOPMCP_UNKEYED_CALLS = "shared"
    for client in ("first", "first", "second"):
        warned(KIND.UNKEYED, client)

    assert told() == ["alarm.isolation_unkeyed"]
    payload = Message.objects.get().payload
    assert payload["subject"] == "Chats can see each other's carts"
    assert "first" in payload["text"]
    assert (payload["warning"], payload["client"], payload["carts_can_meet"]) == ("unkeyed", "first", True)

    an_hour_later()
    for client in ("first", "second"):
        warned(KIND.UNKEYED, client)
    assert len(told()) == 1

    warned(KIND.UNKEYED, "third")
    assert len(told()) == 2


def test_each_client_with_a_placeholder_is_an_alarm_whatever_the_policy(told, settings):
    settings.SHOPMCP_UNKEYED_CALLS = "isolate"
    for client in ("first", "second"):
        warned(KIND.PLACEHOLDER, client)
        an_hour_later()

    assert told() == ["alarm.isolation_placeholder_id"] * 2
    assert all(message.payload["carts_can_meet"] for message in Message.objects.all())


@pytest.mark.parametrize("kind", [kind for kind in KIND if kind != KIND.PLACEHOLDER])
def test_where_carts_are_apart_only_a_kind_that_never_was_before_is_an_alarm(told, settings, kind):
    settings.SHOPMCP_UNKEYED_CALLS = "isolate"
    warned(kind, "first")
    an_hour_later()
    warned(kind, "second")

    assert told() == [f"alarm.isolation_{kind}"]
    payload = Message.objects.get().payload
    assert payload["carts_can_meet"] is False
    assert payload["subject"] == "A new warning about chats"


@pytest.mark.slow
def test_made_up_names_of_clients_do_not_flood_the_owner(told, settings):
    settings.SHOPMCP_UNKEYED_CALLS = "shared"
    for number in range(MOST_CLIENTS + 20):
        warned(KIND.UNKEYED, f"client {number}")

    assert len(told()) == 1


def test_the_alarm_is_written_only_if_the_warning_is(told):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        warned(KIND.UNKEYED, "first")
        raise ZeroDivisionError

    assert not SessionWarning.objects.exists()
    assert told() == []


def test_chats_with_ids_are_no_alarm(told, call_tool, honey):
    call_tool("add_to_cart", product_id="honey")

    assert told() == []


def test_the_alarm_speaks_the_language_of_the_shop(told, store):
    store.language = "he"
    store.save()
    warned(KIND.UNKEYED, "first")

    assert "אזהרה" in Message.objects.get().payload["subject"]
