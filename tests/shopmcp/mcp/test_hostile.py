"""Whatever a client sends to the real tools, a real server answers sensibly: no 5xx, no −32603, no fault in its log."""

import itertools
import json
from http.client import HTTPConnection
from typing import Any

import pytest

from carts.conversation import KEYS
from shopmcp.composition import toolbox
from shopmcp.mcp.server import published
from tests.rpc import ERAS, dressed, send

REVISIONS = [era for era in ERAS if era]
# Whatever else is wrong is said in a result; −32603 and code 0 are faults of the server.
PROTOCOL_ERRORS = {-32700, -32600, -32601, -32602, -32020, -32021, -32022}
TEXTS = [
    "",
    " ",
    "\u0000",
    "a\u0000b",
    "\n\r\t\x1b[31m",
    "\u202e\u2066\u200b\ufeff",
    "\uffff\U0010ffff",
    "🛒👩‍👩‍👧" * 30,
    "שָׁלוֹם ק״ג",
    "e\u0301" * 40,
    "x" * 300,
    "x" * 20_000,
    "%",
    "_%\\",
    "'; DROP TABLE carts_session; --",
    '" OR ""="',
    "{{ 7*7 }} {% debug %} %(x)s {0} ${x}",
    "<script>alert(1)</script>",
    "../../../../etc/passwd",
    "..:0",
    ":",
    "shop:",
    ":sku",
    "NEAR(a b) AND NOT *",
    "http://[",
    "default",
    "None",
    "cart_",
    "cart_" + "A" * 60,
    "NaN",
    "١٢",
    "²",
    "1e5",
    "0x10",
]
NUMBERS = [0, -1, -5, 1, 2.5, -0.0, 999, 1000, 1e30, 1e-300, 2**31, 2**53 + 1, 2**63, 2**64, 10**40, True, False]
SHAPES: list[Any] = [
    None,
    [],
    {},
    [None],
    [[]],
    [{}],
    [1, "a"],
    {"": ""},
    {"a": {"b": [None]}},
    [{"product_id": "x"}] * 60,
]
_EVERY = [*TEXTS, *NUMBERS, *SHAPES]
# The 2025 revisions share one path: the newest gets every value, the others a sample.
VALUES = {era: _EVERY if era in ("2025-11-25", "2026-07-28") else _EVERY[::6] for era in REVISIONS}
NAMES = [
    "",
    " ",
    "\u0000",
    "self",
    "call",
    "cls",
    "args",
    "__class__",
    "__proto__",
    "model_config",
    "cart-id",
    "ש",
    "x" * 999,
]


_networks = itertools.cycle(range(256))


@pytest.fixture
def probe(live_shop):
    """Send a message and demand a sensible answer; at the end, demand that the server's log tells of no fault."""
    connection = HTTPConnection("127.0.0.1", live_shop.port, timeout=30)
    read = len(live_shop.output)
    # From a network of its own: calls without a known conversation count for the network.
    network = f"10.0.{next(_networks)}.1"

    def send(message, era):
        body, headers = dressed(message, era)
        headers["X-Forwarded-For"] = network
        connection.request("POST", "/mcp", body, headers)
        reply = connection.getresponse()
        answer = json.loads(reply.read())
        assert reply.status < 500, answer
        if "error" in answer:
            assert answer["error"]["code"] in PROTOCOL_ERRORS, answer
            assert reply.status == 200 or era == "2026-07-28" or answer["id"] is None
        else:
            refusal = answer["result"].get("structuredContent", {}).get("error", {})
            assert refusal.get("code") != "internal_error", message
            assert bool(refusal) == answer["result"].get("isError", False)
            assert all(item["text"] for item in answer["result"]["content"])
        return answer

    yield send

    connection.close()
    written = live_shop.output[read:]
    assert "Traceback" not in written, written
    assert " ERROR " not in written, written


def called(name, arguments, *, meta=None, id=1, **beside):
    params = {"name": name, "arguments": arguments, "_meta": {"openai/session": "hostile"} if meta is None else meta}
    return {"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params, **beside}


@pytest.fixture(params=REVISIONS)
def era(request):
    return request.param


@pytest.fixture(params=sorted(toolbox.tools))
def tool(request):
    return published(toolbox.tools[request.param])


def plausible(tool):
    """Arguments of the right types for what the tool demands."""
    plain = {"string": "x", "integer": 1, "array": [], "boolean": True, "number": 1}
    properties = tool.input_schema["properties"]
    return {name: plain[properties[name].get("type", "string")] for name in tool.input_schema.get("required", [])}


def test_odd_values_for_every_argument(probe, tool, era):
    for name in tool.input_schema["properties"]:
        for value in VALUES[era]:
            probe(called(tool.name, {**plausible(tool), name: value}), era)


def test_odd_values_in_a_list_of_items(probe, era):
    for value in VALUES[era]:
        for item in (
            {"product_id": value},
            {"product_id": "x", "quantity": value},
            {"product_id": value, "more": 1},
            value,
        ):
            probe(called("add_to_cart", {"items": [item]}), era)
        probe(called("add_to_cart", {"items": json.dumps([value])}), era)
    for text in ("[", "[]", "[" * 900, "[" * 9000 + "]" * 9000, '{"a":1}', "[NaN]", "[1e999]", '["\\ud800"]', "null"):
        probe(called("add_to_cart", {"items": text}), era)


def test_odd_argument_names(probe, tool, era):
    for name in NAMES:
        probe(called(tool.name, {**plausible(tool), name: 1}), era)
    probe(called(tool.name, {f"argument {n}": n for n in range(2000)}), era)
    probe(called(tool.name, {**plausible(tool), "deep": nested(50)}), era)


def test_arguments_that_are_no_object(probe, tool, era):
    values: list[Any] = [None, [], "x", 5, True, [{}]]
    for value in values:
        probe(called(tool.name, value), era)
    message = called(tool.name, {})
    del message["params"]["arguments"]
    probe(message, era)


def test_odd_conversation_ids(probe, era):
    for value in VALUES[era]:
        for key in KEYS:
            probe(called("debug_session", {}, meta={key: value}), era)
        probe(called("view_cart", {}, meta={}, _meta={"openai/session": value}), era)
        subject = {"openai/session": "hostile", "openai/subject": value}
        probe(called("add_to_cart", {"product_id": "x"}, meta=subject), era)


def test_odd_things_that_hosts_tell(probe, era):
    keys = ["openai/locale", "openai/userAgent", "openai/userLocation", "openai/organization", "progressToken"]
    for value in VALUES[era]:
        for key in keys:
            probe(called("debug_session", {}, meta={"openai/session": "hostile", key: value}), era)
        probe(called("search_products", {}, meta={"openai/locale": value}), era)
        for client in (value, {"name": value, "version": value}):
            probe(called("debug_session", {}, meta={"io.modelcontextprotocol/clientInfo": client}), era)


def test_a_crowded_and_a_deep_meta(probe, era):
    for meta in (
        {f"key {n}": n for n in range(2000)},
        dict.fromkeys(NAMES, 1),
        {text: text for text in TEXTS},
        {"openai/session": "hostile", "deep": nested(50)},
    ):
        probe(called("debug_session", {}, meta=meta), era)
        probe(called("debug_session", {}, meta={}, _meta=meta), era)


def test_odd_tool_names(probe, era):
    for value in [*TEXTS, *NAMES, "View_cart", "view_cart ", "view-cart", *NUMBERS, *SHAPES]:
        assert "error" in probe(called(value, {}), era)


def test_other_methods_with_odd_params(probe, live_shop, era):
    methods = ["resources/read", "prompts/get", "completion/complete", "tools/list", "logging/setLevel", "initialize"]
    values: list[Any] = ["x", 1, None, [], {}, "file:///etc/passwd", {"type": "ref/prompt", "name": "x"}]
    for method in [*methods, "subscriptions/listen", "resources/subscribe", "server/discover", "ping", "nonsense"]:
        for key in ("uri", "name", "ref", "cursor", "level", "protocolVersion", "_meta"):
            for value in values:
                message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {key: value}}
                reply = send(live_shop.url, *dressed(message, era))
                assert reply.status < 500
                assert reply.error not in (0, -32603)


def test_after_all_that_the_shop_still_sells(probe, era):
    found = probe(called("search_products", {"in_stock_only": True}), era)["result"]["structuredContent"]["products"]
    added = called("add_to_cart", {"product_id": found[0]["product_id"]}, meta={"openai/session": f"after {era}"})

    assert probe(added, era)["result"]["structuredContent"]["item_count"] == 1


def nested(depth):
    return json.loads("[" * depth + "]" * depth)
