"""The protocol in every revision, over real HTTP, with a server that tells what reached it."""

import json
import logging

import pytest
from mcp.server import Server
from mcp.types import CallToolResult, ListToolsResult, TextContent
from mcp_types.jsonrpc import HEADER_MISMATCH, UNSUPPORTED_PROTOCOL_VERSION

from shopmcp.edge import Edge
from shopmcp.jsonrpc import OUTER_META
from tests.serving import ERAS, JSON_HEADERS, MODERN, dressed, rpc, send, serving

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS, INTERNAL_ERROR = -32700, -32600, -32601, -32602, -32603


async def _tell(ctx, params):
    if params.name == "break":
        raise RuntimeError("a secret of the server")
    told = {"arguments": params.arguments, "meta": params.meta}
    if params.name == "awkward":
        told = {"number": 10**40, "half": "\ud800"}
    elif params.name == "agent":
        told = {"agent": ctx.request.headers.get("user-agent")}
    return CallToolResult(content=[TextContent(type="text", text="told")], structured_content=told)


async def _no_tools(ctx, params):
    return ListToolsResult(tools=[])


@pytest.fixture(scope="module")
def url():
    server = Server("teller", version="1", title="Teller", on_call_tool=_tell, on_list_tools=_no_tools)
    server.middleware.clear()
    with serving(Edge(server, public_url="http://127.0.0.1", allowed_hosts=["127.0.0.1"])) as address:
        yield address


@pytest.fixture(params=ERAS, ids=str)
def era(request):
    return request.param


def status(era, code):
    """The HTTP status that goes with an error of a well-formed request."""
    return {METHOD_NOT_FOUND: 404}.get(code, 400) if era == MODERN else 200


def call(url, era, arguments=None, *, name="tell", meta=None, **options):
    params = {"name": name, "arguments": arguments or {}} | ({} if meta is None else {"_meta": meta})
    return rpc(url, era, "tools/call", params, **options)


def post(url, era, message):
    body, lines = dressed(message, era)
    return send(url, body, lines)


# Requests


def test_a_call_needs_no_handshake(url, era):
    reply = call(url, era, {"a": 1})

    assert reply.status == 200
    assert reply.json["id"] == 1
    assert reply.json["result"]["structuredContent"]["arguments"] == {"a": 1}


@pytest.mark.parametrize("asked", ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])
@pytest.mark.parametrize("named", [True, False])
def test_the_handshake_agrees_on_the_revision_asked_for(url, asked, named):
    client = {"protocolVersion": asked, "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}

    reply = rpc(url, asked if named else None, "initialize", client)

    assert reply.json["result"]["protocolVersion"] == asked
    assert reply.json["result"]["serverInfo"]["title"] == "Teller"


def test_the_handshake_offers_what_the_server_speaks_to_a_client_from_the_future(url):
    client = {"protocolVersion": "2030-01-01", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}

    assert rpc(url, None, "initialize", client).json["result"]["protocolVersion"] == "2025-11-25"


def test_each_era_has_methods_of_its_own(url, era):
    old = era != MODERN

    for method, known in (("ping", old), ("server/discover", not old)):
        assert rpc(url, era, method).error == (None if known else METHOD_NOT_FOUND)
    assert (rpc(url, era, "initialize").error == METHOD_NOT_FOUND) is not old


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


# Revisions


@pytest.mark.parametrize("version", ["2024-01-01", "2030-01-01", "", "nonsense", "2025-06-18, 2025-06-18", "2025-6-18"])
def test_a_revision_nobody_serves_is_refused_with_the_list_of_those_served(url, version):
    reply = call(url, None, headers={"MCP-Protocol-Version": version})

    assert (reply.status, reply.error) == (400, UNSUPPORTED_PROTOCOL_VERSION)
    assert reply.json["error"]["data"] == {"supported": [MODERN], "requested": version}


def test_space_around_a_revision_is_none_of_it(url):
    assert call(url, None, headers={"MCP-Protocol-Version": " 2025-06-18 "}).status == 200


def test_a_notification_of_a_revision_nobody_serves_is_refused_too(url):
    body = json.dumps({"jsonrpc": "2.0", "method": "notifications/initialized"}).encode()

    reply = send(url, body, JSON_HEADERS | {"MCP-Protocol-Version": "1999-01-01"})

    assert reply.error == UNSUPPORTED_PROTOCOL_VERSION


def test_an_envelope_of_another_revision_than_the_header_is_a_mismatch(url):
    reply = call(url, MODERN, headers={"MCP-Protocol-Version": "2030-01-01"})

    assert (reply.status, reply.error) == (400, HEADER_MISMATCH)


@pytest.mark.parametrize("header", ["Mcp-Method", "Mcp-Name"])
@pytest.mark.parametrize("value", [None, "other", ""])
def test_routing_headers_must_say_what_the_body_says(url, header, value):
    reply = call(url, MODERN, headers={header: value})

    assert (reply.status, reply.error) == (400, HEADER_MISMATCH)


@pytest.mark.parametrize("header", ["MCP-Protocol-Version", "Mcp-Method", "Mcp-Name"])
def test_a_routing_header_must_not_come_twice(url, header):
    body, lines = dressed({**REQUEST, "method": "tools/call", "params": {"name": "tell"}}, MODERN)

    reply = send(url, body, lines, extra=[(header, lines[header])])

    assert (reply.status, reply.error) == (400, HEADER_MISMATCH)


@pytest.mark.parametrize("missing", ["protocolVersion", "clientCapabilities"])
def test_an_envelope_must_be_complete(url, missing):
    body, lines = dressed({**REQUEST, "method": "tools/call", "params": {"name": "tell"}}, MODERN)
    message = json.loads(body)
    del message["params"]["_meta"][f"io.modelcontextprotocol/{missing}"]

    reply = send(url, json.dumps(message).encode(), lines)

    assert (reply.status, reply.error) == (400, INVALID_PARAMS)


@pytest.mark.parametrize("value", [None, 1, [], {}, "2030-01-01"])
def test_odd_versions_in_the_envelope_are_no_fault_of_the_server(url, value):
    reply = call(url, MODERN, meta={"io.modelcontextprotocol/protocolVersion": value})

    assert (reply.status, reply.error) == (400, HEADER_MISMATCH)


@pytest.mark.parametrize("value", [None, 1, [], "x", {"sampling": 3}, {"name": 1}])
@pytest.mark.parametrize("key", ["clientInfo", "clientCapabilities"])
def test_odd_envelope_members_never_break_the_server(url, key, value):
    reply = call(url, MODERN, meta={f"io.modelcontextprotocol/{key}": value})

    assert reply.status in (200, 400)
    assert reply.error != INTERNAL_ERROR


def test_an_answer_of_2026_says_that_it_is_complete_and_who_gave_it(url):
    result = call(url, MODERN).json["result"]

    assert result["resultType"] == "complete"
    assert result["_meta"]["io.modelcontextprotocol/serverInfo"]["name"] == "teller"


# Faults of the server itself


def test_a_fault_of_a_handler_is_logged_and_never_shown(url, era, caplog):
    reply = call(url, era, name="break")

    assert (reply.status, reply.error) == (200, INTERNAL_ERROR)
    assert b"secret" not in reply.body
    assert "a secret of the server" in caplog.text
    assert [record.name for record in caplog.records if record.levelno >= logging.WARNING] == ["shopmcp.jsonrpc"]


def test_an_answer_that_is_awkward_to_write_arrives(url, era):
    reply = call(url, era, name="awkward")

    assert reply.json["result"]["structuredContent"] == {"number": 10**40, "half": "\ud800"}
