"""Pages that run on the shop's own machine, such as an inspector's, and those that do not."""

import pytest

from tests.rpc import ERAS, dressed, rpc, send
from tests.shopmcp.mcp.teller import teller

CALL = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "tell", "arguments": {}}}
WANTED = "content-type,mcp-protocol-version, X-Of-My-Own"
ASKING = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": WANTED}
LOCAL = ["http://localhost:6274", "http://127.0.0.1", "https://[::1]:4443"]
FOREIGN = ["https://evil.example", "http://localhost.evil.example", "null", "http://127.0.0.1.evil.example:6274", ""]


@pytest.fixture(scope="module")
def url():
    with teller() as address:
        yield address


@pytest.fixture(scope="module")
def public_url():
    """A server whose shop is reached at https://shop.example.com."""
    with teller("https://shop.example.com", ["shop.example.com"]) as address:
        yield address


def sharing(reply):
    """The headers by which a browser lets a page read the answer."""
    return {name.lower(): value for name, value in reply.headers.items() if name.lower().startswith("access-control-")}


def preflight(url, origin, **headers):
    return send(url, method="OPTIONS", headers={"Origin": origin} | ASKING | headers)


@pytest.mark.parametrize("origin", LOCAL)
def test_a_local_page_may_ask_a_local_shop_before_it_calls(url, origin):
    reply = preflight(url, origin)

    assert (reply.status, reply.body, reply.headers["vary"]) == (204, b"", "origin")
    assert sharing(reply) == {
        "access-control-allow-origin": origin,
        "access-control-allow-methods": "POST",
        "access-control-allow-headers": WANTED,
        "access-control-max-age": "600",
    }


@pytest.mark.parametrize("era", ERAS, ids=str)
@pytest.mark.parametrize("origin", LOCAL)
def test_a_local_page_may_read_answers_and_refusals(url, era, origin):
    body, lines = dressed(CALL, era)
    for status, headers in ((200, {}), (400, {"Content-Type": "text/plain"})):
        reply = send(url, body, lines | {"Origin": origin} | headers)

        assert (reply.status, reply.headers["vary"]) == (status, "origin")
        assert sharing(reply) == {
            "access-control-allow-origin": origin,
            "access-control-expose-headers": "retry-after, www-authenticate",
        }


@pytest.mark.parametrize("wanted", ["x y", "a,,b", "a;b", "*", "é".encode()], ids=repr)
def test_odd_names_of_headers_are_not_allowed(url, wanted):
    reply = preflight(url, LOCAL[0], **{"Access-Control-Request-Headers": wanted})

    assert reply.status == 204
    assert "access-control-allow-headers" not in sharing(reply)


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_page_from_elsewhere_is_refused_by_a_local_shop_as_ever(url, origin):
    for reply in (preflight(url, origin), rpc(url, None, "tools/call", CALL["params"], headers={"Origin": origin})):
        assert reply.status == 403
        assert sharing(reply) == {}


@pytest.mark.parametrize("origin", [*LOCAL, *FOREIGN, "http://shop.example.com"])
def test_a_public_shop_answers_no_preflight_of_others(public_url, origin):
    reply = preflight(public_url, origin)

    assert reply.status == 403
    assert sharing(reply) == {}


def test_a_public_shop_s_own_page_needs_no_preflight_and_gets_none(public_url):
    origin = "https://shop.example.com"
    asked = preflight(public_url, origin)
    called = rpc(public_url, None, "tools/call", CALL["params"], headers={"Origin": origin})

    assert (asked.status, asked.headers["allow"], called.status) == (405, "POST", 200)
    assert sharing(asked) == sharing(called) == {}


def test_a_request_without_an_origin_or_for_another_host_is_no_preflight(url):
    assert send(url, method="OPTIONS", headers=ASKING).status == 405
    assert send(url, method="OPTIONS", headers={"Origin": LOCAL[0]}).status == 405
    for reply in (preflight(url, LOCAL[0], Host="evil.example"), preflight(url, LOCAL[0], Host="")):
        assert reply.status == 421
        assert sharing(reply) == {}
