"""What waited in a backup may have been delivered since: a restored shop does not send it by itself."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from outbox.models import Message
from outbox.services import deliver, enqueue, try_again
from tests.databases import connected_to, drop_database, make_database

pytestmark = pytest.mark.usefixtures("another_database")


@pytest.fixture
def restored(settings, tmp_path):
    """Back the tests' shop up and restore it into another database, which counts from then on."""
    settings.KEY_FILE = tmp_path / "secret_key"
    settings.MAIL_IS_SET = False
    call_command("migrate", verbosity=0)
    enqueue("order.placed", "buyer@example.com", {"subject": "s", "text": "t"})
    enqueue("order.sent", "other@example.com", {"subject": "s", "text": "t"})
    Message.objects.filter(kind="order.sent").update(sent_at=timezone.now(), claim="mine")
    file = tmp_path / "shop.backup"
    call_command("backup", str(file), stdout=StringIO())
    name, out = make_database(tmp_path, "restored"), StringIO()
    with connected_to(name):
        call_command("restore", str(file), stdout=out)
        yield out.getvalue()
    drop_database(name)


def test_waiting_messages_are_not_sent_again_and_the_owner_is_told_how_many(restored, settings):
    settings.MAIL_IS_SET = True

    assert "Messages that waited in the backup: 1. They may have been delivered since" in restored
    assert deliver().sent == 0
    waited, sent = Message.objects.order_by("kind")
    assert (waited.state, sent.state) == ("failed", "sent")
    assert waited.last_error == "A backup was restored: it may have been delivered before."


def test_the_owner_can_have_them_tried_again(restored):
    assert try_again(Message.objects.failed()) == 1

    assert Message.objects.waiting().get().kind == "order.placed"
