"""Log lines: how they look, and the thread of their own that writes them."""

import io
import logging
import sys
import threading

import pytest
from django.db import DataError, InterfaceError, OperationalError
from django.test import Client

from shopmcp.logs import LineFormatter, written_apart


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


def test_every_logger_writes_by_the_one_formatter():
    handlers = {handler for handler in logging.getLogger().handlers if handler.name == "stderr"}

    assert {type(handler.formatter) for handler in handlers} == {LineFormatter}
    for name in ("django", "django.request", "django.security.csrf", "django.server"):
        assert logging.getLogger(name).handlers == []
        assert logging.getLogger(name).propagate


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('שלום, 1 ק"ג – é', 'שלום, 1 ק"ג – é'),
        ("/x\n2026-11-26 INFO shop: forged", r"/x\n2026-11-26 INFO shop: forged"),
        ("\r\x1b[2J\x00\x85\u2028\u202e", r"\r\x1b[2J\x00\x85\u2028\u202e"),
    ],
    ids=["plain", "forged", "controls"],
)
def test_a_line_stays_one_line_and_commands_no_terminal(handler, text, shown):
    logging.getLogger("shop").warning("found %s", text)

    assert handler.stream.getvalue() == f"shop: found {shown}\n"


def test_no_line_of_a_traceback_looks_like_a_line_of_the_log(handler):
    try:
        raise ValueError("bad\nshop: forged\r\x1b[2J /sign-in/a:b:c/")
    except ValueError:
        logging.getLogger("shop").exception("failed")

    first, *others = handler.stream.getvalue().split("\n")[:-1]
    assert first == "shop: failed"
    assert others[0] == "    Traceback (most recent call last):"
    assert others[-1] == r"    shop: forged\r\x1b[2J /sign-in/…/"
    assert all(line.startswith("    ") for line in others)


def test_a_sign_in_link_that_fails_leaves_no_token_in_the_log(handler):
    token = "WzEsbnVsbF0:1vOAbc:s_Xy-z"

    response = Client(enforce_csrf_checks=True).post(f"/sign-in/{token}/", headers={"host": "127.0.0.1"})

    assert response.status_code == 403
    assert "/sign-in/…/" in handler.stream.getvalue()
    assert token not in handler.stream.getvalue()


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/sign-in/a:b:c/", "/sign-in/…/"),
        ("https://shop.example.com/sign-in/a:b:c", "https://shop.example.com/sign-in/…"),
        ("'/sign-in/a:b:c/?next=/'", "'/sign-in/…/?next=/'"),
        ("/sign-in/", "/sign-in/"),
    ],
)
def test_the_token_of_a_sign_in_link_is_masked_wherever_a_path_is_logged(handler, path, shown):
    logging.getLogger("shop").error("Internal Server Error: %s", path)

    assert handler.stream.getvalue() == f"shop: Internal Server Error: {shown}\n"


def record(error, *, at=1000.0, place=1):
    try:
        raise error
    except type(error):
        made = logging.LogRecord("shop", logging.ERROR, "tools.py", place, "%s failed", ("add",), sys.exc_info())
    made.created = at
    made.exc_text = "another formatter's"
    return made


@pytest.mark.parametrize("kind", [OperationalError, InterfaceError])
def test_while_the_database_is_away_there_is_a_traceback_a_minute_and_a_line_for_each_call(kind):
    formatter = LineFormatter()
    written = [formatter.format(record(kind("gone\n\taway"), at=at)) for at in (0, 1, 59, 60, 61, 0, 1)]

    assert ["Traceback" in text for text in written] == [True, False, False, True, False, True, False]
    assert [text for text in written if "Traceback" not in text] == ["add failed: gone away"] * 4


def test_each_place_in_the_code_has_its_own_traceback_and_faults_of_ours_have_theirs_always():
    formatter = LineFormatter()
    written = [formatter.format(record(OperationalError("gone"), place=place)) for place in (1, 2)]
    written += [formatter.format(record(error)) for error in (DataError("bug"), ValueError("bug")) for _ in range(2)]

    assert all("Traceback" in text for text in written)
    assert "another" not in "".join(written)


def test_a_formatted_record_is_as_before_for_other_handlers():
    formatter, given = LineFormatter(), record(OperationalError("gone"))
    before = vars(given).copy()
    formatter.format(given)
    formatter.format(given)

    assert vars(given) == before
