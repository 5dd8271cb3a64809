"""Orders that are confirmed by a mailed code, and contacts from which a store takes none."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from offers.models import Merchant
from orders.models import BlockedContact, Order, OrderCode
from orders.refusals import InvalidDetails, NotTaken
from orders.services import blocking, confirming
from orders.services.placing import place_order
from outbox.models import Message
from tests.orders.online import dummy
from tests.orders.ordering import seen
from tests.orders.pages import TYPED, form_of

__all__ = ["dummy"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def page(client, path, pickup):
    """Order with the form of the page; fields take the place of what stands in it."""
    Merchant.objects.update(confirm_by_code=True)

    def page(**changes):
        form = form_of(client.get(path).text) | TYPED | {"do": "order", "delivery": pickup.pk, "total": "49.90"}
        return client.post(path, form | changes)

    return page


def mailed():
    return re.search(r"\d{6}", Message.objects.filter(kind="order.code").latest("id").payload["text"])[0]


def test_an_order_that_is_paid_on_delivery_waits_for_the_code(page):
    answer = page()

    assert answer.status_code == 409
    assert "a code was mailed to dana@example.com" in answer.text
    assert 'autocomplete="one-time-code"' in answer.text
    assert form_of(answer.text)["name"] == "Dana Levi"
    assert not Order.objects.exists()
    assert page(code=mailed()).status_code == 303
    assert Order.objects.get().email == "dana@example.com"
    assert mailed() not in str(list(OrderCode.objects.values()))


def test_a_wrong_code_orders_nothing_and_five_end_it(page):
    page()
    right = mailed()
    wrong = f"{(int(right) + 1) % 10**6:06}"
    for _ in range(5):
        answer = page(code=wrong)
        assert (answer.status_code, "This is not the code." in answer.text) == (422, True)

    assert "This code is no longer good." in page(code=right).text
    assert not Order.objects.exists()


def test_whoever_pays_online_after_all_needs_no_code(page, dummy):
    page()

    answer = page(code="000000", payment="dummy")

    assert answer.status_code == 303
    assert "/payments/dummy/" in answer["Location"]
    assert OrderCode.objects.get().tries == 0


def test_a_code_counts_for_its_mailbox_and_its_time_alone(page):
    page()
    code = mailed()

    assert "no longer good" in page(code=code, email="other@example.com").text
    OrderCode.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert "no longer good" in page(code=code).text
    assert not Order.objects.exists()


def test_codes_are_not_mailed_without_end(page):
    answers = [page() for _ in range(6)]

    assert [answer.status_code for answer in answers] == [409] * 5 + [429]
    assert Message.objects.filter(kind="order.code").count() == 5


def test_the_code_needs_an_address(page):
    answer = page(email="")

    assert "the shop mails a code that confirms the order" in answer.text
    assert not OrderCode.objects.exists()


def test_another_way_to_pay_needs_no_code(order, fill, honey, store):
    Merchant.objects.update(confirm_by_code=True)
    type(store).objects.update(pay_instructions="By Bit to 050")

    assert order(fill(honey=1), payment="instructions").payment == "instructions"


@pytest.mark.parametrize("contact", ["dana+shop@EXAMPLE.com", "+972 50-2345678"])
def test_a_blocked_contact_orders_nothing_however_it_is_written(contact, fill, honey, details, store):
    cart = fill(honey=1)
    row = blocking.block(store, contact, "never comes", by="noa")

    with pytest.raises(NotTaken, match="takes no order with this"):
        place_order(cart.public_id, details, key="k", seen=seen(cart, details.delivery))
    assert not Order.objects.exists()
    assert "2345678" not in row.hint and "dana" not in row.hint
    blocking.free(store, row.pk)
    assert place_order(cart.public_id, details, key="k", seen=seen(cart, details.delivery)).is_new


def test_others_and_other_stores_are_not_blocked(fill, honey, details, store):
    cart = fill(honey=1)
    blocking.block(store, "noa@example.com")
    blocking.block(type(store).objects.create(slug="other", currency="ILS"), "dana@example.com")

    assert place_order(cart.public_id, replace(details), key="k", seen=seen(cart, details.delivery)).is_new


@pytest.mark.parametrize("wrong", ["", "call me", "12", "dana@", "<b>"])
def test_what_is_no_contact_blocks_nobody(store, wrong):
    with pytest.raises(InvalidDetails):
        blocking.block(store, wrong)

    assert not BlockedContact.objects.exists()


def test_old_codes_are_deleted(page):
    page()
    confirming.clean_up()
    assert OrderCode.objects.exists()
    OrderCode.objects.update(expires_at=timezone.now() - timedelta(days=2))
    confirming.clean_up()
    assert not OrderCode.objects.exists()
