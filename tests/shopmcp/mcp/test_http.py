"""Who may ask and in which shape, over real HTTP."""

import logging

import pytest

from tests.rpc import ERAS, dressed, rpc, send
from tests.shopmcp.mcp.teller import teller

PING = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "echo", "arguments": {}}}


@pytest.fixture(scope="module")
def url():
    with teller() as address:
        yield address


@pytest.fixture(scope="module")
def public_url():
    """A server whose shop is reached at https://shop.example.com."""
    with teller("https://shop.example.com", ["shop.example.com", ".shops.example.net"]) as address:
        yield address


@pytest.fixture(params=ERAS, ids=str)
def era(request):
    return request.param


def post(url, era, headers=None, **options):
    body, lines = dressed(PING, era)
    return send(url, options.pop("body", body), lines | (headers or {}), **options)


# Methods


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "PATCH", "HEAD", "TRACE", "PROPFIND"])
def test_everything_but_post_is_answered_405(url, era, method):
    reply = post(url, era, method=method)

    assert reply.status == 405
    assert reply.headers["allow"] == "POST"


def test_a_get_that_wants_a_stream_is_not_left_hanging(url):
    assert send(url, method="GET", headers={"Accept": "text/event-stream"}).status == 405


# Answers


def test_an_answer_is_json_that_nothing_may_store_or_sniff(url, era):
    reply = post(url, era)

    assert (reply.status, reply.json["result"]["content"][0]["text"]) == (200, "heard")
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert "mcp-session-id" not in reply.headers


def test_a_refusal_that_waiting_helps_names_the_seconds_in_a_header_too(url, era):
    params = {"name": "limited", "arguments": {}}
    reply = rpc(url, era, "tools/call", params)

    assert (reply.status, reply.headers["retry-after"]) == (200, "7")
    assert reply.json["result"]["structuredContent"]["error"]["retry_after"] == 7


def test_refusals_before_the_protocol_say_in_words_what_is_wrong(url, era):
    reply = post(url, era, {"Content-Type": "text/plain"})

    assert reply.json["jsonrpc"] == "2.0"
    assert reply.json["id"] is None
    assert reply.json["error"]["message"] == "Content-Type must be application/json."


# Accept and Content-Type


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        (None, 200),
        ("", 200),
        ("*/*", 200),
        ("application/*", 200),
        ("application/json", 200),
        ("APPLICATION/JSON; q=0.9", 200),
        ("text/event-stream, application/json", 200),
        ("text/event-stream", 200),
        ("text/event-stream;q=0.5", 200),
        ("*", 200),
        ("text/*", 200),
        ("text/html, *;q=0.1", 200),
        ("text/html", 406),
        ("image/*", 406),
    ],
)
def test_accept_may_be_missing_or_anything_that_allows_json(url, era, accept, status):
    assert post(url, era, {"Accept": accept}).status == status


LENIENT = [None, "", "application/octet-stream", "Application/Octet-Stream; x=y"]
JSON_TYPES = ["application/json", "application/json; charset=utf-8", 'APPLICATION/JSON ; charset="UTF-8"']
REFUSED = [
    "text/plain",
    "text/plain; charset=application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/jsonx",
    "application/json-patch+json",
    "application/json,text/plain",
    "text/json",
    "json",
]


@pytest.mark.parametrize("kind", LENIENT)
def test_an_unnamed_body_is_taken_from_scripts_and_refused_from_browsers(url, era, kind):
    assert post(url, era, {"Content-Type": kind}).status == 200
    assert post(url, era, {"Content-Type": kind, "Origin": "http://127.0.0.1:8000"}).status == 400


@pytest.mark.parametrize("kind", JSON_TYPES)
def test_json_is_taken_with_and_without_parameters(url, era, kind):
    assert post(url, era, {"Content-Type": kind}).status == 200
    assert post(url, era, {"Content-Type": kind, "Origin": "http://127.0.0.1:8000"}).status == 200


@pytest.mark.parametrize("kind", REFUSED)
def test_what_a_page_could_send_unasked_is_refused_from_everybody(url, era, kind):
    assert post(url, era, {"Content-Type": kind}).status == 400
    assert post(url, era, {"Content-Type": kind, "Origin": "http://127.0.0.1:8000"}).status == 400


def test_two_content_types_are_refused(url, era):
    assert post(url, era, extra=[("Content-Type", "text/plain")]).status == 400


# Host and Origin


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:9", "localhost:8000", "LOCALHOST", "[::1]:80"])
def test_loopback_hosts_are_always_served(url, public_url, era, host):
    assert post(url, era, {"Host": host}).status == 200
    assert post(public_url, era, {"Host": host}).status == 200


@pytest.mark.parametrize(
    "host", ["shop.example.com", "shop.example.com:443", "Shop.Example.Com", "a.shops.example.net"]
)
def test_the_hosts_of_the_settings_are_served(public_url, era, host):
    assert post(public_url, era, {"Host": host}).status == 200


@pytest.mark.parametrize(
    "host",
    [
        None,
        "",
        "evil.example",
        "shop.example.com.evil.example",
        "evil-shop.example.com",
        "127.0.0.1.evil.example",
        "127.0.0.1:80@evil.example",
        "localhost:evil",
        "shop.example.com, evil.example",
        "a" * 400,
        "\u00fc".encode(),
    ],
)
def test_another_host_is_refused_with_a_sentence_that_names_the_setting(public_url, era, host, caplog):
    with caplog.at_level(logging.WARNING):
        reply = post(public_url, era, {"Host": host})

    assert reply.status == 421
    assert "PUBLIC_URL" in reply.json["error"]["message"]
    assert "PUBLIC_URL" in caplog.text


def test_two_hosts_are_refused(public_url, era):
    assert post(public_url, era, extra=[("Host", "shop.example.com")]).status == 421


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "https://evil.example",
        "http://shop.example.com",
        "https://shop.example.com:8443",
        "https://shop.example.com.evil.example",
        "https://shop.example.com@evil.example",
        "https://shop.example.com/",
        "https://a.shops.example.net",
        "http://127.0.0.1:8000",
        "file://",
        "https://[",
        "https://shop.example.com:port",
    ],
)
def test_a_page_of_another_origin_is_refused(public_url, era, origin):
    assert post(public_url, era, {"Origin": origin}).status == 403


@pytest.mark.parametrize("origin", ["https://shop.example.com", "https://shop.example.com:443"])
def test_the_pages_of_the_shop_may_call(public_url, era, origin):
    assert post(public_url, era, {"Origin": origin, "Host": "shop.example.com"}).status == 200


def test_one_good_origin_does_not_excuse_a_second_bad_one(public_url, era):
    reply = post(public_url, era, {"Origin": "https://shop.example.com"}, extra=[("Origin", "https://evil.example")])

    assert reply.status == 403


@pytest.mark.parametrize("origin", ["http://localhost:6274", "http://127.0.0.1", "https://[::1]:4443"])
def test_local_pages_may_call_while_the_shop_itself_is_local(url, public_url, era, origin):
    assert post(url, era, {"Origin": origin}).status == 200
    assert post(public_url, era, {"Origin": origin}).status == 403


def test_a_public_page_may_not_call_a_local_shop(url, era):
    assert post(url, era, {"Origin": "https://evil.example"}).status == 403
    assert post(url, era, {"Origin": "http://localhost.evil.example"}).status == 403


def test_a_session_id_of_the_transport_is_ignored(url, era):
    assert post(url, era, {"Mcp-Session-Id": "nobody-knows-it"}).status == 200


def test_an_unknown_method_is_told_by_the_protocol(url):
    assert rpc(url, None, "nonsense").error == -32601
