"""The widgets as MCP resources: each page of `pages/`, with what all of them share, in one HTML file."""

import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings

from shopmcp.mcp.widgets import Widget
from widgets.texts import texts_of

_PAGES = Path(__file__).parent / "pages"
_SHARED = ("shared.css", "bridge.js")
# Texts and patterns of a script, which stay as they are, and blanks beside signs, which mean nothing.
_BLANKS = re.compile(r'("(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`|/(?:[^/\\\s]|\\.)+/)|;?\s*(})\s*|\s*([{();,:=<>?&|!+*])\s*')
_BLANKS_IN_STYLE = re.compile(r";?\s*(})\s*|\s*([{;,])\s*|(?<=:)()\s+")


def html_of(name: str) -> str:
    """Return a widget's HTML as it is served: without comments and needless blanks."""
    html = (_PAGES / f"{name}.html").read_text(encoding="utf-8")
    for shared in _SHARED:
        html = html.replace(f"/* {shared} */", (_PAGES / shared).read_text(encoding="utf-8"))
    html = _within(html, "style", lambda css: _BLANKS_IN_STYLE.sub(_kept, css))
    html = _within(html, "script", lambda script: _BLANKS.sub(_kept, script))
    return html.replace("/* config */", _config(name))


def _within(html: str, tag: str, change: Callable[[str], str]) -> str:
    """The HTML with a changed content of that element, which has no attributes."""
    before, _tag, rest = html.partition(f"<{tag}>")
    content, end, after = rest.partition(f"</{tag}>")
    return f"{before}<{tag}>{change(_bare(content))}{end}{after}"


def _kept(found: re.Match[str]) -> str:
    return found[found.lastindex or 0]


def _bare(html: str) -> str:
    """The text without what only its authors read; a comment has lines of its own, or ends its line behind ` // `."""
    lines = (line.split(" // ")[0].strip() for line in html.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith(("//", "/*")))


def _config(name: str) -> str:
    """What the script knows of the shop: where its pictures are, what widgets may do, and the sentences."""
    policy = settings.SHOPMCP_UNKEYED_CALLS
    told: dict[str, Any] = {
        "origin": settings.PUBLIC_URL,
        # Without conversation ids nothing is written, and with a shared cart no call needs an id.
        "writes": policy != "refuse",
        "shared": policy == "shared",
        "texts": texts_of(name),
    }
    # `<` would end the script element.
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _widget(name: str, title: str, description: str) -> Widget:
    return Widget(name, title, description, settings.PUBLIC_URL, partial(html_of, name))


WIDGETS = (
    _widget(
        "products",
        "Products",
        "Shows the products that were found, with pictures, prices and variants, and lets the shopper add them to the "
        "cart by a click. There is no need to repeat the list.",
    ),
    _widget(
        "product",
        "Product",
        "Shows one product with its picture, options, price and stock, and lets the shopper choose a variant and add "
        "it to the cart by a click.",
    ),
    _widget(
        "cart",
        "Cart",
        "Shows the cart, and lets the shopper change quantities, remove products, apply a coupon and go to the "
        "checkout by clicks; after an order it shows the order's state.",
    ),
)
