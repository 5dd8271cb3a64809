"""Log lines written by a thread of their own."""

import io
import logging
import threading

import pytest

from shopmcp.logs import written_apart


class Threads(logging.StreamHandler):
    """Remembers which thread wrote."""

    def emit(self, record):
        self.thread = threading.current_thread()
        super().emit(record)


@pytest.fixture
def handler():
    root = logging.getLogger()
    before = root.handlers
    handler = Threads(io.StringIO())
    root.handlers = [handler]
    yield handler
    root.handlers = before


def test_every_line_is_written_by_the_end_and_not_by_the_caller(handler):
    with written_apart():
        for number in range(100):
            logging.getLogger("shop").warning("line %d", number)

    assert handler.stream.getvalue().splitlines() == [f"line {number}" for number in range(100)]
    assert handler.thread is not threading.current_thread()


def test_afterwards_the_handlers_are_where_they_were(handler):
    with written_apart():
        assert logging.getLogger().handlers != [handler]

    assert logging.getLogger().handlers == [handler]
    logging.getLogger("shop").warning("direct")
    assert handler.thread is threading.current_thread()


def test_a_failure_inside_loses_no_line(handler):
    with pytest.raises(ValueError, match="end"), written_apart():
        logging.getLogger("shop").warning("before")
        raise ValueError("end")

    assert handler.stream.getvalue() == "before\n"
