"""A shopper who orders a cart on its page as a browser without JavaScript does, for demos and tests."""

import urllib.error
import urllib.request
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urlencode, urlsplit

from orders.marks import mark_of_test

_SECONDS: Final = 30


class Form(HTMLParser):
    """The fields of a page's cart form with their values, as a browser sends them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self._is_inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        of = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._is_inside = of.get("id") == "cart"
        elif tag in ("input", "textarea") and self._is_inside and "disabled" not in of and of.get("name"):
            is_choice = of.get("type") in ("radio", "checkbox")
            if not is_choice or "checked" in of:
                self.fields[of["name"]] = of.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        self._is_inside = self._is_inside and tag != "form"


def order(url: str, link: str, number: int) -> bool:
    """Order the cart of a link; return whether the shop took the order, which is marked as a test.

    Args:
        url: The server's address.
        link: As `get_checkout_link` told it; only its path counts, so that the server may be reached elsewhere.
        number: Of the shopper, who gets a name and a phone number by it.
    """
    path = urlsplit(link).path
    status, page, _location = _ask(url, path)
    fields = Form(page).fields
    if status != 200 or "delivery" not in fields:
        return False
    typed = {
        "name": f"Simulated shopper {number}",
        "phone": f"050-{number % 10_000_000:07}",
        "email": "",
        "street": "1 Market Street",
        "city": "Tel Aviv",
        "postal_code": "6100000",
        "note": "Simulated by simulate_chats.",
        "test": mark_of_test(path.rpartition("/")[2]),
        "do": "order",
    }
    status, _page, location = _ask(url, path, fields | typed)
    return status == 303 and urlsplit(location).path.startswith("/orders/")


class _Unmoved(urllib.request.HTTPRedirectHandler):
    """Redirects are answers."""

    def redirect_request(self, *args: object, **kwargs: object) -> None:
        return None


def _ask(url: str, path: str, form: dict[str, str] | None = None) -> tuple[int, str, str]:
    """Return status, page and `Location` of an answer."""
    data = None if form is None else urlencode(form).encode()
    is_near = urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")
    opener = urllib.request.build_opener(_Unmoved, *([urllib.request.ProxyHandler({})] if is_near else []))
    try:
        with opener.open(urllib.request.Request(f"{url}{path}", data), timeout=_SECONDS) as answer:
            return answer.status, answer.read().decode(), ""
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code, answer.read().decode(errors="replace"), answer.headers.get("Location", "")
    except OSError:  # the shop went away: nothing was ordered, as far as is known
        return 0, "", ""
