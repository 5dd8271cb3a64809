"""Whom a token names, and how clients are told to sign somebody in, over real HTTP."""

from threading import Event

import pytest
from django.db import OperationalError
from pydantic import BaseModel

from shopmcp.mcp import bearer
from shopmcp.mcp.access import Holder
from shopmcp.mcp.call import Answer, Call
from shopmcp.mcp.endpoint import make_endpoint
from shopmcp.mcp.http import Edge
from shopmcp.mcp.resources import Resources
from shopmcp.mcp.tools import Toolbox, tool
from tests.live import serving
from tests.rpc import ERAS, rpc

METADATA = 'Bearer resource_metadata="http://127.0.0.1:8000/.well-known/oauth-protected-resource/mcp"'
ASKED = f'{METADATA}, scope="cart orders"'
EVERYTHING = frozenset(("cart", "orders"))
HOLDERS = {"dana": Holder(7, EVERYTHING), "carts": Holder(7, frozenset(("cart",)))}


class Told(BaseModel):
    person: int | None


def tell(call: Call) -> Answer[Told]:
    return Answer("told", Told(person=call.person))


@tool(title="Look", read_only=True)
def look(call: Call) -> Answer[Told]:
    """Look."""
    return tell(call)


@tool(title="Orders", read_only=True, scopes="orders")
def orders(call: Call) -> Answer[Told]:
    """Orders."""
    return tell(call)


@tool(title="Link", idempotent=True, scopes="cart orders", needs_person=True)
def link(call: Call) -> Answer[Told]:
    """Link."""
    return tell(call)


class Asked(list[str]):
    """The tokens that were looked up."""

    broken = Event()

    def holder_of(self, token):
        if self.broken.is_set():
            raise OperationalError("away")
        self.append(token)
        return HOLDERS.get(token)


@pytest.fixture(scope="module")
def shop():
    asked = Asked()
    toolbox = Toolbox([look, orders, link])
    edge = Edge(
        make_endpoint(toolbox, Resources([])),
        public_url="http://127.0.0.1:8000",
        allowed_hosts=["127.0.0.1"],
        holder_of=asked.holder_of,
    )
    with serving(edge) as address:
        address.asked = asked
        yield address


@pytest.fixture(autouse=True)
def accounts(settings, shop):
    settings.MAIL_IS_SET = True
    shop.asked.clear()


@pytest.fixture(params=ERAS, ids=str)
def era(request):
    return request.param


def call(shop, era, name, token=None, meta=None, **more):
    headers = {"Authorization": token and f"Bearer {token}"}
    params = {"name": name, "arguments": {}} | ({"_meta": meta} if meta else {})
    return rpc(shop, era, "tools/call", params, headers=headers, **more)


def person(reply):
    return reply.json["result"]["structuredContent"]["person"]


def test_a_token_names_the_person_of_a_call(shop, era):
    assert person(call(shop, era, "look", "dana")) == 7
    assert person(call(shop, era, "look")) is None
    assert person(call(shop, era, "orders")) is None


def test_a_call_without_a_token_looks_nothing_up(shop, era):
    call(shop, era, "look")
    rpc(shop, era, "tools/list", {})

    assert shop.asked == []


@pytest.mark.parametrize("name", ["look", "orders", "link", "nothing"])
def test_a_bad_token_is_never_nobodys_call(shop, era, name):
    reply = call(shop, era, name, "forged", meta={"openai/session": "c1"})

    assert reply.status == 401
    assert reply.headers["www-authenticate"] == f'{ASKED}, error="invalid_token"'
    assert "result" not in reply.json


def test_a_bad_token_is_refused_whatever_is_asked(shop, era):
    assert rpc(shop, era, "tools/list", {}, headers={"Authorization": "Bearer forged"}).status == 401


@pytest.mark.parametrize(
    "lines", [["Bearer "], ["bearer"], ["Bearer dana", "Bearer dana"], [f"Bearer {'a' * 600}"], ["Bearer dána"]]
)
def test_what_is_no_single_token_is_a_bad_one(shop, lines):
    reply = rpc(shop, None, "tools/list", {}, headers={"Authorization": lines[0].encode("latin-1").decode("latin-1")})
    if len(lines) > 1:
        from tests.rpc import dressed, send

        body, headers = dressed({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}, None)
        reply = send(shop, body, headers, extra=[("Authorization", line) for line in lines])

    assert reply.status == 401


@pytest.mark.parametrize("line", ["bearer dana", "BEARER  dana "])
def test_the_scheme_is_read_in_any_case(shop, line):
    assert rpc(shop, None, "tools/list", {}, headers={"Authorization": line}).status == 200


def test_another_scheme_is_a_proxys_own(shop, era):
    params = {"name": "look", "arguments": {}}
    reply = rpc(shop, era, "tools/call", params, headers={"Authorization": "Basic eDp5"})

    assert person(reply) is None
    assert shop.asked == []


def test_a_call_for_a_person_begins_signing_in(shop, era):
    reply = call(shop, era, "link")

    assert reply.status == 401
    assert reply.headers["www-authenticate"] == ASKED
    assert reply.json["id"] == 1
    assert "sign in" in reply.json["error"]["message"]


def test_chatgpt_is_told_in_the_result(shop, era):
    reply = call(shop, era, "link", meta={"openai/session": "c1"})
    result = reply.json["result"]

    assert reply.status == 200
    assert "www-authenticate" not in reply.headers
    assert result["isError"]
    assert result["structuredContent"]["error"]["code"] == "sign_in_needed"
    (challenge,) = result["_meta"]["mcp/www_authenticate"]
    assert challenge.startswith(f'{ASKED}, error="insufficient_scope", error_description="')


def test_both_are_told_so_by_the_sdk_too(shop):
    """A call with a progress token is answered by the SDK."""
    for era in ("2025-06-18", "2026-07-28"):
        assert call(shop, era, "link", meta={"progressToken": 1}).status == 401
        reply = call(shop, era, "link", meta={"progressToken": 1, "openai/session": "c1"})
        assert "mcp/www_authenticate" in reply.json["result"]["_meta"]
        assert person(call(shop, era, "link", "dana", meta={"progressToken": 1})) == 7


def test_a_token_opens_a_call_for_a_person(shop, era):
    assert person(call(shop, era, "link", "dana")) == 7


def test_a_token_that_opens_too_little_is_told_what_is_missing(shop, era):
    reply = call(shop, era, "orders", "carts")

    assert reply.status == 403
    assert reply.headers["www-authenticate"] == f'{ASKED}, error="insufficient_scope"'
    assert person(call(shop, era, "look", "carts")) == 7
    result = call(shop, era, "orders", "carts", meta={"openai/session": "c1"}).json["result"]
    assert result["structuredContent"]["error"]["code"] == "insufficient_scope"


def test_no_token_of_a_request_is_left_for_the_next(shop, era):
    assert [person(call(shop, era, "look", token)) for token in ("dana", None, "dana", None)] == [7, None, 7, None]


def test_where_nobody_can_sign_in_nobody_is_asked_to(shop, era, settings):
    settings.MAIL_IS_SET = False

    reply = call(shop, era, "link")

    assert reply.status == 200
    assert "This shop has no accounts." in reply.json["result"]["content"][0]["text"]
    assert "mcp/www_authenticate" not in reply.json["result"].get("_meta", {})


def test_a_token_that_cannot_be_looked_up_names_nobody_for_now(shop, era):
    shop.asked.broken.set()
    try:
        reply = call(shop, era, "look", "dana")
    finally:
        shop.asked.broken.clear()

    assert reply.status == 503
    assert reply.headers["retry-after"] == "2"
    assert "result" not in reply.json


def test_a_flood_of_bad_tokens_is_not_looked_up(shop):
    for _ in range(999):
        bearer.bad_tokens.take("127.0.0.1")
    call(shop, None, "look", "forged")
    reply = call(shop, None, "look", "forged")

    assert reply.status == 429
    assert reply.headers["retry-after"]
    assert shop.asked == ["forged"]
    assert call(shop, None, "look").status == 200


def test_tools_declare_on_the_wire_what_a_person_is_to_them(shop, era):
    tools = {tool["name"]: tool for tool in rpc(shop, era, "tools/list", {}).json["result"]["tools"]}

    oauth = {"type": "oauth2", "scopes": ["orders"]}
    assert (
        tools["orders"]["securitySchemes"] == tools["orders"]["_meta"]["securitySchemes"] == [{"type": "noauth"}, oauth]
    )
    assert tools["link"]["securitySchemes"] == [{"type": "oauth2", "scopes": ["cart", "orders"]}]
    assert "securitySchemes" not in tools["look"]
