"""A program that asks a shopper for access, as the clients of chats do."""

from base64 import urlsafe_b64encode
from hashlib import sha256
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from tests.my.signing_in import dana, mail, ruth

__all__ = ["App", "app", "dana", "mail", "ruth"]

ISSUER = "http://127.0.0.1:8000"
RESOURCE = f"{ISSUER}/mcp"
BACK = "https://chat.example/callback"
VERIFIER = "a-verifier-of-more-than-forty-three-letters-for-tests"
CHALLENGE = urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


class App:
    """It registers itself, sends a shopper's browser to the shop, and takes the code that comes back."""

    def __init__(self, **said):
        self.http = Client()
        self.said = {"client_name": "Chat", "redirect_uris": [BACK], "token_endpoint_auth_method": "none"} | said
        self.said = {key: value for key, value in self.said.items() if value is not None}
        self.details = self.http.post("/o/register/", self.said, content_type="application/json").json()
        self.id = self.details.get("client_id")

    def asks(self, **changes):
        """What it asks for; None leaves a part out."""
        asked = {
            "client_id": self.id,
            "redirect_uri": self.said["redirect_uris"][0],
            "response_type": "code",
            "scope": "cart orders",
            "state": "s1",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            "resource": RESOURCE,
        } | changes
        return {name: value for name, value in asked.items() if value is not None}

    def page(self, browser, **changes):
        return browser.get("/o/authorize/", self.asks(**changes))

    def answer(self, browser, allow="true", **changes):
        """Send the form of the page; return what the redirect carries back."""
        response = browser.post("/o/authorize/", self.asks(**changes) | ({"allow": allow} if allow else {}))
        return carried(response)

    def code(self, browser, **changes):
        return self.answer(browser, **changes)["code"]

    def token(self, code, **changes):
        asked = {
            "grant_type": "authorization_code",
            "client_id": self.id,
            "code": code,
            "redirect_uri": self.said["redirect_uris"][0],
            "code_verifier": VERIFIER,
            "resource": RESOURCE,
        } | changes
        return self.http.post("/o/token/", {name: value for name, value in asked.items() if value is not None})

    def refresh(self, token, **changes):
        asked = {"grant_type": "refresh_token", "client_id": self.id, "refresh_token": token} | changes
        return self.http.post("/o/token/", asked)

    def signs_in(self, browser, **changes):
        """Return the tokens that a shopper's consent gives it."""
        return self.token(self.code(browser, **changes)).json()


@pytest.fixture
def app(mail):
    return App()


def carried(response):
    assert response.status_code == 302, response.text
    return {name: values[0] for name, values in parse_qs(urlsplit(response["Location"]).query).items()}
