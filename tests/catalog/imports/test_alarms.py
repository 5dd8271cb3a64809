"""The owner is told of imports that failed or left nothing for sale."""

import pytest

from catalog.feeds import Unreadable
from catalog.models import Product
from outbox.models import Message

GOOD = "sku,name,price,stock\na,Rice,9.90,5\nb,Tea,5.00,5\n"
SOLD_OUT = GOOD.replace(",5\n", ",0\n")


@pytest.fixture(autouse=True)
def owner(settings):
    settings.SHOPMCP_NOTIFY = ["owner@example.com"]


def test_a_failed_import_is_told_with_its_reason_and_changes_nothing(load):
    load(GOOD)
    for _ in range(2):
        with pytest.raises(Unreadable):
            load("sku,name,price\n")

    message = Message.objects.get()
    assert message.kind == "alarm.import_failed"
    assert "shop" in message.payload["subject"]
    assert "products.csv" in message.payload["text"]
    assert message.payload["reason"] in message.payload["text"]
    assert Product.versions.shown(list(Product.objects.values_list("identity_id", flat=True)))


def test_an_import_that_leaves_nothing_for_sale_is_told(load):
    load(GOOD)
    assert not Message.objects.exists()

    load(SOLD_OUT)

    assert [message.kind for message in Message.objects.all()] == ["alarm.nothing_for_sale"]


def test_a_rehearsal_is_no_alarm(load):
    load(SOLD_OUT, dry_run=True)
    with pytest.raises(Unreadable):
        load("sku,name,price\n", dry_run=True)

    assert not Message.objects.exists()


def test_without_anybody_to_tell_nothing_is_written(load, settings):
    settings.SHOPMCP_NOTIFY = []
    load(SOLD_OUT)

    assert not Message.objects.exists()
