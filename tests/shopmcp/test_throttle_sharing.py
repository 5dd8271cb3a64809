"""Processes that share a Redis count together, and each for itself while it is away."""

import asyncio
import os
import secrets

import pytest
from redis import Redis
from redis.exceptions import RedisError

from shopmcp import throttle, throttle_sharing
from shopmcp.throttle import Buckets, Rate
from shopmcp.throttle_sharing import Sharing
from tests.live import free_port

URL = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/15")


def _answers():
    try:
        with Redis.from_url(URL, socket_connect_timeout=1) as redis:
            return redis.ping()
    except (RedisError, OSError):
        return False


needs_redis = pytest.mark.skipif(not _answers(), reason="no Redis answers")


@pytest.fixture
def kind():
    """A kind of bucket that no other run uses; its keys expire within seconds."""
    yield (kind := f"test-{secrets.token_hex(6)}")
    throttle.all_buckets.pop(kind, None)


def processes(kind, number=2, **options):
    return [Buckets(kind, lambda: Rate(1, 10), **options) for _ in range(number)]


def share(kind, *buckets, url=URL):
    """Let each process share once, in this order; another process has another connection."""

    async def share():
        for one in buckets:
            throttle.all_buckets[kind] = one
            sharing = Sharing(url)
            try:
                await sharing.share()
            finally:
                await sharing.close()

    asyncio.run(share())


@needs_redis
def test_what_one_process_took_is_missing_in_the_other(kind):
    ours, others = processes(kind)
    share(kind, ours, others)
    for _ in range(9):
        assert ours.take("a") == 0
    share(kind, ours)

    others.take("a")
    share(kind, others)

    assert others.used("a") == pytest.approx(1, abs=0.2)
    assert others.used("b") == 0


@needs_redis
def test_a_process_learns_of_a_bucket_only_once_it_uses_it_itself(kind):
    ours, others = processes(kind)
    share(kind, ours, others)
    ours.take("a")
    share(kind, ours, others)

    assert "a" not in others


@needs_redis
def test_buckets_that_are_not_shared_stay_in_their_process(kind):
    ours, others = processes(kind, is_shared=False)
    share(kind, ours)
    ours.take("a")
    others.take("a")
    share(kind, ours, others)

    assert others.used("a") == pytest.approx(0.1, abs=0.05)


@needs_redis
def test_keys_expire_when_the_bucket_is_full_again(kind):
    (ours,) = processes(kind, 1)
    share(kind, ours)
    ours.take("a")
    ours.take("a")
    share(kind, ours)

    with Redis.from_url(URL) as redis:
        assert 0 < redis.pttl(f"{{shopmcp}}:{kind}:a") <= 2000


def test_while_redis_is_away_each_counts_for_itself_and_the_log_says_so_once_a_minute(kind, caplog, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(throttle_sharing, "monotonic", lambda: now[0])
    (ours,) = processes(kind, 1)

    async def away():
        sharing = Sharing(f"redis://127.0.0.1:{free_port()}/0")
        await sharing.share()
        for seconds in (0, 30, 31):
            now[0] += seconds
            ours.take("a")
            await sharing.share()
        await sharing.close()

    asyncio.run(away())

    lines = [line for line in caplog.messages if line.startswith("Redis does not answer")]
    assert len(lines) == 2
    assert ours.used("a") == pytest.approx(0.3, abs=0.05)
