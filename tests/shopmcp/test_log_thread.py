"""The thread that writes the log."""

import io
import logging
import threading

import pytest

from shopmcp.log_thread import Line, written_apart
from shopmcp.logs import LineFormatter


class Threads(logging.StreamHandler[io.StringIO]):
    """Remembers which thread wrote."""

    def emit(self, record):
        self.thread = threading.current_thread()
        super().emit(record)


@pytest.fixture
def handler():
    root = logging.getLogger()
    handler = Threads(io.StringIO())
    handler.setFormatter(LineFormatter("{name}: {message}", style="{"))
    root.addHandler(handler)
    yield handler
    root.removeHandler(handler)


def test_every_line_is_written_by_the_end_and_not_by_the_caller(handler):
    with written_apart():
        for number in range(100):
            logging.getLogger("shop").warning("line %d", number)

    assert handler.stream.getvalue().splitlines() == [f"shop: line {number}" for number in range(100)]
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

    assert handler.stream.getvalue() == "shop: before\n"


@pytest.fixture
def stream():
    """What a handler of the usual kind writes, many lines at a time."""
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(LineFormatter("{asctime} {levelname} {name}: {message}", style="{"))
    handler.setLevel(logging.INFO)
    logging.getLogger().addHandler(handler)
    yield handler.stream
    logging.getLogger().removeHandler(handler)


def test_a_line_of_facts_reads_the_same_with_the_thread_and_without(stream, caplog):
    caplog.set_level(logging.INFO)
    line = Line(logging.getLogger("shop"), "%s took %.1f ms")

    line.write("one\nforged", 1.25)
    with written_apart():
        line.write("one\nforged", 1.25)

    first, second = (text.partition(" INFO ")[2] for text in stream.getvalue().splitlines())
    assert first == second == r"shop: one\nforged took 1.2 ms"


def test_lines_of_facts_stand_among_the_others_in_their_order(stream, caplog):
    caplog.set_level(logging.INFO)
    line = Line(logging.getLogger("shop"), "fact %d")

    with written_apart():
        for number in range(3000):
            line.write(number) if number % 2 else logging.getLogger("shop").info("word %d", number)

    written = [text.rpartition(": ")[2] for text in stream.getvalue().splitlines()]
    assert written == [f"{'fact' if number % 2 else 'word'} {number}" for number in range(3000)]


def test_a_level_above_it_silences_a_line_of_facts(stream, caplog):
    caplog.set_level(logging.WARNING)

    with written_apart():
        Line(logging.getLogger("shop"), "fact %d").write(1)

    assert stream.getvalue() == ""


def test_a_line_that_cannot_be_written_costs_no_other(stream, monkeypatch):
    monkeypatch.setattr(logging, "raiseExceptions", False)
    with written_apart():
        Line(logging.getLogger("shop"), "%d").write("no number")
        logging.getLogger("shop").warning("after")

    assert [text.rpartition(": ")[2] for text in stream.getvalue().splitlines()] == ["after"]
