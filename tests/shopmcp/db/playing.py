"""Playing calls of tools on running lanes."""

from asgiref.sync import async_to_sync

from carts.call_log import recorder
from shopmcp.db.workers import lanes


@async_to_sync
async def served(play):
    """Await what `play` returns while the lanes run; return its result."""
    lanes.start()
    try:
        return await play()
    finally:
        await recorder.drain()
        await lanes.stop()
