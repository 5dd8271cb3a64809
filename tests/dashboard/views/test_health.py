"""The page that says how the shop is and who is told, and its button."""

import pytest
from django.urls import reverse

from health.alarms import tell
from health.troubles import Trouble
from outbox.models import Message

PAGE, TEST = reverse("dashboard-health"), reverse("dashboard-health-test")


def test_it_names_what_is_wrong_and_who_is_told_without_secrets(owner, make_product, settings):
    settings.SHOPMCP_NOTIFY = ["owner@example.com", "https://hooks.slack.com/services/T0/secret"]
    make_product("Sold out", stock=0)
    tell([Trouble("cleanup_late")])
    page = owner.get(PAGE).text

    assert "The Shop has nothing for sale" in page
    assert "owner@example.com" in page
    assert "https://hooks.slack.com/…" in page
    assert "secret" not in page
    assert "The cleanup has not run for days" in page


def test_without_anybody_it_says_how_to_be_told(owner):
    page = owner.get(PAGE).text

    assert "SHOPMCP_NOTIFY=" in page
    assert TEST not in page


def test_a_test_is_sent_to_everybody(owner, settings):
    settings.SHOPMCP_NOTIFY = ["owner@example.com", "https://hooks.example.com/x"]
    assert TEST in owner.get(PAGE).text
    answer = owner.post(TEST, follow=True)

    assert "A test is on its way" in answer.text
    assert set(Message.objects.values_list("kind", "destination")) == {
        ("alarm.test", destination) for destination in settings.SHOPMCP_NOTIFY
    }


@pytest.mark.parametrize("ask", ["get", "post"])
def test_whoever_may_not_sends_nothing(client, django_user_model, settings, ask):
    settings.SHOPMCP_NOTIFY = ["owner@example.com"]
    client.force_login(django_user_model.objects.create_user("clerk", is_staff=True))

    assert TEST not in client.get(PAGE).text
    assert getattr(client, ask)(TEST).status_code in (403, 405)
    assert not Message.objects.exists()
