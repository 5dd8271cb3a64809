"""How the lines of the log look."""

import io
import logging
import sys

import pytest
from django.db import DataError, InterfaceError, OperationalError
from django.test import Client

from shopmcp.logs import LineFormatter


@pytest.fixture
def handler():
    root = logging.getLogger()
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(LineFormatter("{name}: {message}", style="{"))
    root.addHandler(handler)
    yield handler
    root.removeHandler(handler)


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


def test_each_line_has_the_time_that_pythons_own_formatter_writes():
    moments = [0.0, 0.9994, 1.0, 1.5, 1_764_290_000.123, 1_764_290_000.9, 1_764_290_001.0, 0.25]
    records = [logging.LogRecord("shop", logging.INFO, "x.py", 1, "line", None, None) for _ in moments]
    for made, moment in zip(records, moments, strict=True):
        made.created, made.msecs = moment, moment % 1 * 1000

    ours, pythons = LineFormatter("{asctime}", style="{"), logging.Formatter("{asctime}", style="{")
    assert [ours.format(made) for made in records] == [pythons.format(made) for made in records]
