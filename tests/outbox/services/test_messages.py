"""Messages are written with what they tell, and events for each endpoint that asked for them."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import transaction

from outbox.models import Endpoint, Message
from outbox.services import Delivered, announce, deliver, enqueue, replay, try_again
from outbox.services.endpoints import make_endpoint
from tests.outbox.receiving import HELLO

pytestmark = pytest.mark.django_db
HOOK = "https://erp.example.com/hooks"


def test_a_message_is_written_only_if_what_it_tells_is():
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        enqueue("alarm.test", "owner@example.com", HELLO)
        raise ZeroDivisionError

    assert not Message.objects.exists()


def test_a_second_message_with_the_same_key_is_not_written_but_one_for_another_destination_is():
    for destination in ("a@example.com", "a@example.com", "b@example.com"):
        enqueue("alarm.test", destination, HELLO, dedupe_key="alarm.test:13")
    for _ in range(2):
        enqueue("alarm.test", "a@example.com", HELLO)

    assert Message.objects.count() == 4


def test_what_was_given_up_can_be_tried_again(receiver):
    receiver.answer = lambda handler: (410, {})
    enqueue("alarm.test", receiver.url, HELLO)
    deliver()
    receiver.answer = lambda handler: (200, {})

    assert try_again(Message.objects.all()) == 1
    assert deliver() == Delivered(sent=1)
    assert try_again(Message.objects.all()) == 0


def test_an_event_is_written_once_for_each_endpoint_that_asked_for_it(django_assert_num_queries):
    asked = [
        make_endpoint(HOOK, ["order.placed"]),
        make_endpoint(HOOK, ["order.placed", "stock.low"], store="bakery"),
    ]
    make_endpoint(HOOK, ["stock.low"])
    make_endpoint(HOOK, ["order.placed"], store="florist")

    with django_assert_num_queries(2):
        assert announce("order.placed", {"number": "A-1"}, store="bakery") == 2

    assert list(Message.objects.order_by("id").values_list("endpoint", "kind")) == [
        (endpoint.pk, "order.placed") for endpoint in asked
    ]


def test_an_event_without_a_store_is_told_to_all_who_asked_for_it():
    make_endpoint(HOOK, ["stock.low"], store="bakery")

    assert announce("stock.low", {}) == 1


def test_an_event_with_a_key_is_told_once():
    make_endpoint(HOOK, ["cart.abandoned"])
    for _ in range(2):
        announce("cart.abandoned", {}, dedupe_key="cart.abandoned:c_1")

    assert Message.objects.count() == 1


def test_an_event_is_written_only_if_it_happened():
    make_endpoint(HOOK, ["order.placed"])
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        announce("order.placed", {})
        raise ZeroDivisionError

    assert not Message.objects.exists()


def test_buyers_are_named_only_to_endpoints_that_may_know_them():
    make_endpoint(HOOK, ["order.placed"])
    make_endpoint(HOOK, ["order.placed"], with_people=True)

    announce("order.placed", {"number": "A-1"}, people={"buyer": {"name": "Dana"}})

    without, with_people = Message.objects.order_by("id")
    assert without.payload == {"number": "A-1"}
    assert with_people.payload == {"number": "A-1", "buyer": {"name": "Dana"}}


def test_an_unknown_event_is_a_bug_and_writes_nothing():
    with pytest.raises(ValueError, match=r"order\.lost"):
        announce("order.lost", {})

    assert not Message.objects.exists()


def test_amounts_and_moments_are_told_as_text():
    make_endpoint(HOOK, ["order.placed"])

    announce("order.placed", {"total": Decimal("9.90"), "at": datetime(2026, 11, 26, 9, 30, tzinfo=UTC)})

    assert Message.objects.get().payload == {"total": "9.90", "at": "2026-11-26T09:30:00Z"}


def test_what_is_too_large_for_a_webhook_is_left_out_and_named(receiver, endpoint):
    lines = [{"name": "שקדים קלויים" * 5, "quantity": n} for n in range(300)]
    announce("order.placed", {"order": {"number": "A-1", "lines": lines, "note": "x" * 30_000}, "total": "9.90"})

    assert deliver() == Delivered(sent=1)
    ((_headers, body),) = receiver.requests
    assert len(body) < 20_000
    assert json.loads(body)["data"] == {
        "order": {"number": "A-1"},
        "total": "9.90",
        "omitted": ["order.lines", "order.note"],
    }


def test_what_was_sent_is_replayed_with_its_id_and_its_body(receiver, endpoint):
    announce("order.placed", {"number": "A-1"})
    deliver()

    assert replay(Message.objects.all()) == 1
    assert deliver() == Delivered(sent=1)
    assert len(set(receiver.ids)) == 1
    assert receiver.bodies[0] == receiver.bodies[1]


def test_a_message_that_a_sender_has_now_is_not_given_to_another():
    make_endpoint(HOOK, ["order.placed"])
    announce("order.placed", {})
    Message.objects.update(claim="another", next_try_at=datetime(2999, 1, 1, tzinfo=UTC))

    assert try_again(Message.objects.all()) == replay(Message.objects.all()) == 0
    assert Endpoint.objects.get().messages.get().claim == "another"
