"""Processes tell each other through Redis what was taken from their buckets.

No request waits for Redis: each process decides by its own buckets, and corrects them a moment later. So all processes
together may let through a little more than one would, for a moment. While Redis is away, each counts for itself.
"""

import asyncio
import logging
from time import monotonic
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from shopmcp.throttle import Buckets, all_buckets

EVERY: Final = 0.25  # seconds
_TIMEOUT: Final = 2.0
_TELL_EVERY: Final = 60.0
# How many names go in one message: Redis serves nobody else meanwhile.
_MOST_NAMES: Final = 500
# For each bucket: add what was taken, and return in how many seconds it will be full. The clock is that of Redis.
_ADD = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local answers = {}
for i, key in ipairs(KEYS) do
  local full_at = math.max(tonumber(redis.call('GET', key) or '0'), now) + ARGV[i]
  local seconds = full_at - now
  if seconds > 0 then
    redis.call('SET', key, string.format('%.6f', full_at), 'PX', math.ceil(seconds * 1000))
  end
  answers[i] = string.format('%.6f', seconds)
end
return answers
"""

logger = logging.getLogger(__name__)


class Sharing:
    """A connection to Redis, and when its absence was told last."""

    def __init__(self, url: str) -> None:
        self._redis: Redis = Redis.from_url(url, socket_timeout=_TIMEOUT, socket_connect_timeout=_TIMEOUT)
        self._add = self._redis.register_script(_ADD)
        self._tells_again = float("-inf")

    async def run(self) -> None:
        """Share until cancelled."""
        try:
            while True:
                await asyncio.sleep(EVERY)
                await self.share()
        finally:
            await self.close()

    async def close(self) -> None:
        """Close the connection."""
        await self._redis.aclose()

    async def share(self) -> None:
        """Tell what was taken since the last time, and learn what the others took from the same buckets."""
        try:
            for buckets in all_buckets.values():
                if buckets.is_shared:
                    await self._share(buckets)
        except (RedisError, OSError) as error:
            if (now := monotonic()) >= self._tells_again:
                self._tells_again = now + _TELL_EVERY
                reason = " ".join(str(error).split())
                logger.warning("Redis does not answer, so each process counts its limits for itself: %s", reason)

    async def _share(self, buckets: Buckets) -> None:
        taken, (per_second, _) = buckets.share(), buckets.rate
        for n in range(0, len(taken), _MOST_NAMES):
            some = taken[n : n + _MOST_NAMES]
            # The braces keep the keys on one machine of a cluster.
            keys = [f"{{shopmcp}}:{buckets.kind}:{name}" for name, _ in some]
            answers = await self._add(keys=keys, args=[number / per_second for _, number in some])
            for (name, _), seconds in zip(some, answers, strict=True):
                buckets.learn(name, float(seconds))
