"""A host of widgets: the official bridge in a page of its own site, and a widget in its sandboxed frame."""

import json
import os
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from tests.dashboard.browsing import broken_rules_of
from tests.rpc import MODERN, rpc

# Where the official bridge lies as one script; .ci/run makes it.
BRIDGE = os.environ.get("APP_BRIDGE", "")
# What the host of the tests can do.
CAPABILITIES: dict[str, dict[str, Any]] = {
    "openLinks": {},
    "serverTools": {},
    "updateModelContext": {"text": {}, "structuredContent": {}},
}
TOOLS = {"search_products": "products", "get_product": "product", "view_cart": "cart"}


class _Page(BaseHTTPRequestHandler):
    """An empty page, and nothing else."""

    def do_GET(self):
        body = b'<!DOCTYPE html><html lang="en"><title>Host</title><body style="margin: 0">'
        self.send_response(200 if self.path == "/" else 204)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body) if self.path == "/" else 0))
        self.end_headers()
        if self.path == "/":
            self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextmanager
def host_page():
    """Serve the host's page on loopback, from where the shop takes calls; gives its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


class Host:
    """Shows widgets, and looks into their frame."""

    def __init__(self, browser, shop, page):
        self.browser, self.shop = browser, shop
        self.meta = {}
        browser.open(page)
        browser.evaluate(f"{Path(BRIDGE).read_text()};window.Bridge = Bridge;0")
        browser.evaluate(f"{Path(__file__).with_name('host.js').read_text()};window.host = host;0")
        self._resources = {}

    def resource(self, name):
        """The resource of a widget as the server gives it."""
        if name not in self._resources:
            listed = rpc(self.shop.url, MODERN, "resources/list").json["result"]["resources"]
            uri = next(entry["uri"] for entry in listed if f"/{name}/" in entry["uri"])
            (self._resources[name],) = rpc(self.shop.url, MODERN, "resources/read", {"uri": uri}).json["result"][
                "contents"
            ]
        return self._resources[name]

    def call(self, tool, **arguments):
        return self.shop.call_tool(tool, meta=self.meta, **arguments)

    def show(self, tool, *, chat, result=None, width=700, widget_meta=None, capabilities=CAPABILITIES, **given):
        """Show what a real call of the tool answers, or another result, as the host of that chat.

        Args:
            widget_meta: The `_meta` of the widget's own calls: none, unless the host passes the conversation's id.
            given: The tool's arguments; `context` changes the host's context.
        """
        context = {"theme": "light", "locale": "en-US", "displayMode": "inline"} | given.pop("context", {})
        self.meta = {"openai/session": chat} if chat else {}
        resource = self.resource(TOOLS[tool])
        (origin,) = resource["_meta"]["ui"]["csp"]["resourceDomains"]
        options = {
            "html": resource["text"],
            "csp": csp_of(origin),
            "server": self.shop.url,
            "meta": widget_meta or {},
            "result": result or self.call(tool, **given),
            "input": given,
            "context": context,
            "capabilities": capabilities,
            "width": width,
        }
        self.browser.evaluate(f"host.show({json.dumps(options)})")
        self.wait("document.getElementById('main').dataset.state !== 'loading'")
        self.wait_until_idle()
        return self

    def see(self, expression):
        """The value of an expression in the widget's frame."""
        return self.browser.evaluate(expression, frame=self._frame())

    def wait(self, expression):
        self.browser.wait_until(expression, frame=self._frame())

    def wait_until_idle(self):
        """Wait until no call is under way, and the first look at the cart is done."""
        self.wait("!busy && waiting.size === 0")

    def click(self, selector, *, times=1):
        """Click in the frame, and wait until what that did is done."""
        clicks = (
            f"(b => {{ for (let n = 0; n < {times}; n++) b.click(); }})(document.querySelector({json.dumps(selector)}))"
        )
        self.see(clicks)
        self.wait_until_idle()

    def press(self, selector, *, ahead=lambda: None):
        """Click as a person does, with a mouse and what happens `ahead` of letting its button go."""
        # A mouse hits what was painted.
        self.see("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(0))))")
        x, y = self.place(selector)
        self.browser.send("Input.dispatchMouseEvent", type="mousePressed", x=x, y=y, button="left", clickCount=1)
        ahead()
        self.browser.send("Input.dispatchMouseEvent", type="mouseReleased", x=x, y=y, button="left", clickCount=1)
        self.wait_until_idle()

    def place(self, selector):
        """Where the middle of what is shown there is on the screen; the frame begins at its corner."""
        middle = "(b => [b.x + b.width / 2, b.y + b.height / 2])"
        return self.see(f"{middle}(document.querySelector({json.dumps(selector)}).getBoundingClientRect())")

    def type(self, text):
        """Type in place of what the field that has the focus holds."""
        self.see("document.activeElement.select()")
        for sign in text:
            self.browser.send("Input.dispatchKeyEvent", type="char", text=sign)

    def look_again(self):
        """Let the widget read the cart again, as it does when it gets the focus."""
        self.see("reread(true).then(() => 0)")

    def write(self, selector, value):
        """Write into a field, and leave it."""
        self.see(
            f"(f => {{ f.value = {json.dumps(value)}; f.dispatchEvent(new Event('change', {{ bubbles: true }})); }})"
            f"(document.querySelector({json.dumps(selector)}))"
        )
        self.wait_until_idle()

    def adapt(self, context):
        """Change the host's context, as a host does when its user switches something."""
        self.browser.evaluate(f"host.adapt({json.dumps(context)})")
        self.wait(f"document.documentElement.lang === {json.dumps(context['locale'][:2])}")

    @property
    def text(self):
        """What a person reads, without the marks that keep names in their own direction."""
        return self.see(r"document.body.innerText.replace(/[\u2068\u2069]/g, '')")

    @property
    def note(self):
        return self.see("document.querySelector('.note')?.innerText ?? ''")

    @property
    def tells_an_error(self):
        return self.see("!!document.querySelector('.note [data-kind=error]')")

    @property
    def calls(self):
        return self.browser.evaluate("host.calls")

    @property
    def writes(self):
        return [(name, given) for name, given in self.calls if name not in ("view_cart", "list_orders")]

    def broken_rules(self):
        return broken_rules_of(partial(self.browser.evaluate, frame=self._frame()))

    def cart(self):
        """What the chat's cart holds, as the server tells its host."""
        return {line["product_id"]: line["quantity"] for line in self.call("view_cart")["structuredContent"]["lines"]}

    def _frame(self):
        return self.browser.frames()[-1]


def csp_of(origin):
    """The policy of a host that follows the protocol, for a resource that declares one site."""
    return (
        f"default-src 'none'; script-src 'unsafe-inline' {origin}; style-src 'unsafe-inline' {origin}; "
        f"img-src data: {origin}; font-src {origin}; media-src {origin}; connect-src 'none'; frame-src 'none'; "
        "base-uri 'none'; form-action 'none'"
    )
