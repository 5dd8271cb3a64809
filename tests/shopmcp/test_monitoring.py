"""`/metrics`: who may read it, and what it says."""

import time
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from accounts.services import create_key
from carts.models import Session
from catalog.models import ImportRun, Store
from outbox.models import Message
from outbox.services import enqueue

pytestmark = pytest.mark.django_db


@pytest.fixture
def read(client):
    """Read the series of a scrape, by name and labels."""

    def read():
        answer = client.get("/metrics", headers={"host": "localhost"})
        assert answer.status_code == 200
        assert answer["Content-Type"].startswith("text/plain; version=")
        pairs = (line.rpartition(" ") for line in answer.text.splitlines() if not line.startswith("#"))
        return {series: float(value) for series, _space, value in pairs}

    return read


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
        {"X-Real-Ip": "127.0.0.1"},
        {"Via": "1.1 proxy"},
        {"Cf-Connecting-Ip": "127.0.0.1"},
        {"X-Forwarded-Proto": "https"},
    ],
)
def test_under_loopback_a_request_that_was_passed_on_is_refused(client, headers):
    answer = client.get("/metrics", headers=headers)

    assert answer.status_code == 403
    assert "shopmcp_" not in answer.text
    assert "METRICS=key" in answer.json()["error"]["fix"]


def test_under_loopback_peer_and_host_must_be_this_machine(client, settings):
    settings.ALLOWED_HOSTS = ["*"]

    assert client.get("/metrics", headers={"host": "localhost:8000"}).status_code == 200
    assert client.get("/metrics", headers={"host": "[::1]:8000"}).status_code == 200
    assert client.get("/metrics", headers={"host": "shop.example.com"}).status_code == 403
    assert client.get("/metrics", headers={"host": "127.0.0.1.evil.example"}).status_code == 403
    for peer, status in {"::1": 200, "::ffff:127.0.0.1": 200, "192.168.0.7": 403, "": 403, "unknown": 403}.items():
        assert client.get("/metrics", headers={"host": "localhost"}, REMOTE_ADDR=peer).status_code == status


def test_under_key_only_a_valid_key_opens_it_from_everywhere(client, settings):
    settings.METRICS = "key"
    _record, key = create_key("prometheus", read_only=True)

    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer shopmcp_wrong"}).status_code == 401
    assert client.get("/metrics", headers={"Authorization": f"Basic {key}"}).status_code == 401
    good = client.get("/metrics", headers={"Authorization": f"Bearer {key}", "X-Forwarded-For": "192.0.2.1"})
    assert good.status_code == 200


def test_switched_off_it_is_not_there(client, settings):
    settings.METRICS = "off"

    assert client.get("/metrics").status_code == 404


def test_the_numbers_of_the_database(read, django_assert_num_queries):
    now = timezone.now()
    for slug, age in (("bakery", 60), ("grocer", None)):
        Store.objects.create(slug=slug, name=slug, currency="ILS")
        if age:
            for state, seconds in (("published", age), ("failed", 1)):
                ImportRun.objects.create(slug=slug, state=state, ended_at=now - timedelta(seconds=seconds))
    Session.objects.create(public_id="s_1", source="openai/session")
    Session.objects.create(public_id="s_2", source="openai/session", last_seen_at=now - timedelta(days=1))
    for _ in range(3):
        enqueue("alarm.test", "https://hooks.example.com/x", {})
    Message.objects.filter(pk=Message.objects.latest("id").pk).update(failed_at=now)
    Message.objects.filter(failed_at=None).update(created_at=now - timedelta(seconds=90))

    with django_assert_num_queries(4):  # outbox, imports, sessions, failed messages
        series = read()

    assert series["shopmcp_database_up"] == 1
    assert series["shopmcp_active_sessions"] == 1
    assert series['shopmcp_outbox_messages{state="waiting"}'] == 2
    assert series['shopmcp_outbox_messages{state="failed"}'] == 1
    assert 90 <= series["shopmcp_outbox_oldest_seconds"] < 120
    assert 60 <= series['shopmcp_import_age_seconds{store="bakery"}'] < 90
    assert 'shopmcp_import_age_seconds{store="grocer"}' not in series
    assert series["shopmcp_disk_free_bytes"] > 0


def test_without_a_database_it_says_so_and_tells_the_rest(read):
    def fail(execute, sql, *rest):
        raise OperationalError("gone")

    with connection.execute_wrapper(fail):
        series = read()

    assert series["shopmcp_database_up"] == 0
    assert "shopmcp_active_sessions" not in series
    assert "shopmcp_disk_free_bytes" in series


def scrape(shop, series):
    lines = shop.get("/metrics").text.splitlines()
    return next((float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{series} ")), 0.0)


def test_several_workers_count_together_and_a_new_start_counts_from_nothing(own_shop):
    shop = own_shop("--demo", "--workers", "2")
    series = 'shopmcp_calls_total{outcome="ok",tool="list_stores"}'
    for n in range(1, 31):
        shop.call_tool("list_stores")
        # Whichever worker answers, the count never goes back.
        assert scrape(shop, series) == n
    assert scrape(shop, 'shopmcp_call_seconds_count{tool="list_stores"}') == 30
    assert scrape(shop, "shopmcp_database_up") == 1
    assert len(list((shop.data_dir / "metrics" / str(shop.port)).iterdir())) == 4

    shop.restart()
    deadline = time.monotonic() + 10
    while scrape(shop, "shopmcp_database_up") != 1:
        assert time.monotonic() < deadline
    assert scrape(shop, series) == 0
