"""Log lines leave the event loop at once and are written by a thread of their own.

Writing a line gives up the interpreter's lock, and the loop would wait to have it back while the lanes work. (The
logging cookbook, "Dealing with handlers that block".)
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import QueueHandler, QueueListener
from queue import SimpleQueue


@contextmanager
def written_apart() -> Iterator[None]:
    """Have what the root logger's handlers do done by a thread; at the end nothing is left unwritten."""
    root = logging.getLogger()
    handlers = list(root.handlers)
    queue: SimpleQueue[logging.LogRecord] = SimpleQueue()
    listener = QueueListener(queue, *handlers, respect_handler_level=True)
    root.handlers = [QueueHandler(queue)]
    listener.start()
    try:
        yield
    finally:
        root.handlers = handlers
        listener.stop()
