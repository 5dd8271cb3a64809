"""The ASGI application: MCP at `/mcp`, Django everywhere else.

`/mcp` goes around Django's handler, whose request path costs more than a whole tool call.
"""

import asyncio
import gc
import logging
import os
from contextlib import suppress
from functools import partial
from importlib import import_module
from time import perf_counter
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shopmcp.settings")
django = get_asgi_application()

# Only now: these lead to models, which need the app registry.
from django.conf import settings  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.oauth.tokens import holder_of  # noqa: E402
from analytics.services import STEP, roll_up  # noqa: E402
from carts.call_log import recorder  # noqa: E402
from carts.services.abandoned import EVERY, AbandonedCarts  # noqa: E402
from catalog.imports import queue  # noqa: E402
from catalog.services.products import EXPIRED_EVERY, withdraw_expired  # noqa: E402
from health import database, watch  # noqa: E402
from orders.services import reconciling, reminders  # noqa: E402
from outbox.services import deliver  # noqa: E402
from shopmcp.background import Repeated  # noqa: E402
from shopmcp.composition import endpoint  # noqa: E402
from shopmcp.db.serving import serving  # noqa: E402
from shopmcp.db.workers import lanes  # noqa: E402
from shopmcp.later import Later  # noqa: E402
from shopmcp.log_thread import written_apart  # noqa: E402
from shopmcp.mcp.http import Edge  # noqa: E402
from shopmcp.network import Proxies  # noqa: E402
from shopmcp.pages import Pages  # noqa: E402
from shopmcp.process import end_with_supervisor, share_memory  # noqa: E402

logger = logging.getLogger(__name__)
# Seconds between two looks for uncounted calls, and between two steps while there are some.
_COUNT_EVERY, _COUNT_AGAIN = 3.0, 0.1
# Counting takes a twentieth of the writing lane at most; the rest is the chats'.
_COUNT_REST = 19
# Work that has not ended by then, after the grace, is left: the database rolls it back.
_STOP_SECONDS = 5
# A message that is being sent by then is left, and sent again after the next start.
_JOIN_SECONDS = 2
# Seconds between two looks into the outbox.
_DELIVER_EVERY = 5.0
# Containers that are made and not freed until Python looks for cycles among them: its 700 are those of fifteen calls,
# which were looked through while they still waited. What cycles hold until then is at most about 2 MB.
_LOOK_FOR_CYCLES = 10_000
# Seconds from the start until what its first answers did without is loaded, if nobody asks for it before.
_LOAD_AFTER = 1.0
edge = Edge(endpoint, public_url=settings.PUBLIC_URL, allowed_hosts=settings.ALLOWED_HOSTS, holder_of=holder_of)
pages = Pages(django)
# All that pages and the JSON API need: half a second that no chat waits for.
urls = Later(partial(import_module, settings.ROOT_URLCONF))
proxies = Proxies(settings.SHOPMCP_TRUSTED_PROXIES)


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Route one connection."""
    if scope["type"] == "lifespan":
        await _live(receive, send)
    elif scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1000})
    elif scope["path"] in ("/mcp", "/mcp/") and not _is_browser(scope):
        await edge(proxies.seen_through(scope), receive, send)
    else:
        await urls.ready()
        await pages(proxies.seen_through(scope), receive, send)


def _is_browser(scope: Any) -> bool:
    """Whether somebody opens the address in a browser, and gets a page that explains it."""
    return scope["method"] == "GET" and any(
        name == b"accept" and b"text/html" in value.lower() for name, value in scope["headers"]
    )


async def _live(receive: Any, send: Any) -> None:
    """Keep the lanes running between the server's start and its end, by when every call has been answered."""
    assert (await receive())["type"] == "lifespan.startup"
    end_with_supervisor()
    share_memory()
    with written_apart(), serving():
        lanes.start()
        _settle()
        tasks = [asyncio.create_task(_count()), asyncio.create_task(_load_rest())]
        if settings.REDIS_URL:
            from shopmcp.throttle_sharing import Sharing  # noqa: PLC0415 - only a shop that has a Redis loads the library

            tasks.append(asyncio.create_task(Sharing(settings.REDIS_URL).run()))
        background = _background()
        for work in background:
            work.start()
        await send({"type": "lifespan.startup.complete"})
        assert (await receive())["type"] == "lifespan.shutdown"
        for task in tasks:
            task.cancel()
        for work in background:
            work.stop()
        # By now every call has been answered: those that were cancelled come before this in the loop.
        with suppress(TimeoutError):
            async with asyncio.timeout(_STOP_SECONDS):
                await recorder.drain()
                await lanes.stop()
                for work in background:
                    await asyncio.to_thread(work.join, _JOIN_SECONDS)
        lanes.cut()
    await send({"type": "lifespan.shutdown.complete"})


def _settle() -> None:
    """Keep what is loaded by now: looking through it for garbage would halt every call, again and again."""
    gc.set_threshold(_LOOK_FOR_CYCLES, *gc.get_threshold()[1:])
    gc.collect()
    gc.freeze()


async def _load_rest() -> None:
    """Load what the first answers did without, so that nobody waits for it later."""
    await asyncio.sleep(_LOAD_AFTER)
    try:
        await endpoint.kernel.ready()
        await urls.ready()
    # Whoever needs it meets the same fault; plain calls go on.
    except Exception:
        logger.exception("what the first answers do without could not be loaded")
    _settle()


def _background() -> list[Repeated]:
    """Return what runs beside the lanes: it may take long, and must not hold up chats."""
    watching = watch.Watch(database.reasons, settings.DATA_DIR / "watch")
    abandoned = AbandonedCarts()
    return [
        Repeated("outbox", deliver, _DELIVER_EVERY),
        Repeated("imports", queue.work, queue.EVERY),
        Repeated("expired products", lambda stopping: withdraw_expired(timezone.now(), stopping), EXPIRED_EVERY),
        Repeated("payments", reconciling.reconcile, reconciling.EVERY),
        Repeated("abandoned carts", lambda stopping: abandoned.look(), EVERY),
        Repeated("reminders", lambda stopping: reminders.send_due(), reminders.EVERY),
        Repeated("watch", lambda stopping: watching.look(), watch.EVERY),
    ]


async def _count() -> None:
    """Count the calls for the owner's numbers, a step at a time, between the changes of carts."""
    while True:
        counted, started = 0, perf_counter()
        try:
            counted = await lanes.run("write", roll_up)
        # Counting can wait: it goes on when the database answers again.
        except Exception:
            logger.exception("calls could not be counted")
        await asyncio.sleep(seconds_to_rest(counted, perf_counter() - started))


def seconds_to_rest(counted: int, seconds: float) -> float:
    """Return how long counting leaves the lane alone after a step of so many calls that took so many seconds."""
    return max(_COUNT_AGAIN if counted >= STEP else _COUNT_EVERY, seconds * _COUNT_REST)
