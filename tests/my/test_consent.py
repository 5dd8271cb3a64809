"""The page on which a shopper lets a chat see their things."""

import re
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.test import Client
from oauth2_provider.models import AccessToken, Application, Grant

from accounts.oauth.tokens import holder_of
from tests.accounts.oauth.asking import BACK, ISSUER, RESOURCE, App, app
from tests.my.signing_in import EMAIL, code_to

__all__ = ["app"]


def offered(page):
    """What the link carries back that a refused request leaves to the shopper."""
    assert (page.status_code, page.get("Location")) == (400, None)
    back = urlsplit(unescape(re.search(r'href="([^"]+)" rel="noreferrer"', page.text)[1]))
    assert f"{back.scheme}://{back.netloc}{back.path}" == BACK
    return {name: values[0] for name, values in parse_qs(back.query).items()}


def test_the_page_says_who_asks_and_what_it_may(app, dana, client):
    page = app.page(client)

    assert page.status_code == 200
    for words in (
        "chat.example",
        "It calls itself “<bdi>Chat</bdi>”",
        "see your orders",
        "see your carts",
        "cannot pay",
    ):
        assert words in page.text
    assert not Grant.objects.exists()


def test_the_page_speaks_the_shoppers_language(app, dana, client):
    dana.language = "he"
    dana.save()

    assert 'lang="he" dir="rtl"' in app.page(client).text


def test_only_what_is_asked_for_is_on_the_page_and_in_the_token(app, dana, client):
    page = app.page(client, scope="cart")

    assert "see your carts" in page.text and "see your orders" not in page.text
    assert holder_of(app.signs_in(client, scope="cart")["access_token"]).scopes == {"cart"}


def test_a_program_on_the_own_device_is_called_that(mail, dana, client):
    app = App(redirect_uris=["http://127.0.0.1:33418/"])

    page = app.page(client)

    assert "A program on your own device" in page.text
    assert "http://127.0.0.1:33418" in page["Content-Security-Policy"]


def test_a_shopper_who_is_not_signed_in_signs_in_first_and_comes_back(app, dana, client):
    page = app.page(Client())

    assert page.status_code == 303
    assert page["Location"].startswith("/my/sign-in/?next=%2Fo%2Fauthorize%2F%3Fclient_id")
    assert client.get(page["Location"])["Location"].startswith("/o/authorize/?client_id")


def test_signing_in_by_a_code_leads_to_the_question(app):
    browser = Client()
    asked = app.page(browser)["Location"]
    form = browser.get(asked).context["redirect_field_value"]
    sent = browser.post("/my/sign-in/", {"email": EMAIL, "next": form})
    form = browser.get(sent["Location"]).context["redirect_field_value"]
    code = {"action": "verify", "code": code_to(EMAIL), "next": form}

    page = browser.post(sent["Location"], code, follow=True)

    assert page.status_code == 200
    assert "chat.example" in page.text
    assert page.request["PATH_INFO"] == "/o/authorize/"


def test_the_staffs_session_is_nobody_here(app, admin_client, db):
    assert app.page(admin_client).status_code == 303


def test_a_shopper_who_became_staff_is_not_asked(app, dana, client):
    dana.user.is_staff = True
    dana.user.save()

    assert app.page(client).status_code == 303


@pytest.mark.parametrize("more", ["approval_prompt=auto", "prompt=none", "prompt=login", "prompt=create"])
def test_nothing_in_the_address_skips_the_question(app, dana, client, more):
    app.signs_in(client)

    page = client.get(f"/o/authorize/?{urlencode(app.asks())}&{more}")

    assert page.status_code == 200
    assert 'name="allow"' in page.text
    assert not Grant.objects.exists()


def test_not_even_a_client_that_was_marked_so_skips_the_question(app, dana, client):
    Application.objects.update(skip_authorization=True)

    assert offered(app.page(client))["error"] == "access_denied"
    assert not Grant.objects.exists()


def test_a_shopper_says_no(app, dana, client):
    told = app.answer(client, allow=None)

    assert told["error"] == "access_denied"
    assert (told["state"], told["iss"]) == ("s1", ISSUER)
    assert not Grant.objects.exists()


def test_every_answer_names_the_issuer(app, dana, client):
    assert app.answer(client)["iss"] == ISSUER
    assert offered(app.page(client, scope="everything"))["iss"] == ISSUER
    assert offered(app.page(client, response_type="token"))["iss"] == ISSUER


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"scope": "cart staff"}, "invalid_scope"),
        ({"resource": None}, "invalid_target"),
        ({"resource": f"{ISSUER}/"}, "invalid_target"),
        ({"resource": f"{RESOURCE}/"}, "invalid_target"),
        ({"resource": "https://other.example/mcp"}, "invalid_target"),
        ({"resource": [RESOURCE, "https://other.example/mcp"]}, "invalid_target"),
        ({"response_type": "token"}, "unauthorized_client"),
    ],
)
def test_an_unsafe_request_is_refused_before_and_after_the_question(app, dana, client, changes, error):
    assert offered(app.page(client, **changes))["error"] in (error, "unsupported_response_type")
    answer = client.post("/o/authorize/", app.asks(**changes) | {"allow": "true"})

    assert answer.status_code == 400 or "error=" in answer["Location"]
    assert not Grant.objects.exists()


def test_nobody_is_sent_to_another_site_before_they_answered(mail, dana, client):
    app = App(redirect_uris=["https://evil.example/"])

    page = app.page(client, scope="nope", state='"><script>')

    assert (page.status_code, page.get("Location")) == (400, None)
    assert 'Back to <bdi dir="ltr">evil.example</bdi>' in page.text
    assert "Go there only if you came from there." in page.text
    assert "<script>" not in page.text
    assert not Grant.objects.exists()


@pytest.mark.parametrize(
    "redirect",
    [
        "https://evil.example/callback",
        "https://chat.example/callback/",
        "https://chat.example/callback?more=1",
        "https://chat.example/Callback",
        "https://chat.example:444/callback",
        "http://chat.example/callback",
        "https://chat.example@evil.example/callback",
        f"{BACK}#",
        "javascript:alert(1)",
    ],
)
def test_only_an_address_that_was_registered_gets_an_answer(app, dana, client, redirect):
    page = app.page(client, redirect_uri=redirect)
    answer = client.post("/o/authorize/", app.asks(redirect_uri=redirect) | {"allow": "true"})

    for refusal in (page, answer):
        assert refusal.status_code == 400
        assert "Location" not in refusal
        assert "This request does not work" in refusal.text
    assert not Grant.objects.exists()


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost"])
def test_a_loopback_address_may_have_any_port_and_no_other_host(mail, dana, client, host):
    app = App(redirect_uris=[f"http://{host}/back"])

    assert "code" in app.answer(client, redirect_uri=f"http://{host}:50123/back")
    assert app.page(client, redirect_uri=f"http://{host}:50123/elsewhere").status_code == 400
    assert app.page(client, redirect_uri="http://127.0.0.2:50123/back").status_code == 400


def test_offline_access_is_neither_needed_nor_refused(app, dana, client):
    given = app.signs_in(client, scope="cart orders offline_access")

    assert given["scope"] == "cart orders"
    assert given["refresh_token"]


def test_an_unknown_client_is_refused_on_a_page(app, dana, client):
    assert app.page(client, client_id="nobody").status_code == 400
    assert app.page(client, client_id="no\0body").status_code == 400
    assert client.post("/o/authorize/", app.asks(client_id="nobody") | {"allow": "true"}).status_code == 400


def test_a_form_from_another_site_is_refused(app, dana, client):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    sent = app.asks() | {"allow": "true"}

    assert strict.post("/o/authorize/", sent).status_code == 403
    assert client.post("/o/authorize/", sent, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert not Grant.objects.exists()


def test_a_form_without_its_fields_is_refused(dana, client):
    page = client.post("/o/authorize/", {"allow": "true"})

    assert page.status_code == 400
    assert "This request does not work" in page.text


def test_no_other_page_can_frame_it_and_its_form_leads_to_the_client_alone(app, dana, client):
    page = app.page(client)

    assert page["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"]
    assert "form-action 'self' https://chat.example;" in page["Content-Security-Policy"] + ";"
    assert "no-store" in page["Cache-Control"]


def test_a_code_is_of_whom_the_page_was_shown_to(app, dana, ruth, client):
    of_dana, of_ruth = app.signs_in(client), app.signs_in(ruth.browser)

    assert holder_of(of_dana["access_token"]).person == dana.pk
    assert holder_of(of_ruth["access_token"]).person == ruth.pk
    assert AccessToken.objects.count() == 2
