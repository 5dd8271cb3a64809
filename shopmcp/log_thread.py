"""A thread of its own that writes the log, many lines at a time.

Writing a line releases the interpreter's lock, and the loop would wait for the worker threads to get it back. See
"Dealing with handlers that block" in Python's logging cookbook. A line that each call writes costs its thread only the
facts (`Line`): they become text where they are written, and what came within a few hundredths of a second is written at
once. Without the thread, in commands and in tests, each line goes the usual way, with the same text.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from logging.handlers import QueueHandler
from queue import Empty, SimpleQueue
from threading import Event, Thread
from time import time
from typing import Final

# Seconds for which the thread lets lines gather, and the most that it writes at once.
_GATHER: Final = 0.05
_MOST: Final = 1000


class Line:
    """A line that is written again and again with other facts, such as that of a call.

    Args:
        logger: Whose line it is.
        text: With a place for each fact, as `logging` has it.
    """

    def __init__(self, logger: logging.Logger, text: str) -> None:
        self._logger, self._text = logger, text

    def write(self, *facts: object) -> None:
        """Write it at level INFO with these facts, which must never change."""
        if self._logger.isEnabledFor(logging.INFO):
            if (queue := _queue) is not None and self._logger.propagate and not self._logger.handlers:
                queue.put((self, time(), facts))
            else:
                self._logger.handle(self.record(time(), facts))

    def record(self, moment: float, facts: tuple[object, ...]) -> logging.LogRecord:
        """Return the record of one line. No line of code is looked for that it comes from."""
        record = self._logger.makeRecord(self._logger.name, logging.INFO, __file__, 0, self._text, facts, None, "write")
        record.created, record.msecs = moment, moment % 1 * 1000
        return record


# A record; or a line with its moment and its facts.
_Queued = logging.LogRecord | tuple[Line, float, tuple[object, ...]]
_queue: SimpleQueue[_Queued | None] | None = None


class _Handing(QueueHandler):
    """Formats the message at once, because its arguments may change, and queues the record."""

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        # Python's own copies the record for other handlers; there are none.
        record.msg, record.args = record.getMessage(), None
        return record


@contextmanager
def written_apart() -> Iterator[None]:
    """Run the root logger's handlers in a thread; on leaving, every queued line is written."""
    global _queue
    root = logging.getLogger()
    handlers, queue, ending = list(root.handlers), SimpleQueue[_Queued | None](), Event()
    thread = Thread(target=_write, args=(queue, handlers, ending), name="log", daemon=True)
    before, _queue, root.handlers = _queue, queue, [_Handing(queue)]
    thread.start()
    try:
        yield
    finally:
        _queue, root.handlers = before, handlers
        ending.set()
        queue.put(None)
        thread.join()


def _write(queue: SimpleQueue[_Queued | None], handlers: Sequence[logging.Handler], ending: Event) -> None:
    while (first := queue.get()) is not None:
        ending.wait(_GATHER)
        records, goes_on = [_record(first)], True
        while goes_on and len(records) < _MOST:
            try:
                item = queue.get_nowait()
            except Empty:
                break
            if item is None:
                goes_on = False
            else:
                records.append(_record(item))
        for handler in handlers:
            if taken := [record for record in records if record.levelno >= handler.level]:
                _handle(handler, taken)
        if not goes_on:
            break


def _record(item: _Queued) -> logging.LogRecord:
    if isinstance(item, logging.LogRecord):
        return item
    line, moment, facts = item
    return line.record(moment, facts)


def _handle(handler: logging.Handler, records: Sequence[logging.LogRecord]) -> None:
    if type(handler) is not logging.StreamHandler:
        for record in records:
            handler.handle(record)
        return
    texts = []
    for record in records:
        try:
            if handler.filter(record):
                texts.append(handler.format(record) + handler.terminator)
        # As the handler does it itself: a line that cannot be written must not cost the others.
        except Exception:  # noqa: BLE001
            handler.handleError(record)
    handler.acquire()
    try:
        handler.stream.write("".join(texts))
        handler.flush()
    except Exception:  # noqa: BLE001 - as above
        handler.handleError(records[-1])
    finally:
        handler.release()
