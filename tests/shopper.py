"""A shopper with an account at a running shop, whose browser sends forms and follows redirects and no more."""

import re
from typing import Self
from urllib.parse import urljoin

import httpx2

from tests.live import LiveServer

CODE = """
from outbox.models import Message
print(Message.objects.filter(kind="account.login-code", destination="{email}").latest("id").payload["text"])
"""
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')


class Shopper:
    """A browser of their own; `page` is the answer it shows."""

    def __init__(self, shop: LiveServer) -> None:
        self.shop = shop
        self.http = httpx2.Client(base_url=shop.url, follow_redirects=True, timeout=60)
        self.page: httpx2.Response

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def open(self, path: str) -> httpx2.Response:
        self.page = self.http.get(path)
        return self.page

    def send(self, path: str = "", **fields: str) -> httpx2.Response:
        """Send a form of the page with what it hides and these fields.

        Args:
            path: Where the form leads, if not to its own page.
        """
        hidden = dict(HIDDEN.findall(self.page.text))
        address = urljoin(str(self.page.url), path)
        self.page = self.http.post(address, data=hidden | fields, headers={"Referer": str(self.page.url)})
        return self.page

    def sign_in(self, email: str) -> httpx2.Response:
        """Sign in by a code; return the page where that leads."""
        self.open("/my/sign-in/")
        self.send(email=email)
        return self.send(action="verify", code=code_to(self.shop, email))


def code_to(shop: LiveServer, email: str) -> str:
    """Return the newest code to sign in that the shop mailed to an address."""
    mail = shop.manage("shell", "-c", CODE.format(email=email)).stdout
    found = re.search(r"[A-Z0-9]{4}-[A-Z0-9]{4}", mail)
    assert found, mail
    return found[0]
