"""Messages in every revision of the protocol, over real HTTP, with a server that tells what reached it."""

import json
import logging

import pytest
from mcp_types.jsonrpc import HEADER_MISMATCH

from shopmcp.mcp.plain import OUTER_META
from tests.rpc import ERAS, MODERN, dressed, rpc, send
from tests.shopmcp.mcp.teller import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    call,
    post,
    status,
    teller,
)


@pytest.fixture(scope="module")
def url():
    with teller() as address:
        yield address


@pytest.fixture(params=ERAS, ids=str)
def era(request):
    return request.param


# Requests


def test_a_call_needs_no_handshake(url, era):
    reply = call(url, era, {"a": 1})

    assert reply.status == 200
    assert reply.json["id"] == 1
    assert reply.json["result"]["structuredContent"]["arguments"] == {"a": 1}


@pytest.mark.parametrize("id", [0, -1, 2**63, "", "a", "ש" * 300, "\u0000"])
def test_an_id_comes_back_as_it_was_sent(url, era, id):
    assert call(url, era, id=id).json["id"] == id


def test_unknown_methods_are_told_so(url, era):
    for method in ("tools/forge", "", "prompts/list", "x" * 9000, "resources/list"):
        reply = rpc(url, era, method, {}, headers={"Mcp-Method": method} if era == MODERN else None)
        assert reply.error == METHOD_NOT_FOUND, method
        assert reply.status == status(era, METHOD_NOT_FOUND)


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"name": 3},
        {"name": None},
        {"name": "tell", "arguments": []},
        {"name": "tell", "arguments": "[]"},
        {"name": "tell", "arguments": "no JSON"},
        {"name": "tell", "arguments": "{" * 90},
        {"name": "tell", "arguments": '{"a": ' * 90 + "1" + "}" * 90},
        {"name": "tell", "_meta": {"progressToken": []}},
    ],
)
def test_params_that_do_not_fit_the_method_are_told_so(url, era, params):
    reply = rpc(url, era, "tools/call", params)

    # No header can agree with a name that is no text, so 2026-07-28 stops at that.
    assert reply.error == (HEADER_MISMATCH if era == MODERN and params.get("name") == 3 else INVALID_PARAMS)
    assert reply.status == status(era, INVALID_PARAMS)


@pytest.mark.parametrize("meta", [[], "x", 1, True, [["openai/session", "x"]]])
def test_a_meta_that_is_no_object_is_told_so(url, era, meta):
    body, lines = dressed(
        {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "tell", "_meta": meta}}, era
    )

    reply = send(url, body, lines)

    assert reply.error == INVALID_PARAMS
    assert reply.status == status(era, INVALID_PARAMS)


def test_keys_of_the_meta_arrive_whatever_they_hold(url, era):
    meta = {"openai/session": ["odd"], "threadId": {"deep": {"er": None}}, "sessionId": 7}

    told = call(url, era, meta=meta).json["result"]["structuredContent"]["meta"]

    assert {key: told[key] for key in meta} == meta


# The `_meta` beside params


def test_a_meta_beside_params_is_handed_on(url, era):
    reply = call(url, era, meta={"threadId": "in"}, beside={"_meta": {"openai/session": "out"}})

    meta = reply.json["result"]["structuredContent"]["meta"]
    assert meta["threadId"] == "in"
    assert meta[OUTER_META] == {"openai/session": "out"}


def test_it_is_handed_on_where_params_have_no_meta(url):
    reply = call(url, "2025-11-25", beside={"_meta": {"openai/session": "out"}})

    assert reply.json["result"]["structuredContent"]["meta"] == {OUTER_META: {"openai/session": "out"}}


@pytest.mark.parametrize("beside", [{}, {"_meta": []}, {"_meta": "x"}, {"_meta": None}, {"_meta": {}}])
def test_a_client_cannot_write_the_place_it_is_handed_on_in(url, era, beside):
    reply = call(url, era, meta={OUTER_META: {"openai/session": "forged"}}, beside=beside)

    assert OUTER_META not in reply.json["result"]["structuredContent"]["meta"]


def test_a_forged_one_gives_way_to_the_real_one(url, era):
    reply = call(url, era, meta={OUTER_META: {"a": 1}}, beside={"_meta": {"b": 2}})

    assert reply.json["result"]["structuredContent"]["meta"][OUTER_META] == {"b": 2}


def test_the_client_is_known_by_its_header(url, era):
    reply = call(url, era, name="agent", headers={"User-Agent": "curl/8"})

    assert reply.json["result"]["structuredContent"] == {"agent": "curl/8"}


# What is no request


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b"nonsense",
        b"{'jsonrpc': '2.0'}",
        b"\xff\xfe{\x00}\x00",
        b"\xef\xbb\xbf{}",
        b'{"jsonrpc":"2.0","id":1,"method":"ping"',
        b'{"jsonrpc":"2.0","id":1,"method":"ping"}}',
        b'{"jsonrpc":"2.0","id":NaN,"method":"ping"}',
        b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":Infinity}}',
        b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":1e999}}',
        b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":"\\ud800"}}',
        b'{"jsonrpc":"2.0","id":1,"method":"\xed\xa0\x80"}',
        b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":' + b"[" * 30000 + b"]" * 30000 + b"}}",
        b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":' + b"[" * 70 + b"]" * 70 + b"}}",
        b'{"jsonrpc":"2.0","id":1,"method":"ping","params":' + b'{"x":' * 500 + b"1" + b"}" * 500 + b"}",
    ],
    ids=lambda body: ascii(body[:40]),
)
def test_what_is_not_json_is_a_parse_error(url, era, body):
    _, lines = dressed({"method": "ping"}, era)

    reply = send(url, body, lines)

    assert (reply.status, reply.error) == (400, PARSE_ERROR)
    assert reply.json["id"] is None


REQUEST = {"jsonrpc": "2.0", "id": 1, "method": "ping"}


@pytest.mark.parametrize(
    "message",
    [
        [],
        [REQUEST],
        [REQUEST, REQUEST],
        {},
        None,
        True,
        3,
        "ping",
        {"id": 1, "method": "ping"},
        {**REQUEST, "jsonrpc": "1.0"},
        {**REQUEST, "jsonrpc": 2.0},
        {**REQUEST, "jsonrpc": None},
        {"jsonrpc": "2.0", "id": 1},
        {**REQUEST, "method": None},
        {**REQUEST, "method": 7},
        {**REQUEST, "method": ["ping"]},
        {**REQUEST, "params": []},
        {**REQUEST, "params": "x"},
        {**REQUEST, "params": 0},
        {**REQUEST, "params": False},
        {"jsonrpc": "2.0", "method": "notifications/initialized", "params": []},
        {"jsonrpc": "2.0", "method": 5},
        {"jsonrpc": "2.0", "result": {}},
        {"jsonrpc": "2.0", "id": 1, "result": 5},
        {"jsonrpc": "2.0", "id": None, "error": {"code": 1, "message": "x"}},
    ],
    ids=str,
)
def test_what_is_not_one_message_is_an_invalid_request(url, era, message):
    _, lines = dressed({"method": "ping"}, era)

    reply = send(url, json.dumps(message).encode(), lines)

    assert (reply.status, reply.error) == (400, INVALID_REQUEST)


@pytest.mark.parametrize("id", [None, True, False, 1.5, 1e30, 10**30, [1], [], {"a": 1}])
def test_a_call_with_an_unusable_id_is_refused_and_not_dropped(url, era, id):
    reply = call(url, era, id=id)

    assert (reply.status, reply.error) == (400, INVALID_REQUEST)
    assert reply.json["id"] is None


def test_repeated_keys_are_read_as_the_last_one(url):
    body = b'{"jsonrpc":"2.0","id":1,"method":"no","method":"tools/call","params":{"name":"no","name":"tell"}}'

    assert send(url, body).status == 200


@pytest.mark.parametrize("method", ["notifications/initialized", "notifications/cancelled", "anything"])
@pytest.mark.parametrize("params", [{}, {"requestId": 1}, {"requestId": [1]}])
def test_a_notification_is_accepted_without_an_answer(url, era, method, params):
    reply = post(url, era, {"jsonrpc": "2.0", "method": method, "params": params})

    assert (reply.status, reply.body) == (202, b"")


@pytest.mark.parametrize("answer", [{"result": {}}, {"error": {"code": 1, "message": "no"}}])
def test_an_answer_that_nobody_asked_for_is_accepted_where_the_revision_knows_them(url, era, answer):
    reply = post(url, era, {"jsonrpc": "2.0", "id": 1, **answer})

    assert reply.status == (400 if era == MODERN else 202)


# Faults of the server itself


def test_a_fault_of_a_handler_is_logged_and_never_shown(url, era, caplog):
    reply = call(url, era, name="break")

    assert (reply.status, reply.error) == (200, INTERNAL_ERROR)
    assert b"secret" not in reply.body
    assert "a secret of the server" in caplog.text
    assert [record.name for record in caplog.records if record.levelno >= logging.WARNING] == ["shopmcp.mcp.plain"]


def test_an_answer_that_is_awkward_to_write_arrives(url, era):
    reply = call(url, era, name="awkward")

    assert reply.json["result"]["structuredContent"] == {"number": 10**40, "half": "\ud800"}
