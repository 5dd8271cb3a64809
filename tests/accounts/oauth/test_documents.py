"""Documents in which clients describe themselves at their own addresses."""

import json

import pytest
from oauth2_provider.cimd import CIMDError
from oauth2_provider.models import Application, Grant

from accounts.oauth import documents
from accounts.oauth.documents import Fetcher
from tests.accounts.oauth.asking import BACK, App

ADDRESS = "https://chat.example/client.json"
SAID = {"client_id": ADDRESS, "client_name": "Ch\u202eat", "redirect_uris": [BACK]}


class Answer:
    """What the client's server answers; nothing is sent."""

    status, kind, asked = 200, "application/json", 0

    def __init__(self, said, **changes):
        self.body = said if isinstance(said, bytes) else json.dumps(said).encode()
        self.__dict__.update(changes)

    def __call__(self, host, port, deadline, allowed):
        self.host, self.allowed = host, allowed
        return self

    def request(self, method, path, headers):
        self.asked += 1

    def getresponse(self):
        return self

    def getheader(self, name):
        return self.kind

    def read(self, most):
        return self.body[:most]

    def close(self):
        pass


@pytest.fixture
def answers(monkeypatch):
    def give(said, **changes):
        answer = Answer(said, **changes)
        monkeypatch.setattr(documents, "Pinned", answer)
        return answer

    return give


@pytest.fixture(autouse=True)
def nothing_remembered():
    from django.core.cache import cache

    cache.clear()


def by_document(**changes):
    app = App()
    app.id = ADDRESS
    Application.objects.all().delete()
    return app


def test_a_client_is_known_by_its_document(answers, mail, dana, client):
    answer, app = answers(SAID), by_document()

    assert "chat.example" in app.page(client).text
    given = app.signs_in(client)

    assert given["access_token"]
    assert answer.asked == 1
    assert answer.host == "chat.example"
    assert (
        not answer.allowed("127.0.0.1")
        and not answer.allowed("169.254.169.254")
        and not answer.allowed("::ffff:10.0.0.1")
    )
    made = Application.objects.get()
    assert (made.name, made.client_type, made.user) == ("Ch at", "public", None)


def test_a_document_is_fetched_for_nobody_who_is_not_signed_in(answers, mail, client):
    answer, app = answers(SAID), by_document()

    app.page(client, prompt="none")
    app.token("x")
    app.http.post("/o/revoke_token/", {"token": "x", "client_id": ADDRESS})

    assert answer.asked == 0
    assert not Application.objects.exists()


def test_a_document_is_fetched_anew_after_a_day_and_the_last_one_is_good_enough(answers, mail, dana, client):
    app = by_document()
    answers(SAID)
    app.page(client)
    given = app.signs_in(client)
    Application.objects.update(cimd_expires_at="2026-01-01T00:00Z")
    broken = answers(b"", status=500)

    assert app.refresh(given["refresh_token"]).status_code == 200
    assert broken.asked == 0
    assert app.page(client).status_code == 200
    assert broken.asked == 1


@pytest.mark.parametrize(
    "answer",
    [
        {"said": SAID | {"client_id": "https://chat.example/other.json"}},
        {"said": SAID | {"redirect_uris": ["http://chat.example/"]}},
        {"said": SAID | {"client_secret": "x"}},
        {"said": SAID | {"token_endpoint_auth_method": "client_secret_post"}},
        {"said": SAID | {"client_name": "a" * 11_000}},
        {"said": SAID, "status": 302},
        {"said": SAID, "kind": "text/html"},
        {"said": b"{"},
        {"said": b"[]"},
        {"said": b"[" * 9000},
    ],
)
def test_a_document_that_cannot_be_used_is_no_client(answers, mail, dana, client, answer):
    answers(**answer)
    app = by_document()

    assert app.page(client).status_code == 400
    assert not Application.objects.exists()
    assert not Grant.objects.exists()


@pytest.mark.parametrize(
    "address",
    [
        "https://127.0.0.1/client.json",
        "https://localhost/client.json",
        "https://[::1]/client.json",
        "https://169.254.169.254/latest",
        "http://chat.example/client.json",
        "https://chat.example/",
        "https://chat.example/a/../client.json",
        "https://user@chat.example/client.json",
        "https://chat.example/client.json#x",
    ],
)
def test_an_address_to_which_no_connection_may_go_is_no_client(address):
    with pytest.raises(CIMDError):
        Fetcher().fetch(address)


def test_too_many_documents_are_not_fetched(answers, mail, dana, client):
    answer, app = answers(SAID), by_document()
    while not documents.fetches.take("127.0.0.1"):
        pass

    assert app.page(client).status_code == 400
    assert answer.asked == 0
