"""A cart that goes from chat to chat: by links in a browser, and by the OAuth code of the official clients."""

import json
import re
import subprocess
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
from asgiref.sync import async_to_sync
from mcp.client import Client
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientMetadata

from tests.my.mailing import look
from tests.shopmcp.mcp.test_typescript import modules
from tests.shopper import code_to

__all__ = ["modules"]

SCRIPT = Path(__file__).parents[1] / "node" / "sign_in.mjs"


class Memory:
    """What the Python client keeps."""

    tokens = client = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client):
        self.client = client


class Own(HTTPServer):
    came: list[dict[str, str]]
    url: str


@contextmanager
def callback():
    """A program's own address on loopback; `came` are the queries that a browser brought there."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            if urlsplit(self.path).path == "/callback":
                server.came.append({name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()})
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><link rel=icon href=data:,><title>Done</title>")

        def log_message(self, *_):
            pass

    server = Own(("127.0.0.1", 0), Handler)
    server.came = []
    server.url = f"http://127.0.0.1:{server.server_port}/callback"
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def sign_in(shop, browser, email):
    """Sign in on the page at hand."""
    browser.evaluate(f"document.querySelector('[name=email]').value = '{email}'")
    browser.click_through("main button")
    browser.evaluate(f"document.querySelector('[name=code]').value = '{code_to(shop, email)}'")
    browser.click_through("[value=verify]")


def allow(browser, back, address, language="en"):
    """Open the page of a client, allow it, and return what came back to the client."""
    browser.open(address)
    look(browser, language)
    assert "127.0.0.1" in browser.evaluate("document.querySelector('main').innerText")
    browser.click_through("[name=allow]")
    return back.came.pop()


def in_python(shop, back, visit, work):
    """Run a coroutine function with the Python client, which signs in when it is told to."""

    async def open_page(address):
        visit(address)

    async def came():
        told = back.came.pop()
        return AuthorizationCodeResult(code=told["code"], state=told["state"], iss=told["iss"])

    details = OAuthClientMetadata(
        client_name="Python", redirect_uris=[back.url], grant_types=["authorization_code", "refresh_token"]
    )
    provider = OAuthClientProvider(shop.mcp_url, details, Memory(), open_page, came)

    @async_to_sync
    async def run():
        async with (
            httpx2.AsyncClient(auth=provider, timeout=60) as http,
            Client(streamable_http_client(shop.mcp_url, http_client=http)) as client,
        ):

            async def call(chat, name, **arguments):
                meta: Any = {"vscode.conversationId": chat}
                return await client.call_tool(name, arguments, meta=meta)

            return await work(call)

    return run()


def in_typescript(shop, modules, back, visit, calls):
    """Make the calls with the TypeScript client, which signs in when it is told to; return their outcomes."""
    command = ["node", str(SCRIPT), str(modules), shop.mcp_url, back.url, json.dumps(calls)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        outcomes = []
        for line in process.stdout:
            told = json.loads(line)
            if "open" in told:
                visit(told["open"])
                process.stdin.write(f"{back.came.pop()['code']}\n")
                process.stdin.flush()
            else:
                outcomes.append(told)
    assert process.returncode == 0
    return outcomes


def kept_cart(shop, browser):
    """Let a chat that knows nobody fill a cart, and the shopper keep it with their account."""
    a = {"openai/session": "journey A"}
    shop.call_tool("add_to_cart", meta=a, product_id="shop:honey", quantity=2)
    browser.look_like(width=390, scripts=False)
    browser.open(shop.call_tool("get_checkout_link", meta=a)["structuredContent"]["url"])
    browser.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true; })")
    browser.click_through("a[href*='/my/keep/']")
    sign_in(shop, browser, "journey@example.com")
    browser.click_through("main form button")


async def bring(call):
    """Bring the other cart into a new chat of the shopper."""
    before = await call("journey B", "list_orders")
    linked = await call("journey B", "link_account")
    code = re.search(r"the code (\S+) brings", linked.content[0].text)[1]
    brought = await call("journey B", "resume_cart", code=code, mode="move")
    link = await call("journey B", "get_checkout_link")
    return before, linked, brought, link.structured_content["url"]


def order(browser, link):
    """Order a cart on its page."""
    browser.open(link)
    browser.evaluate("document.querySelector('[name=name]').value = 'Dana Levi'")
    browser.evaluate("document.querySelector('[name=phone]').value = '050-2345678'")
    browser.click(".choice [name=delivery][data-pickup]")
    browser.click_through(".pay")
    if not urlsplit(browser.evaluate("location.href")).path.startswith("/orders/"):
        browser.click_through(".pay")  # without scripts the new sum is shown first
    assert urlsplit(browser.evaluate("location.href")).path.startswith("/orders/")


def end_every_access(shop, browser, count):
    browser.look_like(width=390, scripts=False)
    browser.open(f"{shop.url}/my/access/?lang=en")
    look(browser, "en")
    forms = "document.querySelectorAll('main form').length"
    assert browser.evaluate(forms) == count
    for left in reversed(range(count)):
        browser.click_through("main form button")
        assert browser.evaluate(forms) == left
    look(browser, "en")


def test_a_cart_goes_from_chat_to_chat_and_is_ordered_again(shop, browser, modules):
    kept_cart(shop, browser)
    with callback() as back:

        def visit(address):
            back.came.append(allow(browser, back, address))

        before, linked, brought, link = in_python(shop, back, visit, bring)
    assert before.structured_content == {"orders": []}
    assert linked.structured_content == {"linked": True}
    assert [line["quantity"] for line in brought.structured_content["lines"]] == [2]
    assert browser.complaints == []
    order(browser, link)

    with callback() as back:

        def visit_in_hebrew(address):
            browser.look_like(width=390, language="he", scripts=False)
            back.came.append(allow(browser, back, f"{address}&lang=he", "he"))

        def in_chat_c(name, **arguments):
            calls = [("link_account", {}), (name, arguments)]
            plan = [{"name": tool, "arguments": given, "chat": "journey C"} for tool, given in calls]
            return in_typescript(shop, modules, back, visit_in_hebrew, plan)

        linked, listed = in_chat_c("list_orders")
        (ordered,) = listed["structured"]["orders"]
        _linked, bought = in_chat_c("resume_cart", code=ordered["number"])
    assert linked["structured"] == {"linked": True}
    assert [line["quantity"] for line in bought["structured"]["lines"]] == [2]
    end_every_access(shop, browser, 3)
