"""Log lines written by a thread of their own."""

import io
import logging
import threading

import pytest

from shopmcp.logs import written_apart


class Threads(logging.StreamHandler[io.StringIO]):
    """Remembers which thread wrote."""

    def emit(self, record):
        self.thread = threading.current_thread()
        super().emit(record)


@pytest.fixture
def handler():
    root = logging.getLogger()
    handler = Threads(io.StringIO())
    root.addHandler(handler)
    yield handler
    root.removeHandler(handler)


def test_every_line_is_written_by_the_end_and_not_by_the_caller(handler):
    with written_apart():
        for number in range(100):
            logging.getLogger("shop").warning("line %d", number)

    assert handler.stream.getvalue().splitlines() == [f"line {number}" for number in range(100)]
    assert handler.thread is not threading.current_thread()


def test_afterwards_the_handlers_are_where_they_were(handler):
    root = logging.getLogger()
    before = list(root.handlers)  # pytest adds its own
    with written_apart():
        assert root.handlers != before

    assert root.handlers == before
    logging.getLogger("shop").warning("direct")
    assert handler.thread is threading.current_thread()


def test_a_failure_inside_loses_no_line(handler):
    with pytest.raises(ValueError, match="end"), written_apart():
        logging.getLogger("shop").warning("before")
        raise ValueError("end")

    assert handler.stream.getvalue() == "before\n"
