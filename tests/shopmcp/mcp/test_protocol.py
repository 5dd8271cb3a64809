"""What tells the revisions of the protocol apart: the handshake, the envelope and the headers that route."""

import json

import pytest
from mcp_types.jsonrpc import HEADER_MISMATCH, UNSUPPORTED_PROTOCOL_VERSION

from tests.rpc import ERAS, JSON_HEADERS, MODERN, dressed, rpc, send
from tests.shopmcp.mcp.teller import INTERNAL_ERROR, INVALID_PARAMS, METHOD_NOT_FOUND, call, teller

REQUEST = {"jsonrpc": "2.0", "id": 1, "method": "ping"}


@pytest.fixture(scope="module")
def url():
    with teller() as address:
        yield address


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


@pytest.mark.parametrize("era", ERAS, ids=str)
def test_each_era_has_methods_of_its_own(url, era):
    old = era != MODERN

    for method, known in (("ping", old), ("server/discover", not old)):
        assert rpc(url, era, method).error == (None if known else METHOD_NOT_FOUND)
    assert (rpc(url, era, "initialize").error == METHOD_NOT_FOUND) is not old


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
