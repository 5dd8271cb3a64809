"""Log lines leave the event loop at once and are written by a thread of their own.

Writing a line gives up the interpreter's lock, and the loop would wait to have it back while the lanes work. (The
logging cookbook, "Dealing with handlers that block".)
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import QueueHandler, QueueListener
from queue import SimpleQueue


class _Handing(QueueHandler):
    """Puts a line together, so that what it speaks of may change, and leaves the rest to the thread."""

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        # The standard one copies the record first, for the sake of other handlers; here there are none.
        record.msg, record.args = record.getMessage(), None
        return record


@contextmanager
def written_apart() -> Iterator[None]:
    """Have what the root logger's handlers do done by a thread; at the end nothing is left unwritten."""
    root = logging.getLogger()
    handlers = list(root.handlers)
    queue: SimpleQueue[logging.LogRecord] = SimpleQueue()
    listener = QueueListener(queue, *handlers, respect_handler_level=True)
    root.handlers = [_Handing(queue)]
    listener.start()
    try:
        yield
    finally:
        root.handlers = handlers
        listener.stop()
