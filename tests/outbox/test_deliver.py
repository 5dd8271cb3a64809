"""`manage.py deliver`, in processes of its own."""

import json
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.management import call_command

from outbox.services import enqueue
from tests.lateness import Lateness
from tests.live import ROOT, LiveServer
from tests.outbox.receiving import SECRET

WRITE = """
import sys
from outbox.services import enqueue
for n in range(int(sys.argv[1])):
    enqueue("alarm.test", sys.argv[2], {"subject": "s", "text": "t"})
"""


LET_TIME_PASS = """
from django.utils import timezone
from outbox.models import Message
Message.objects.update(next_try_at=timezone.now())
"""


@pytest.fixture
def shop(tmp_path, receiver, certificate):
    """A shop's data without a server, whose webhooks reach the receiver."""
    live = LiveServer(
        tmp_path / "data",
        SHOPMCP_WEBHOOKS_PRIVATE="on",
        SHOPMCP_NOTIFY_SECRET=SECRET,
        SSL_CERT_FILE=str(certificate),
    )
    yield live.copied()
    live.close()


def run(shop, code, *arguments):
    env = {**shop.env, "DJANGO_SETTINGS_MODULE": "shopmcp.settings"}
    command = [sys.executable, "-c", f"import django; django.setup(){code}", *arguments]
    subprocess.run(command, cwd=ROOT, env=env, check=True)


def write(shop, count, url):
    run(shop, WRITE, str(count), url)


@pytest.mark.django_db
def test_what_was_done_is_said(receiver, capsys):
    enqueue("alarm.test", receiver.url, {"subject": "s", "text": "t"})
    enqueue("alarm.test", "owner@example.com", {"subject": "s", "text": "t"})

    call_command("deliver")

    said = capsys.readouterr()
    assert said.out == "Sent: 1, to be tried again: 0, given up: 0.\n"
    assert "EMAIL_URL" in said.err


@pytest.mark.live
def test_several_senders_at_once_send_each_message_once(shop, receiver):
    write(shop, 40, receiver.url)
    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(lambda _: shop.manage("deliver").stdout, range(4)))

    assert len(receiver.ids) == len(set(receiver.ids)) == 40
    assert sum(int(text.split()[1].rstrip(",")) for text in said) == 40


@pytest.mark.live
def test_a_kill_in_the_middle_loses_nothing_and_repeats_only_what_was_not_acknowledged(shop, receiver):
    write(shop, 30, receiver.url)
    process = subprocess.Popen([sys.executable, "manage.py", "deliver"], cwd=ROOT, env=shop.env)

    def answer(handler):
        if len(receiver.requests) == 10:
            process.kill()
            process.wait(60)
        return 204, {}

    receiver.answer = answer
    assert process.wait(60) == -signal.SIGKILL
    run(shop, LET_TIME_PASS)
    shop.manage("deliver")

    assert len(set(receiver.ids)) == 30
    # The one that the killed sender had not been answered for comes again, with its id.
    assert [id for id in receiver.ids if receiver.ids.count(id) > 1] == [receiver.ids[9]] * 2


@pytest.mark.live
def test_watching_goes_on_until_it_is_told_to_stop(shop, receiver):
    command = [sys.executable, "manage.py", "deliver", "--watch"]
    write(shop, 1, receiver.url)
    process = subprocess.Popen(command, cwd=ROOT, env=shop.env, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        assert process.stdout.readline().startswith("Sent: 1")
        write(shop, 1, receiver.url)
        assert process.stdout.readline().startswith("Sent: 1")
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.stdout.close()
    assert len(receiver.requests) == 2


@pytest.mark.live
def test_a_server_sends_what_waits_and_ends_promptly(shop, receiver):
    write(shop, 1, receiver.url)
    shop.start()
    deadline = time.monotonic() + 30
    while not receiver.requests:
        assert time.monotonic() < deadline, shop.output
        time.sleep(0.05)
    started = time.monotonic()

    with Lateness() as late:
        assert shop.stop() == 0
    assert time.monotonic() - started < 10 + late.seconds
    assert json.loads(receiver.requests[0][1])["type"] == "alarm.test"
