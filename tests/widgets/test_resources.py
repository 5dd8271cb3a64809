"""The widgets as a client meets them: listed, read at former addresses, and named by the tools that they show."""

import json
import re
from dataclasses import replace

import pytest
from asgiref.sync import async_to_sync

from shopmcp.composition import endpoint, toolbox
from shopmcp.mcp.jsonrpc import answer
from shopmcp.mcp.widgets import EXTENSION, MIME_TYPE
from tests.rpc import ERAS, MODERN
from widgets.resources import WIDGETS, html_of
from widgets.texts import texts_of

SHOWN = {"search_products": "products", "get_product": "product", "view_cart": "cart"}
PROTOCOL = "io.modelcontextprotocol/protocolVersion"
ADDRESSES = {widget.name: widget.address for widget in WIDGETS}


@pytest.fixture(params=[era for era in ERAS if era])
def era(request):
    return request.param


@pytest.fixture
def ask(db, era):
    """Ask the endpoint as a client of each revision does; gives the result, or the error."""

    @async_to_sync
    async def ask(method, **params):
        envelope = {PROTOCOL: era, "io.modelcontextprotocol/clientCapabilities": {}} if era == MODERN else {}
        message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {**params, "_meta": envelope}}
        headers = {"mcp-protocol-version": era, "mcp-method": method, "mcp-name": params.get("uri", "")}
        lines = [(name.encode(), value.encode()) for name, value in headers.items() if value]
        reply = json.loads((await answer(endpoint, json.dumps(message).encode(), lines)).body)
        return reply.get("result") or reply["error"]

    return ask


def listed(ask):
    return [entry for entry in ask("resources/list")["resources"] if entry["uri"].startswith("ui://")]


def read(ask, uri):
    (content,) = ask("resources/read", uri=uri)["contents"]
    return content


def test_the_extension_is_told(ask, era):
    hello = {"protocolVersion": era, "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
    told = ask("server/discover") if era == MODERN else ask("initialize", **hello)

    assert told["capabilities"]["extensions"] == {EXTENSION: {}}


def test_three_widgets_are_listed_and_read(ask):
    assert [entry["uri"] for entry in listed(ask)] == list(ADDRESSES.values())
    for entry in listed(ask):
        content = read(ask, entry["uri"])
        assert entry["mimeType"] == content["mimeType"] == MIME_TYPE
        assert entry["description"]
        assert content["text"].startswith("<!DOCTYPE html>")
        assert entry["_meta"] == content["_meta"]


def test_a_widget_says_what_it_loads_and_what_it_shows(ask):
    for entry in listed(ask):
        ui = entry["_meta"]["ui"]
        assert ui["csp"] == {"connectDomains": [], "resourceDomains": [ui["domain"]]}
        assert re.fullmatch(r"https?://[^/]+", ui["domain"])
        assert ui["prefersBorder"] is True
        assert entry["_meta"]["openai/widgetDescription"] == entry["description"]
        assert entry["_meta"]["openai/widgetCSP"]["redirect_domains"] == [ui["domain"]]


def test_former_addresses_answer_with_the_newest_html(ask):
    for name, address in ADDRESSES.items():
        former = f"ui://shopmcp/{name}/0123456789ab.html"
        content = read(ask, former)
        assert (content["uri"], content["text"]) == (former, read(ask, address)["text"])


@pytest.mark.parametrize("address", ["ui://shopmcp/other/0123456789ab.html", "ui://shopmcp/cart/x.html", "ui://"])
def test_no_other_address_is_a_widget(ask, address):
    assert ask("resources/read", uri=address)["message"] == "Unknown resource"


def test_only_reading_tools_that_show_something_have_one(ask):
    for tool in ask("tools/list")["tools"]:
        name, meta = tool["name"], tool.get("_meta", {})
        if name in SHOWN:
            assert meta["ui"] == {"resourceUri": ADDRESSES[SHOWN[name]]}
            assert meta["openai/outputTemplate"] == ADDRESSES[SHOWN[name]]
            assert toolbox.tools[name].hints["read_only"]
        else:
            assert not {"ui", "openai/outputTemplate"} & meta.keys()


def test_an_address_changes_with_what_a_host_keeps_and_with_nothing_else():
    for widget in WIDGETS:
        again = replace(widget)
        assert again.address == widget.address
        assert replace(widget, make=lambda: "<p>").address != widget.address
        assert replace(widget, origin="https://other.example.com").address != widget.address
        assert replace(widget, description="Another.").address != widget.address


@pytest.mark.parametrize("name", ADDRESSES)
def test_a_widget_is_small_and_whole(name):
    html = html_of(name)

    assert len(html.encode()) < 20_000
    for left in ("/* ", "// ", "\n  ", "http-equiv"):
        assert left not in html
    assert html.count("<script") == html.count("</script>") == 2
    # All of its own is inline: only the script asks for pictures and the shop's colours.
    assert not re.search(r"<(link|img|iframe)|src=|@import|innerHTML|insertAdjacent|document\.write|eval\(", html)


def test_the_sentences_are_there_in_each_language():
    for name in ADDRESSES:
        texts = texts_of(name)
        assert texts["en"].keys() == texts["he"].keys()
        script = html_of(name)
        for key, text in texts["he"].items():
            assert re.search("[א-ת]", text), key
            assert re.search(rf"texts\.{key}\b|tell\(\"{key}\"|\"{key}\"|is_|texts\[", script), key


def test_no_sentence_ends_the_script(settings):
    settings.PUBLIC_URL = "https://shop.example.com/</script><script>"

    assert html_of("cart").count("</script>") == 2


@pytest.mark.parametrize(("policy", "writes", "shared"), [("isolate", 1, 0), ("shared", 1, 1), ("refuse", 0, 0)])
def test_a_widget_knows_what_a_call_without_an_id_may_do(settings, policy, writes, shared):
    settings.SHOPMCP_UNKEYED_CALLS = policy

    config = html_of("cart")
    assert f'"writes":{str(bool(writes)).lower()},"shared":{str(bool(shared)).lower()}' in config
