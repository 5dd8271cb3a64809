"""`manage.py export_person`."""

import json

import pytest
from django.core.management import CommandError

from outbox.models import Message
from tests.orders.commands.people import rows


def test_one_file_holds_orders_lines_mails_and_times(buy, manage, store):
    store.orders_email = "owner@example.com"
    store.save()
    mine = buy()
    buy(email="other@example.com", phone="", name="Omer")
    before = rows()

    found = json.loads(manage("export_person", "--email", "dana@example.com"))

    (order,) = found["orders"]
    assert order["number"] == mine.number
    assert order["buyer"]["name"] == "Dana Levi"
    assert [line["product_id"] for line in order["lines"]] == ["shop:honey"]
    assert [event["what"] for event in order["events"]] == ["placed", "completed"]
    assert sorted(message["to"] or "" for message in found["messages"]) == ["", "Dana@Example.com"]
    assert "Omer" not in json.dumps(found)
    assert "owner@example.com" not in json.dumps([message["to"] for message in found["messages"]])
    assert "noa" not in json.dumps(order)
    assert found["coupon_uses"] == []
    assert rows() == before
    assert Message.objects.count() == 4


def test_a_phone_names_a_person_too(buy, manage):
    mine = buy()

    found = json.loads(manage("export_person", "--phone", "+972502345678"))

    assert [order["number"] for order in found["orders"]] == [mine.number]
    assert [message["to"] for message in found["messages"]] == ["Dana@Example.com"]


def test_nobody_is_said_beside_an_empty_file(buy, capsys, manage):
    buy()
    found = json.loads(manage("export_person", "--email", "nobody@example.com"))

    assert (found["orders"], found["messages"], found["coupon_uses"]) == ([], [], [])


def test_what_names_nobody_is_refused(db, manage):
    with pytest.raises(CommandError, match="This is no phone number"):
        manage("export_person", "--phone", "12")
