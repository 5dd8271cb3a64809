"""The pages on which the owner tells the shop's systems."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse
from django.utils import timezone

from outbox.models import Endpoint, Message
from outbox.services import announce, deliver
from outbox.services.endpoints import make_endpoint, pause
from tests.catalog.imports.serving import certificate
from tests.outbox.receiving import endpoint, receiver

__all__ = ["certificate", "endpoint", "receiver"]
LIST, NEW = reverse("dashboard-webhooks"), reverse("dashboard-webhook-new")
ADDRESS = "https://erp.example.com/hooks/s3cret"
FIELDS: dict[str, Any] = {"name": "Till", "address": ADDRESS, "event_types": ["order.placed"]}


@pytest.fixture
def till(db):
    return make_endpoint(str(FIELDS["address"]), ["order.placed"], name="Till")


@pytest.fixture
def clerk(client, db):
    """A member of staff who may change webhooks, and not see buyers."""
    user = User.objects.create_user("clerk", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__model="endpoint"))
    user.user_permissions.add(Permission.objects.get(codename="view_order"))
    client.force_login(user)
    return client


def page_of(endpoint):
    return reverse("dashboard-webhook", args=[endpoint.public_id])


def act(browser, endpoint, action):
    return browser.post(reverse("dashboard-webhook-act", args=[endpoint.public_id, action]), follow=True)


def test_the_owner_adds_a_webhook_and_sees_its_secret_once(owner, store):
    answer = owner.post(NEW, {**FIELDS, "store": "shop"}, follow=True)

    found = Endpoint.objects.get()
    assert (found.name, found.address, found.event_types, found.store) == (*FIELDS.values(), "shop")
    assert found.secret in answer.text
    assert found.secret not in owner.get(page_of(found)).text


def test_a_page_that_updates_in_place_does_not_take_the_secret(owner):
    answer = owner.post(NEW, FIELDS)
    found = Endpoint.objects.get()

    assert found.secret not in owner.get(answer.url, headers={"HX-Request": "true"}).text
    assert found.secret in owner.get(answer.url).text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"address": "erp"}, "This is no address of a webhook."),
        ({"address": "http://erp.example.com"}, "A webhook goes to an https address"),
        ({"address": "https://192.168.0.7/x"}, "This address is not on the public network."),
        ({"address": ""}, "Give the address of your system."),
        ({"event_types": []}, "Choose at least one event."),
        ({"event_types": ["order.lost"]}, "order.lost"),
    ],
)
def test_a_mistake_is_told_and_nothing_typed_is_lost(owner, wrong, said):
    page = owner.post(NEW, {**FIELDS, "name": "My <b>till</b>", **wrong})

    assert said in page.text
    assert "My &lt;b&gt;till&lt;/b&gt;" in page.text
    assert not Endpoint.objects.exists()


def test_the_owner_changes_a_webhook(owner, till):
    change = reverse("dashboard-webhook-change", args=[till.public_id])
    assert FIELDS["address"] in owner.get(change).text

    answer = owner.post(change, {**FIELDS, "event_types": ["stock.low"], "with_people": "on"}, follow=True)

    till.refresh_from_db()
    assert (till.event_types, till.with_people) == (["stock.low"], True)
    assert "Saved: Till." in answer.text


def test_who_may_not_see_buyers_cannot_let_a_webhook_know_them(clerk, till):
    change = reverse("dashboard-webhook-change", args=[till.public_id])

    clerk.post(change, {**FIELDS, "with_people": "on"})

    assert Endpoint.objects.get().with_people is False
    assert "it needs the permission to see buyers" in clerk.get(change).text


def test_who_may_not_see_buyers_can_do_nothing_with_a_webhook_that_knows_them(clerk, till):
    Endpoint.objects.update(with_people=True)
    announce("order.placed", {"number": "K7M29QXFM"})
    Message.objects.update(sent_at=timezone.now())
    before, message = Endpoint.objects.values().get(), Message.objects.get()

    change = reverse("dashboard-webhook-change", args=[till.public_id])
    assert clerk.post(change, {**FIELDS, "address": "https://other.example.com/"}).status_code == 403
    assert clerk.get(change).status_code == 403
    for action in ("test", "pause", "resume", "replay", "rotate", "delete"):
        assert act(clerk, till, action).status_code == 403
    assert clerk.post(reverse("dashboard-webhook-replay", args=[message.public_id])).status_code == 403
    assert "s3cret" not in clerk.get(page_of(till)).text

    assert Endpoint.objects.values().get() == before
    assert Message.objects.get().sent_at is not None


def test_who_may_not_see_what_a_webhook_tells_can_neither_make_it_nor_turn_it_elsewhere(clerk, till):
    assert clerk.post(NEW, {**FIELDS, "event_types": ["stock.low"]}).status_code == 403
    Endpoint.objects.update(event_types=["stock.low"])

    change = reverse("dashboard-webhook-change", args=[till.public_id])
    assert clerk.post(change, {**FIELDS, "address": "https://other.example.com/"}).status_code == 403
    assert Endpoint.objects.get().address == ADDRESS


def test_a_test_is_sent_and_its_outcome_is_in_the_log(owner, receiver, endpoint):
    receiver.answer = lambda handler: (500, {})
    assert "A test is on its way" in act(owner, endpoint, "test").text
    deliver()

    page = owner.get(page_of(endpoint)).text
    assert receiver.verified(endpoint.secret)[0]["type"] == "webhook.test"
    assert "the receiver answered 500" in page
    assert "waiting" in page


def test_a_paused_webhook_keeps_its_messages_until_it_is_resumed(owner, receiver, endpoint):
    act(owner, endpoint, "pause")
    announce("order.placed", {})
    deliver()
    assert receiver.requests == []
    assert "it is paused or parked" in act(owner, endpoint, "test").text

    act(owner, endpoint, "resume")
    deliver()
    assert len(receiver.requests) == 1


def test_what_was_delivered_is_sent_again_with_its_id(owner, receiver, endpoint):
    announce("order.placed", {})
    deliver()
    message = Message.objects.get()

    said = owner.post(reverse("dashboard-webhook-replay", args=[message.public_id]), follow=True)
    assert "The message is sent again" in said.text
    deliver()
    assert receiver.ids == [message.public_id] * 2


def test_what_was_given_up_is_sent_again(owner, receiver, endpoint):
    receiver.answer = lambda handler: (410, {})
    announce("order.placed", {})
    deliver()
    assert "Parked" in owner.get(page_of(endpoint)).text
    receiver.answer = lambda handler: (200, {})

    act(owner, endpoint, "resume")
    assert "1 message is sent again." in act(owner, endpoint, "replay").text
    deliver()
    assert Message.objects.get().state == "sent"


def test_a_changed_secret_is_shown_once_and_the_old_one_signs_for_a_day(owner, receiver, endpoint):
    answer = act(owner, endpoint, "rotate")
    announce("order.placed", {})
    deliver()

    after = Endpoint.objects.get().secret
    assert after != endpoint.secret
    assert after in answer.text
    assert receiver.verified(endpoint.secret) == receiver.verified(after)


def test_a_webhook_is_deleted_with_its_messages(owner, till):
    announce("order.placed", {})

    assert "Deleted: Till." in act(owner, till, "delete").text
    assert not Endpoint.objects.exists()
    assert not Message.objects.exists()


@pytest.mark.parametrize("action", ["test", "pause", "resume", "replay", "rotate", "delete"])
def test_staff_without_the_permission_see_and_change_nothing_secret(client, till, action):
    client.force_login(User.objects.create_user("reader", is_staff=True))
    before = Endpoint.objects.values().get()

    page = client.get(page_of(till))
    assert "https://erp.example.com/…" in page.text
    assert "s3cret" not in page.text
    assert act(client, till, action).status_code == 403
    assert client.get(NEW).status_code == client.post(NEW, FIELDS).status_code == 403
    assert Endpoint.objects.values().get() == before
    assert not Message.objects.exists()


@pytest.mark.parametrize("count", [1, 8])
def test_the_pages_cost_the_same_for_any_number(owner, till, django_assert_num_queries, count):
    for number in range(count):
        make_endpoint(f"https://a{number}.example.com/x", ["stock.low"])
        announce("order.placed", {"number": number})
    owner.get(LIST)

    with django_assert_num_queries(4):  # session, user, signs, webhooks
        assert owner.get(LIST).text.count("https://a") == count
    with django_assert_num_queries(7):  # session, user, signs, webhook, messages, their tries, failed
        assert owner.get(page_of(till)).text.count("msg_") >= count


def test_what_there_is_not_is_a_404(owner, till):
    pause(till)
    assert owner.get(reverse("dashboard-webhook", args=["we_none"])).status_code == 404
    assert owner.post(reverse("dashboard-webhook-act", args=[till.public_id, "burn"])).status_code == 404
    assert owner.get(f"{page_of(till)}?cursor=forged").status_code == 404
    assert owner.get(reverse("dashboard-webhook-act", args=[till.public_id, "delete"])).status_code == 405


def test_the_first_page_tells_of_a_parked_webhook(owner, till):
    Endpoint.objects.update(parked_at="2026-01-01T00:00Z")

    assert "A webhook is parked: Till" in owner.get(reverse("dashboard")).text
