"""The page that says who may see a shopper's things."""

import pytest

from accounts.oauth.tokens import holder_of
from offers.buyers import Buyer
from orders.exporting import export
from orders.handoff.access import end_access
from tests.accounts.oauth.asking import App, app

__all__ = ["app"]


@pytest.mark.parametrize("programs", [1, 4])
def test_the_page_lists_them_at_the_same_cost(mail, dana, client, django_assert_num_queries, programs):
    for number in range(programs):
        App(client_name=f"Chat {number}").signs_in(client)

    with django_assert_num_queries(6):  # session, user, person, language, tokens, clients
        page = client.get("/my/access/")

    assert page.text.count('<bdi dir="ltr">chat.example</bdi>') == programs
    assert "It calls itself “<bdi>Chat 0</bdi>”" in page.text


def test_a_shopper_ends_the_access_of_one(app, dana, client):
    other, tokens = App().signs_in(client), app.signs_in(client)
    which = client.get("/my/access/").context["accesses"][0].client

    assert which.client_id == app.id
    assert client.post("/my/access/", {"which": str(which.pk)}).status_code == 302
    assert holder_of(tokens["access_token"]) is None
    assert app.refresh(tokens["refresh_token"]).status_code == 400
    assert holder_of(other["access_token"]).person == dana.pk


def test_nobody_ends_the_access_to_another(app, dana, ruth, client):
    tokens = app.signs_in(client)
    which = client.get("/my/access/").context["accesses"][0].client

    ruth.browser.post("/my/access/", {"which": str(which.pk)})
    ruth.browser.post("/my/access/", {"which": "x"})

    assert holder_of(tokens["access_token"]).person == dana.pk
    assert "No program has access" in ruth.browser.get("/my/access/").text


def test_signing_out_everywhere_ends_tokens_and_codes(app, dana, client):
    tokens, code = app.signs_in(client), app.code(client)

    client.post("/my/sign-out/everywhere/")

    assert holder_of(tokens["access_token"]) is None
    assert app.refresh(tokens["refresh_token"]).status_code == 400
    assert app.token(code).status_code == 400


def test_ending_all_access_leaves_others_alone(app, dana, ruth, client):
    tokens = app.signs_in(ruth.browser)

    end_access(dana)

    assert holder_of(tokens["access_token"]).person == ruth.pk


def test_deleting_the_account_ends_it_all(app, dana, client):
    tokens = app.signs_in(client)

    client.post("/my/data/", {"email": dana.email})

    assert holder_of(tokens["access_token"]) is None
    assert app.refresh(tokens["refresh_token"]).status_code == 400


def test_the_data_of_a_person_tell_who_may_see_them(app, dana, client):
    app.signs_in(client)

    (account,) = export(Buyer(email=dana.email))["accounts"]

    assert [(each["name"], each["hosts"]) for each in account["access"]] == [("Chat", ["chat.example"])]
