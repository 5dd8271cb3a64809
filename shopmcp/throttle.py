"""The throttle: requests are counted by the minute in Django's cache."""

from ipaddress import IPv6Address, ip_address
from time import time

from django.core.cache import cache

WINDOW = 60  # seconds


def spend(kind: str, who: str, limit: int) -> int:
    """Count one request; return 0 if it is within the limit, else the seconds until the next window.

    The cache adds and increments atomically, so two requests never count as one. A cache in memory counts for its own
    process only.
    """
    now = time()
    window = int(now // WINDOW)
    key = f"throttle:{kind}:{who}:{window}"
    cache.add(key, 0, 2 * WINDOW)
    try:
        used = cache.incr(key)
    except ValueError:  # the cache was full and dropped the key
        used = 1
    return 0 if used <= limit else max(1, int((window + 1) * WINDOW - now + 0.999))


def network_of(address: str) -> str:
    """Return the IPv4 address, or the /64 network that one IPv6 customer has; both count as one address."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return found.exploded[:19]
    return str(found)
