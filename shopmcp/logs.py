"""How the lines of the log look. `shopmcp/log_thread.py` writes them."""

import logging
import re
from copy import copy
from typing import Any

from django.db.utils import InterfaceError, OperationalError

# The token of a sign-in link, in a path.
_TOKEN = re.compile(r"(/sign-in/)[^/\s'\"?#]+")
# Seconds between two tracebacks from one place while the database is away.
_TRACEBACK_EVERY = 60


class LineFormatter(logging.Formatter):
    """Writes a record as one line that no caller can forge, and a traceback as indented lines below it.

    Control characters are escaped, and tokens of sign-in links are masked. While the database is away, each place in
    the code gets a traceback once a minute; its other lines end with the error alone.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._told: dict[tuple[str, int], float] = {}
        self._second, self._written_second = -1, ""

    def format(self, record: logging.LogRecord) -> str:
        if record.exc_info is None and record.exc_text is None:
            return super().format(record)
        record = copy(record)
        # Another formatter may have left its own text of the traceback there.
        record.exc_text = None
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, (OperationalError, InterfaceError)) and self._told_lately(record):
            # Drivers put line breaks into their words.
            record.msg, record.args = f"{record.getMessage()}: {' '.join(str(error).split())}", None
            record.exc_info = None
        return super().format(record)

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        if datefmt is not None:
            return super().formatTime(record, datefmt)
        # Of the lines of one second, all but the first differ in the milliseconds alone.
        if (second := int(record.created)) != self._second:
            self._written_second = super().formatTime(record, self.default_time_format)
            self._second = second
        return f"{self._written_second},{int(record.msecs):03d}"

    def formatMessage(self, record: logging.LogRecord) -> str:
        return _harmless(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:
        return _indented(super().formatException(ei))

    def formatStack(self, stack_info: str) -> str:
        return _indented(super().formatStack(stack_info))

    def _told_lately(self, record: logging.LogRecord) -> bool:
        place = (record.pathname, record.lineno)
        # abs: a clock that was set back must not silence tracebacks until it has caught up.
        if abs(record.created - self._told.get(place, float("-inf"))) < _TRACEBACK_EVERY:
            return True
        self._told[place] = record.created
        return False


def _harmless(text: str) -> str:
    if "/sign-in/" in text:
        text = _TOKEN.sub(r"\1…", text)
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def _indented(text: str) -> str:
    return "\n".join(f"    {_harmless(line)}" for line in text.split("\n"))
