"""How a call of a tool becomes a result."""

from threading import current_thread

import pytest
from asgiref.sync import async_to_sync
from django.db import OperationalError, connection, transaction
from django.utils.translation import get_language
from mcp.client import Client
from mcp.shared.exceptions import MCPError
from pydantic import BaseModel

from shopmcp.composition import endpoint
from shopmcp.db.workers import lanes
from shopmcp.errors import ShopError, TooMany
from shopmcp.mcp.call import Answer, Call
from shopmcp.mcp.tools import Toolbox, tool

pytestmark = pytest.mark.django_db


class Out(BaseModel):
    said: str | None


def echo(call: Call, word: str = "") -> Answer[Out]:
    """Use this to hear a word."""
    if word == "full":
        raise OperationalError("database or disk is full")
    if word == "bug":
        raise ZeroDivisionError("a secret inside")
    return Answer(f"{word}.", Out(said=word or None))


@pytest.fixture
def box():
    return Toolbox([tool(title="Echo", read_only=True)(echo)])


@async_to_sync
async def answer(box, name="echo", meta=None, client="test", **given):
    return await box.answer(name, given, meta or {}, client)


def test_an_answer_is_text_and_data(box):
    assert answer(box, word="hi") == {
        "content": [{"type": "text", "text": "hi."}],
        "structuredContent": {"said": "hi"},
        "isError": False,
    }
    assert answer(box)["structuredContent"] == {"said": None}


def test_a_bug_is_logged_and_not_shown(box, caplog):
    result = answer(box, word="bug")

    assert result["isError"]
    assert result["structuredContent"]["error"]["code"] == "internal_error"
    assert "secret" not in repr(result)
    assert "a secret inside" in caplog.text


def refusing(complete):
    """A tool that changes something, and refuses in a transaction; `complete` finds candidates."""

    def refuse(call: Call) -> Answer[Out]:
        with transaction.atomic():
            refusal = ShopError("There is no such thing.")
            refusal.complete = complete
            raise refusal

    return Toolbox([tool(title="Refuse")(refuse)])


@pytest.mark.django_db(transaction=True)
def test_a_refusal_is_completed_where_browsing_runs_and_not_in_the_transaction():
    seen = []

    def complete():
        seen.append((current_thread().name.split("-")[0], connection.in_atomic_block, get_language()))
        return ShopError("There is no such thing.", candidates=[{"name": "this"}])

    @async_to_sync
    async def play():
        lanes.start()
        try:
            return await refusing(complete).answer("refuse", {}, {"openai/locale": "he"}, "test")
        finally:
            await lanes.stop()

    assert play()["structuredContent"]["error"]["candidates"] == [{"name": "this"}]
    assert seen == [("browse", False, "he")]


def test_a_refusal_that_cannot_be_completed_is_told_without_candidates(caplog):
    def complete():
        raise ZeroDivisionError("a secret inside")

    error = answer(refusing(complete), "refuse")["structuredContent"]["error"]

    assert (error["code"], error["message"], error["candidates"]) == ("refused", "There is no such thing.", [])
    assert "a secret inside" in caplog.text


def test_a_full_disk_is_told_as_such_and_when_to_come_back(box):
    error = answer(box, word="full")["structuredContent"]["error"]

    assert (error["code"], error["retry_after"]) == ("disk_full", 60)
    assert "disk is full" in error["message"]


def test_a_call_that_is_not_admitted_is_refused_before_any_work(caplog):
    async def admit(call, given):
        raise TooMany(7)

    result = answer(Toolbox([tool(title="Echo")(echo)], admit=admit), word="bug")

    assert result["structuredContent"]["error"]["code"] == "too_many_requests"
    assert result["content"][0]["text"].endswith("The cart is unchanged.")
    assert "ZeroDivisionError" not in caplog.text


def test_every_call_is_recorded_with_its_outcome(box):
    seen = []

    async def record(call, outcome, seconds):
        seen.append((call.tool, call.client, outcome, seconds > 0))

    box.record = record
    answer(box, word="hi")
    answer(box, word=True)
    answer(box, word="bug", client="odd\nname" + "x" * 100)

    assert seen[:2] == [("echo", "test", "ok", True), ("echo", "test", "invalid_arguments", True)]
    assert seen[2][1] == ("odd\\nname" + "x" * 100)[:60]


def test_a_record_that_fails_takes_no_answer_away(box, caplog):
    async def record(call, outcome, seconds):
        raise ZeroDivisionError("no record")

    box.record = record

    assert not answer(box, word="hi")["isError"]
    assert "no record" in caplog.text


def test_an_unknown_tool_is_nobody_s_answer(box):
    assert answer(box, "ghost") is None


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
def test_an_unknown_tool_is_the_protocol_s_own_error(mode):
    @async_to_sync
    async def call():
        async with Client(endpoint.server, mode=mode) as client:
            with pytest.raises(MCPError) as caught:
                await client.call_tool("ghost\x00" + "x" * 100, {})
        return caught

    caught = call()
    assert caught.value.error.code == -32602
    assert len(caught.value.error.message) < 100


@pytest.mark.parametrize(
    ("locale", "language"),
    [
        ("he", "he"),
        ("HE-il", "he"),
        ("iw", "he"),
        ("en_GB", "en"),
        ("fr", None),
        ("", None),
        (5, None),
        ("x" * 999, None),
    ],
)
def test_the_caller_s_language_is_one_that_the_shop_speaks_or_none(box, locale, language):
    seen = []

    async def record(call, outcome, seconds):
        seen.append(call.language)

    box.record = record
    answer(box, meta={"openai/locale": locale})
    assert seen == [language]


def test_a_tool_s_language_ends_with_its_call():
    from django.utils import translation

    def speak(call: Call) -> Answer[Out]:
        call.speak("he")
        return Answer("x", Out(said=call.spoken))

    box = Toolbox([tool(title="Speak")(speak)])
    before = translation.get_language()

    assert answer(box, "speak")["structuredContent"] == {"said": "he"}
    assert answer(box, "speak", {"openai/locale": "en"})["structuredContent"] == {"said": "en"}
    assert translation.get_language() == before
