"""Token buckets: what each took lately, bounded in number."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from shopmcp import throttle
from shopmcp.throttle import Buckets, NetworkBuckets, Rate


@pytest.fixture
def clock(monkeypatch):
    """Stand still; a test moves on by adding seconds."""
    now = [1000.0]
    monkeypatch.setattr(throttle, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def make(clock):
    yield lambda rate, **options: Buckets("test", lambda: rate, **options)
    throttle.all_buckets.pop("test", None)


def test_a_burst_is_allowed_at_once_and_then_the_rate(make, clock):
    buckets = make(Rate(2, 3))

    assert [buckets.take("a") for _ in range(5)] == [0, 0, 0, 1, 1]
    clock[0] += 0.5
    assert [buckets.take("a"), buckets.take("a")] == [0, 1]
    clock[0] += 60
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 1]


def test_the_seconds_to_wait_are_those_until_the_next_token(make, clock):
    buckets = make(Rate(1 / 30, 1))
    buckets.take("a")
    wait = buckets.take("a")
    clock[0] += wait - 1
    assert (wait, buckets.take("a")) == (30, 1)

    clock[0] += 1

    assert buckets.take("a") == 0


def test_each_name_has_a_bucket_of_its_own(make):
    buckets = make(Rate(1, 1))

    assert buckets.take("a") == buckets.take("b") == 0


def test_takes_at_once_are_each_counted(make):
    buckets = make(Rate(0.001, 40))
    with ThreadPoolExecutor(16) as threads:
        waits = list(threads.map(lambda _: buckets.take("a"), range(200)))

    assert waits.count(0) == 40


def test_a_token_that_is_given_back_can_be_taken_again(make):
    buckets = make(Rate(0.001, 1))
    buckets.take("a")
    buckets.give_back("a")

    assert [buckets.take("a"), bool(buckets.take("a"))] == [0, True]


def test_used_is_the_empty_part(make, clock):
    buckets = make(Rate(1, 4))
    buckets.take("a")

    assert (buckets.used("a"), buckets.used("b")) == (0.25, 0)
    clock[0] += 10
    assert buckets.used("a") == 0


def test_however_many_names_come_few_are_kept_and_the_worst_are_not_forgotten(make):
    buckets = make(Rate(0.001, 5), most=100)
    for _ in range(5):
        buckets.take("worst")

    for n in range(10_000):
        buckets.take(f"name {n}")

    assert sum(f"name {n}" in buckets for n in range(10_000)) <= 100
    assert buckets.take("worst")


def test_full_buckets_are_forgotten_first(make, clock):
    buckets = make(Rate(1, 5), most=10)
    for n in range(9):
        buckets.take(f"old {n}")
    clock[0] += 60

    for n in range(5):
        buckets.take(f"new {n}")

    assert "old 0" not in buckets
    assert all(f"new {n}" in buckets for n in range(5))


def test_what_was_taken_is_told_once_and_what_others_took_counts(make):
    ours, others = make(Rate(1, 3)), make(Rate(1, 3))
    assert ours.share() == []
    ours.take("a")
    ours.take("a")
    assert ours.share() == [("a", 2)]
    assert ours.share() == []

    others.learn("a", 2.0)

    assert [others.take("a"), others.take("a")] == [0, 1]


@pytest.fixture
def networks(clock):
    yield NetworkBuckets("test", lambda: Rate(0.1, 2))
    for kind in ("test", "test-of-site"):
        throttle.all_buckets.pop(kind, None)


def of_site(number):
    return f"2001:0db8:0001:{number:04x}"


def test_networks_of_one_48_share_five_times_as_much(networks):
    assert [networks.take(of_site(number)) for number in range(11)] == [0] * 10 + [2]
    assert networks.take("2001:0db8:0002:0000") == networks.take("203.0.113.9") == 0
    assert networks.used(of_site(99)) == 1


def test_what_the_site_refuses_takes_nothing_of_the_network(networks, clock):
    for number in range(10):
        networks.take(of_site(number))
    for _ in range(5):
        networks.take(of_site(99))
    clock[0] += 10

    assert [networks.take(of_site(99)), networks.take(of_site(99))] == [0, 0]


def test_what_is_given_back_is_given_back_to_the_site_too(networks):
    for number in range(50):
        assert networks.take(of_site(number)) == 0
        networks.give_back(of_site(number))
