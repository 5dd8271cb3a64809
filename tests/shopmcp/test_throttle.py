"""Requests are counted by the minute."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache import cache

from shopmcp import throttle
from shopmcp.throttle import network_of, spend


@pytest.fixture(autouse=True)
def minute(monkeypatch):
    """Stand still 20 seconds before the next minute; gives a function that moves on."""
    now = [1_000_000 * 60 + 40.0]
    monkeypatch.setattr(throttle, "time", lambda: now[0])
    cache.clear()

    def move(seconds):
        now[0] += seconds

    yield move
    cache.clear()


def test_the_limit_is_reached_and_the_next_window_is_told():
    assert [spend("key", "a", 2) for _ in range(4)] == [0, 0, 20, 20]


def test_each_has_a_count_of_its_own():
    assert spend("key", "a", 1) == spend("key", "b", 1) == spend("address", "a", 1) == 0


def test_a_new_minute_begins_anew(minute):
    spend("key", "a", 1)
    minute(20)

    assert [spend("key", "a", 1), spend("key", "a", 1)] == [0, 60]


def test_requests_at_once_are_each_counted():
    with ThreadPoolExecutor(16) as threads:
        waits = list(threads.map(lambda _: spend("key", "a", 40), range(200)))

    assert waits.count(0) == 40


def test_a_count_that_the_cache_dropped_begins_anew(monkeypatch):
    monkeypatch.setattr(cache, "add", lambda *args: True)

    assert spend("key", "a", 1) == 0


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:0db8:0001:0002"),
        ("2001:db8:1:2::99", "2001:0db8:0001:0002"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80:0000:0000:0000"),
        ("", "unknown"),
        ("nonsense", "unknown"),
    ],
)
def test_an_address_counts_as_the_network_that_one_customer_has(address, network):
    assert network_of(address) == network
