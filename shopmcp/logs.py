"""A thread of its own writes the log, so that the event loop does not wait.

Writing a line releases the interpreter's lock, and the loop would wait for the worker threads to get it back. See
"Dealing with handlers that block" in Python's logging cookbook.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import QueueHandler, QueueListener
from queue import SimpleQueue


class _Handing(QueueHandler):
    """Formats the message at once, because its arguments may change, and queues the record."""

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        # Python's own copies the record for other handlers; there are none.
        record.msg, record.args = record.getMessage(), None
        return record


@contextmanager
def written_apart() -> Iterator[None]:
    """Run the root logger's handlers in a thread; on leaving, every queued line is written."""
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
