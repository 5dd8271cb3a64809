"""What programs ask of the authorization server."""

import json
from base64 import b64encode

import pytest
from django.test import Client
from oauth2_provider.models import AccessToken, Application, Grant, RefreshToken

from accounts.oauth import registering, views
from accounts.oauth.tokens import holder_of
from shopmcp import throttle
from shopmcp.network import network_of
from tests.accounts.oauth.asking import BACK, ISSUER, RESOURCE, App


def register(said, **more):
    body = said if isinstance(said, str | bytes) else json.dumps(said)
    return Client().post("/o/register/", body, content_type="application/json", **more)


def test_the_server_says_what_it_offers(mail, client):
    told = client.get("/.well-known/oauth-authorization-server").json()

    assert told["issuer"] == ISSUER
    assert told["authorization_endpoint"] == f"{ISSUER}/o/authorize/"
    assert told["token_endpoint"] == f"{ISSUER}/o/token/"
    assert told["registration_endpoint"] == f"{ISSUER}/o/register/"
    assert told["revocation_endpoint"] == f"{ISSUER}/o/revoke_token/"
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert told["response_types_supported"] == ["code"]
    assert told["grant_types_supported"] == ["authorization_code", "refresh_token"]
    assert "none" in told["token_endpoint_auth_methods_supported"]
    assert told["client_id_metadata_document_supported"] is True
    assert told["authorization_response_iss_parameter_supported"] is True
    assert told["scopes_supported"] == ["cart", "orders"]


@pytest.mark.parametrize("where", ["", "/mcp"])
def test_the_resource_says_who_gives_tokens(mail, client, where):
    told = client.get(f"/.well-known/oauth-protected-resource{where}").json()

    assert told["resource"] == RESOURCE
    assert told["authorization_servers"] == [ISSUER]
    assert told["scopes_supported"] == ["cart", "orders"]


def test_a_shop_without_accounts_has_no_such_server(client, db):
    for path in ("oauth-authorization-server", "oauth-protected-resource/mcp"):
        assert client.get(f"/.well-known/{path}").status_code == 404
    assert register({"redirect_uris": [BACK]}).status_code == 404
    assert not Application.objects.exists()


def test_a_client_registers_itself_and_owns_nothing(mail, dana, client):
    answer = client.post("/o/register/", {"redirect_uris": [BACK]}, content_type="application/json")
    made = Application.objects.get()

    assert answer.status_code == 201
    assert answer.json()["client_id"] == made.client_id
    assert answer.json()["token_endpoint_auth_method"] == "client_secret_basic"
    assert answer.json()["client_secret"] not in made.client_secret
    assert made.user is None
    assert not made.skip_authorization


def test_a_registration_gives_no_token(mail):
    told = register({"redirect_uris": [BACK]}).json()

    assert "registration_access_token" not in told
    assert not AccessToken.objects.exists()


@pytest.mark.parametrize(
    ("name", "redirects", "more"),
    [
        ("Claude", ["https://claude.ai/api/mcp/auth_callback"], {"token_endpoint_auth_method": "none"}),
        ("ChatGPT", ["https://chatgpt.com/connector/oauth/abc"], {"token_endpoint_auth_method": "client_secret_post"}),
        (
            "Visual Studio Code",
            ["https://vscode.dev/redirect", "http://127.0.0.1/", "http://127.0.0.1:33418/"],
            {
                "token_endpoint_auth_method": "none",
                "grant_types": ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
                "application_type": "native",
            },
        ),
        ("Claude Code", ["http://localhost:54321/callback"], {"token_endpoint_auth_method": "none"}),
        ("Python", ["http://localhost:3030/callback"], {"scope": "cart orders"}),
    ],
)
def test_what_known_clients_send_is_taken(mail, dana, client, name, redirects, more):
    app = App(client_name=name, redirect_uris=redirects, **{"token_endpoint_auth_method": None, **more})
    secret = app.details.get("client_secret")

    assert app.details["client_name"] == name
    assert app.token(app.code(client), client_secret=secret).status_code == 200


def test_what_is_not_needed_is_left_out_of_a_registration(mail):
    told = register(
        {
            "redirect_uris": [BACK, BACK],
            "client_name": "Ch\u202eat\n<b>",
            "grant_types": ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
            "token_endpoint_auth_method": "none",
            "skip_authorization": True,
        }
    ).json()

    assert told["client_name"] == "Ch at <b>"
    assert told["redirect_uris"] == [BACK]
    assert told["grant_types"] == ["authorization_code", "refresh_token"]
    assert "client_secret" not in told


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"redirect_uris": []},
        {"redirect_uris": "https://chat.example/"},
        {"redirect_uris": ["http://any.host/"]},
        {"redirect_uris": ["https://chat.example/#x"]},
        {"redirect_uris": ["https://user@chat.example/"]},
        {"redirect_uris": ["https://chat.example/ https://evil.example/"]},
        {"redirect_uris": ["https://chat.example;script-src/"]},
        {"redirect_uris": ["https://שלום.example/"]},
        {"redirect_uris": ["javascript:alert(1)"]},
        {"redirect_uris": [f"https://chat.example/{n}" for n in range(400)]},
        {"redirect_uris": [f"https://chat.example/{'a' * 600}"]},
        {"redirect_uris": [7]},
        {"redirect_uris": [BACK], "grant_types": ["implicit"]},
        {"redirect_uris": [BACK], "grant_types": ["client_credentials"]},
        {"redirect_uris": [BACK], "grant_types": []},
        {"redirect_uris": [BACK], "token_endpoint_auth_method": "private_key_jwt"},
        [],
        "{",
        b"\xff",
        "[" * 5000,
        json.dumps({"redirect_uris": [BACK], "client_name": "a" * 20_000}),
    ],
)
def test_an_unusable_registration_is_refused(mail, said):
    answer = register(said)

    assert answer.status_code == 400
    assert answer.json()["error"] in ("invalid_client_metadata", "invalid_redirect_uri")
    assert not Application.objects.exists()


def test_a_flood_of_registrations_is_stopped(mail):
    for _ in range(59):
        registering.registrations.take("127.0.0.1")

    answers = [register({"redirect_uris": [BACK]}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 429]
    assert int(answers[-1]["Retry-After"]) > 0
    assert Application.objects.count() == 1


def test_who_registers_most_leaves_registrations_for_the_others(mail):
    for n in range(4):  # strangers who take all that their networks may
        for _ in range(60):
            registering.registrations.take(f"198.51.100.{n}")
            registering.shares_of_registrations.take(f"198.51.100.{n}")
            registering.all_registrations.take("*")
    others = [register({"redirect_uris": [BACK]}, REMOTE_ADDR=f"203.0.113.{n}").status_code for n in range(30)]
    registering.registrations.clear()  # six minutes later

    again = [register({"redirect_uris": [BACK]}, REMOTE_ADDR=f"198.51.100.{n}") for n in range(4)]

    assert others == [201] * 30
    assert [answer.status_code for answer in again] == [429] * 4
    assert int(again[0]["Retry-After"]) > 0
    assert Application.objects.count() == 30


def test_the_networks_of_one_site_register_as_one(mail):
    for n in range(60):
        registering.registrations.take(network_of(f"2001:db8:0:{n:x}::1"))

    assert register({"redirect_uris": [BACK]}, REMOTE_ADDR="2001:db8:0:ffff::1").status_code == 429
    assert register({"redirect_uris": [BACK]}, REMOTE_ADDR="2001:db8:1::1").status_code == 201


def test_a_code_gives_tokens_that_are_stored_as_digests(app, dana, client):
    answer = app.token(app.code(client))
    given = answer.json()

    assert answer["Cache-Control"] == "no-store"
    assert (given["token_type"], given["scope"], given["expires_in"]) == ("Bearer", "cart orders", 3600)
    assert holder_of(given["access_token"]).person == dana.pk
    assert not AccessToken.objects.exclude(token="").exists()
    assert not RefreshToken.objects.exclude(token="").exists()


def test_a_client_with_a_secret_has_to_prove_it(mail, dana, client):
    app = App(token_endpoint_auth_method="client_secret_basic")

    def basic(secret):
        return {"Authorization": f"Basic {b64encode(f'{app.id}:{secret}'.encode()).decode()}"}

    asked = {"grant_type": "authorization_code", "redirect_uri": BACK, "code_verifier": "x" * 43}
    wrong: tuple[dict[str, str], ...] = ({}, basic("wrong"))
    for headers in wrong:
        answer = app.http.post("/o/token/", {**asked, "code": app.code(client), "client_id": app.id}, headers=headers)
        assert answer.status_code in (400, 401)
    given = App.token(app, app.code(client), client_secret=app.details["client_secret"])
    assert given.status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": None},
        {"code_verifier": "another-verifier-of-more-than-forty-three-letters"},
        {"redirect_uri": "https://chat.example/other"},
        {"client_id": "nobody"},
        {"resource": "https://other.example/mcp"},
    ],
)
def test_a_code_with_anything_wrong_gives_nothing_then_or_later(app, dana, client, changes):
    code = app.code(client)

    assert app.token(code, **changes).status_code in (400, 401)
    assert app.token(code).status_code == 400
    assert not AccessToken.objects.exists()
    assert not Grant.objects.exists()


def test_another_client_cannot_use_a_code(app, dana, client):
    code = app.code(client)

    assert App().token(code).status_code == 400
    assert not AccessToken.objects.exists()


def test_a_code_that_comes_again_ends_what_it_gave(app, dana, client):
    code = app.code(client)
    first = app.token(code).json()
    second = app.refresh(first["refresh_token"]).json()

    assert app.token(code).status_code == 400
    for given in (first, second):
        assert holder_of(given["access_token"]) is None
        assert app.refresh(given["refresh_token"]).status_code == 400


def test_a_refresh_token_is_good_once(app, dana, client):
    first = app.signs_in(client)
    second = app.refresh(first["refresh_token"]).json()

    assert holder_of(first["access_token"]) is None
    assert holder_of(second["access_token"]).person == dana.pk
    assert AccessToken.objects.get().resource == [RESOURCE]


def test_a_refresh_token_that_comes_again_ends_its_family(app, dana, client):
    first, other = app.signs_in(client), app.signs_in(client)
    second = app.refresh(first["refresh_token"]).json()

    assert app.refresh(first["refresh_token"]).status_code == 400
    assert holder_of(second["access_token"]) is None
    assert app.refresh(second["refresh_token"]).status_code == 400
    assert holder_of(other["access_token"]).person == dana.pk


def test_a_refresh_token_opens_no_more_than_it_did(app, dana, client):
    given = app.signs_in(client, scope="cart")

    assert app.refresh(given["refresh_token"], scope="cart orders").status_code == 400
    assert App().refresh(given["refresh_token"]).status_code in (400, 401)
    assert app.refresh(given["refresh_token"], resource="https://other.example/mcp").status_code == 400
    assert AccessToken.objects.count() == 1


@pytest.mark.parametrize("change", [{"is_active": False}, {"is_staff": True}])
def test_who_may_not_sign_in_gets_no_token(app, dana, client, change):
    given, code = app.signs_in(client), app.code(client)
    type(dana.user).objects.filter(pk=dana.user_id).update(**change)

    assert app.refresh(given["refresh_token"]).status_code == 400
    assert app.token(code).status_code == 400
    assert AccessToken.objects.count() == 1


@pytest.mark.parametrize("grant", ["password", "client_credentials", "implicit", ""])
def test_other_grants_give_nothing(app, dana, client, grant):
    asked = {"grant_type": grant, "client_id": app.id, "username": "admin", "password": "password"}

    assert app.http.post("/o/token/", asked).status_code in (400, 401)
    assert not AccessToken.objects.exists()


def test_the_device_grant_is_not_offered(app):
    asked = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "client_id": app.id, "device_code": "x"}

    assert app.http.post("/o/token/", asked).status_code in (400, 404)
    assert app.http.post("/o/device-authorization/", {"client_id": app.id}).status_code == 404
    assert not AccessToken.objects.exists()


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_a_client_ends_its_token(app, dana, client, kind):
    given = app.signs_in(client)

    App().http.post("/o/revoke_token/", {"token": given[kind], "client_id": App().id})
    assert holder_of(given["access_token"]).person == dana.pk
    assert app.http.post("/o/revoke_token/", {"token": given[kind], "client_id": app.id}).status_code == 200
    assert holder_of(given["access_token"]) is None
    assert app.refresh(given["refresh_token"]).status_code == 400


@pytest.mark.parametrize("where", ["code", "client_id", "refresh_token", "Authorization"])
def test_a_nul_character_is_refused(app, where):
    asked = {"grant_type": "authorization_code", "client_id": app.id, "code": "x", "token": "x"}
    basic = {"Authorization": f"Basic {b64encode(b'no%00body:x').decode()}"} if where == "Authorization" else {}
    asked |= {} if basic else {where: "no\0body"}

    for path in ("/o/token/", "/o/revoke_token/"):
        assert app.http.post(path, asked, headers=basic).status_code in (400, 401)


def test_a_flood_of_token_requests_is_stopped(app, monkeypatch):
    monkeypatch.setattr(throttle, "monotonic", lambda: 1000.0)
    while not views.asked.take("127.0.0.1"):
        pass

    assert app.token("x").status_code == 429
    assert app.http.post("/o/revoke_token/", {"token": "x", "client_id": app.id}).status_code == 429
