"""What `manage.py doctor` finds in the outbox."""

import pytest
from django.utils import timezone

from maintenance.checks import outbox
from outbox.models import Endpoint, Message
from outbox.services import announce, enqueue
from outbox.services.endpoints import make_endpoint

pytestmark = pytest.mark.django_db


def found():
    return [finding for check in outbox.CHECKS for finding in check()]


@pytest.fixture(autouse=True)
def messages():
    make_endpoint("https://erp.example.com/hooks", ["order.placed"], name="Till")
    announce("order.placed", {})
    enqueue("alarm.test", "owner@example.com", {"subject": "s", "text": "t"})
    assert found() == []


def test_a_message_that_was_sent_and_given_up_is_taken_for_sent():
    Message.objects.filter(endpoint=None).update(sent_at=timezone.now(), failed_at=timezone.now())

    (finding,) = found()
    assert finding.code == "message_outcome"
    assert finding.mend is not None
    finding.mend()
    assert found() == []
    assert Message.objects.get(endpoint=None).state == "sent"


def test_a_message_that_goes_nowhere_is_given_up():
    Message.objects.filter(endpoint=None).update(destination="")

    (finding,) = found()
    assert finding.code == "message_destination"
    assert finding.mend is not None
    finding.mend()
    assert Message.objects.get(endpoint=None).state == "failed"
    assert Message.objects.exclude(endpoint=None).get().state == "waiting"


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", "whsec_*", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
def test_a_webhook_without_a_secret_that_signs_is_named(secret):
    Endpoint.objects.update(secret=secret)

    (finding,) = found()
    assert (finding.code, finding.mend) == ("webhook_secret", None)
    assert "Till" in finding.text
