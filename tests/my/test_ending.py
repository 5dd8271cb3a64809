"""What ends with the access of a program, and with all access, whatever else goes on."""

import pytest
from django.test import Client
from django.urls import reverse
from oauth2_provider.models import AccessToken, Application, Grant, RefreshToken
from oauthlib.common import Request
from oauthlib.oauth2 import AccessDeniedError

from accounts.models import Person
from accounts.oauth.tokens import end_access_of, holder_of
from accounts.oauth.validator import Validator
from carts.caller import Caller
from carts.link_tools import link_account
from carts.models import Cart, Session
from carts.services import carts, linking
from carts.services.saving import locked_cart
from carts.tools import add_to_cart, clear_cart
from catalog.models import Store
from catalog.services.products import create_product
from offers.buyers import Buyer
from orders.handoff import account_codes, codes
from orders.handoff.access import end_access
from orders.handoff.links import link_for, token_of
from orders.models import AccountCode, CheckoutLink
from orders.services.forgetting import forget
from orders.tools import resume_cart
from shopmcp.mcp.access import SignInNeeded
from shopmcp.mcp.call import Call
from tests.accounts.oauth.asking import App, app
from tests.beside import beside
from tests.my.linking import links
from tests.my.signing_in import signed_in

__all__ = ["app", "beside"]


def link(holder, chat="chat-1"):
    call = Call("link_account", {"openai/session": chat}, person=holder.person, token=holder.token)
    return link_account.function(call)


def say(code, chat="chat-1"):
    return resume_cart.function(Call("resume_cart", {"openai/session": chat}), code=codes.written(code))


@pytest.fixture
def tokens(app, dana, client):
    """The tokens of a program that has linked a chat."""
    given = app.signs_in(client)
    link(holder_of(given["access_token"]))
    return given


def of_page(app, client, admin_client, tokens):
    client.post("/my/access/", {"which": str(Application.objects.get(client_id=app.id).pk)})


def of_client(app, client, admin_client, tokens):
    app.http.post("/o/revoke_token/", {"client_id": app.id, "token": tokens["refresh_token"]})


def of_client_by_access_token(app, client, admin_client, tokens):
    app.http.post("/o/revoke_token/", {"client_id": app.id, "token": tokens["access_token"]})


def of_admin(app, client, admin_client, tokens):
    token = RefreshToken.objects.get(application__client_id=app.id)
    admin_client.post(
        reverse("admin:oauth2_provider_refreshtoken_changelist"),
        {"action": "revoke", "_selected_action": [token.pk]},
    )


def of_deleting(app, client, admin_client, tokens):
    gone = Application.objects.get(client_id=app.id).pk
    admin_client.post(reverse("admin:oauth2_provider_application_delete", args=[gone]), {"post": "yes"})


def of_replaying(app, client, admin_client, tokens):
    app.refresh(tokens["refresh_token"])
    app.refresh(tokens["refresh_token"])


WAYS = [of_page, of_client, of_client_by_access_token, of_admin, of_deleting, of_replaying]


@pytest.mark.parametrize("end", WAYS)
def test_ending_a_programs_access_closes_the_chats_that_it_linked(end, app, dana, client, admin_client, tokens):
    link(holder_of(App().signs_in(client)["access_token"]), "chat-2")
    say(account_codes.new_code(dana), "chat-3")

    end(app, client, admin_client, tokens)

    assert links() == [(dana.pk, False), (dana.pk, True), (dana.pk, True)]
    assert holder_of(tokens["access_token"]) is None


def test_a_code_that_comes_again_closes_the_chats_that_its_tokens_linked(app, dana, client):
    code = app.code(client)
    link(holder_of(app.token(code).json()["access_token"]))

    app.token(code)

    assert links() == [(dana.pk, False)]


def test_a_refused_refresh_that_ends_no_token_closes_no_chat(app, dana, client, tokens):
    assert app.refresh(tokens["refresh_token"], resource="https://other.example/mcp").status_code == 400
    assert app.refresh("made-up").status_code == 400
    old = app.refresh(tokens["refresh_token"]).json()["refresh_token"]
    app.refresh(tokens["refresh_token"])
    link(holder_of(app.signs_in(client)["access_token"]))

    for spent in (tokens["refresh_token"], old):
        assert app.refresh(spent).status_code == 400

    assert links() == [(dana.pk, True)]


def test_a_program_does_not_end_the_tokens_and_chats_of_another(app, dana, client, tokens):
    other = App()

    other.http.post("/o/revoke_token/", {"client_id": other.id, "token": tokens["refresh_token"]})

    assert links() == [(dana.pk, True)]
    assert holder_of(tokens["access_token"]).person == dana.pk


def test_a_chat_that_was_proved_by_a_code_too_stays_open(app, dana, client, admin_client, tokens):
    say(account_codes.new_code(dana))

    of_page(app, client, admin_client, tokens)

    assert links() == [(dana.pk, True)]


def test_a_token_that_was_looked_up_before_its_end_links_nothing(app, dana, client):
    holder = holder_of(app.signs_in(client)["access_token"])

    end_access(dana)

    with pytest.raises(SignInNeeded):
        link(holder)
    assert not Session.objects.filter(person=dana).exists()


def test_a_browser_that_was_let_in_before_the_end_gives_no_code(app, dana, client):
    user, request = Person.objects.get(pk=dana.pk).user, Request("/o/authorize/")
    request.user, request.client = user, Application.objects.get(client_id=app.id)
    request.redirect_uri, request.scopes, request.claims = "https://chat.example/callback", ["cart"], {}

    end_access(dana)

    with pytest.raises(AccessDeniedError):
        Validator().save_authorization_code(app.id, {"code": "c"}, request)
    assert not Grant.objects.exists()


@pytest.fixture
def signed(shared_database, settings):
    settings.MAIL_IS_SET = True
    browser = Client()
    signed_in(browser, "dana@example.com")
    return App(), browser, Person.objects.get()


@pytest.mark.parametrize("end", [end_access, end_access_of])
def test_a_refresh_under_way_leaves_no_token_behind_the_end(signed, beside, end):
    app, browser, dana = signed
    given = app.signs_in(browser)

    beside(lambda: app.refresh(given["refresh_token"]), lambda: end(dana))

    assert not RefreshToken.objects.filter(revoked=None).exists()
    assert not AccessToken.objects.exists()


def test_a_code_that_is_being_said_leaves_no_chat_open_behind_the_end(signed, beside):
    _app, _browser, dana = signed
    code = account_codes.new_code(dana)

    beside(lambda: say(code), lambda: end_access(dana))

    assert links() == [(dana.pk, False)]


def test_a_chat_that_is_being_linked_by_a_token_is_not_open_behind_the_end(signed, beside):
    app, browser, dana = signed
    holder = holder_of(app.signs_in(browser)["access_token"])

    beside(lambda: link(holder), lambda: end_access(dana))

    assert links() == [(dana.pk, False)]


def test_a_change_that_begins_while_the_access_ends_waits_and_changes_nothing(signed, beside):
    app, browser, dana = signed
    holder = holder_of(app.signs_in(browser)["access_token"])
    call = Call("clear_cart", {"openai/session": "chat-1"}, person=holder.person, token=holder.token)

    def change():
        with pytest.raises(SignInNeeded):
            clear_cart.function(call)

    beside(lambda: end_access(dana), change)

    assert not Session.objects.exists()


def test_a_code_that_is_said_while_all_ends_opens_nothing(signed, beside):
    _app, _browser, dana = signed
    code, told = account_codes.new_code(dana), []

    def try_it():
        try:
            say(code)
        except codes.WrongCode as refusal:
            told.append(refusal)

    beside(lambda: end_access(dana), try_it)

    assert told
    assert not Session.objects.filter(person=dana).exists()


def test_a_cart_that_is_opened_while_its_link_is_ended_gets_no_new_link(signed, beside):
    _app, browser, dana = signed
    create_product(
        Store.objects.create(slug="shop", name="The Shop", currency="ILS"), sku="honey", name="Honey", price="2"
    )
    with locked_cart(Caller(Call("add_to_cart", {"openai/session": "chat-1"}))) as cart:
        carts.add_items(cart, [("shop:honey", 1)])
    linking.keep(Session.objects.get().public_id, dana)
    filled, answers = Cart.objects.get(), []
    page = f"/c/{token_of(link_for(filled.pk, 'buy', 'en'))}"

    beside(
        lambda: Client().post(page, {"do": "end"}),
        lambda: answers.append(browser.post("/my/", {"do": "open", "which": filled.public_id}).status_code),
    )

    assert answers == [409]
    assert not CheckoutLink.objects.open().exists()


def test_a_browser_that_was_let_in_before_the_end_gets_no_code_of_the_account(dana):
    before = account_codes.new_code(dana)
    end_access(Person.objects.get(pk=dana.pk))

    with pytest.raises(account_codes.SignedOut):
        account_codes.new_code(dana)
    assert before
    assert not AccountCode.objects.exists()


def test_a_code_that_is_being_said_opens_no_account_that_is_deleted(signed, beside):
    _app, _browser, dana = signed
    code = account_codes.new_code(dana)

    beside(lambda: say(code), lambda: forget(Buyer(email=dana.email), account=dana))

    assert links() == [(None, False)]
    assert not Person.objects.exists()


def test_an_account_that_is_being_deleted_is_opened_to_nobody(signed, beside):
    app, browser, dana = signed
    holder, told = holder_of(app.signs_in(browser)["access_token"]), []

    def try_it():
        try:
            link(holder)
        except SignInNeeded as refusal:
            told.append(refusal)

    beside(lambda: forget(Buyer(email=dana.email), account=dana), try_it)

    assert told
    assert not Session.objects.exclude(person=None).exists()


@pytest.mark.parametrize("change", [{"is_active": False}, {"is_staff": True}])
def test_the_chats_of_an_account_that_is_no_shoppers_any_more_see_nothing(app, dana, client, admin_client, change):
    say(account_codes.new_code(dana))
    code, token = account_codes.new_code(dana), app.signs_in(client)["access_token"]
    page = reverse("admin:auth_user_change", args=[dana.user_id])
    now = {"is_active": True, "is_staff": False} | change
    form = {
        "username": dana.user.username,
        "email": dana.email,
        "date_joined_0": "2026-01-01",
        "date_joined_1": "12:00",
    }

    admin_client.post(page, form | {name: "on" for name, is_on in now.items() if is_on})

    dana.user.refresh_from_db()
    assert {"is_active": dana.user.is_active, "is_staff": dana.user.is_staff} == now
    assert links() == [(dana.pk, False)]
    assert not AccessToken.objects.exists()
    with pytest.raises(codes.WrongCode):
        say(code, "chat-2")
    assert holder_of(token) is None


def test_another_change_of_a_user_ends_nothing(dana, admin_client):
    say(account_codes.new_code(dana))
    page = reverse("admin:auth_user_change", args=[dana.user_id])
    form = {
        "username": dana.user.username,
        "email": dana.email,
        "date_joined_0": "2026-01-01",
        "date_joined_1": "12:00",
    }

    assert admin_client.post(page, form | {"is_active": "on", "first_name": "Dana"}).status_code == 302

    assert links() == [(dana.pk, True)]


@pytest.mark.parametrize("change", [{"is_active": False}, {"is_staff": True}])
def test_a_code_of_an_account_that_is_no_shoppers_opens_nothing(dana, change):
    code = account_codes.new_code(dana)
    type(dana.user).objects.filter(pk=dana.user_id).update(**change)

    with pytest.raises(codes.WrongCode):
        say(code)
    assert not Session.objects.filter(person=dana).exists()


@pytest.mark.parametrize("name", ["add_to_cart", "clear_cart", "resume_cart"])
def test_a_change_under_way_is_not_done_once_the_access_has_ended(tokens, dana, tea, name):
    """The token was found good before the transaction of the change began."""
    holder = holder_of(tokens["access_token"])
    call = Call(name, {"openai/session": "chat-1"}, person=holder.person, token=holder.token)
    before = list(Cart.objects.values_list("version", "item_count"))
    end_access_of(dana)
    given = {"add_to_cart": {"product_id": "shop:tea"}, "resume_cart": {"code": "ABCD-EFGH"}}.get(name, {})
    tool = {"add_to_cart": add_to_cart, "clear_cart": clear_cart, "resume_cart": resume_cart}[name]

    with pytest.raises(SignInNeeded, match="ended this access"):
        tool.function(call, **given)
    assert list(Cart.objects.values_list("version", "item_count")) == before
