import json
from html.parser import HTMLParser

import pytest
from django.contrib.staticfiles import finders
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from catalog.models import Store
from offers.models import Merchant
from tests.carts.shop import make_product, store

__all__ = ["make_product", "store"]

pytestmark = pytest.mark.django_db


class Page(HTMLParser):
    """What a page holds that a strict content security policy forbids: inline code, inline styles, foreign files."""

    def __init__(self, text):
        super().__init__()
        self.forbidden = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        names = dict(attrs)
        self.forbidden += [name for name in names if name.startswith("on") or name == "style"]
        if tag == "style" or (tag == "script" and "src" not in names):
            self.forbidden.append(tag)
        loads = [names.get("src"), names.get("href") if tag == "link" else None]
        self.forbidden += [url for url in loads if url and not url.startswith("/static/")]


def test_the_landing_page_tells_the_mcp_url_and_where_to_go(client, settings):
    settings.PUBLIC_URL = "https://shop.example.com"
    response = client.get("/")

    assert response.status_code == 200
    assert 'value="https://shop.example.com/mcp"' in response.text
    assert "ChatGPT" in response.text
    assert 'href="/dashboard/"' in response.text
    assert 'href="/admin/"' in response.text
    assert "PUBLIC_URL" not in response.text


def test_a_browser_that_asks_for_the_icon_is_sent_to_it(client):
    assert client.get("/favicon.ico")["Location"].startswith("/static/shopmcp/icon")


def test_an_address_that_chatgpt_cannot_reach_is_explained(client):
    assert "PUBLIC_URL" in client.get("/").text


def test_the_landing_page_speaks_hebrew_from_right_to_left(client):
    text = client.get("/", headers={"accept-language": "he"}).text

    assert '<html lang="he" dir="rtl">' in text
    assert "חנות" in text


def test_the_landing_page_names_the_shop_and_what_its_owner_confirmed(client, store):
    assert f"<h1><bdi>{store.name}</bdi></h1>" in client.get("/").text
    assert "/store/shop/" not in client.get("/").text
    Merchant.objects.create(store=store, pages_confirmed_at=timezone.now())

    page = client.get("/").text

    assert 'href="/store/shop/"' in page and 'href="/terms"' in page


def test_the_icon_is_found_where_browsers_ask_for_it(client):
    assert client.get("/favicon.ico")["Location"].endswith("shopmcp/icon.svg")


def test_an_address_that_takes_forms_alone_says_so(admin_client):
    answer = admin_client.get("/dashboard/health/test/", headers={"accept": "text/html"})

    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert "takes forms" in answer.text


def test_the_language_can_be_changed_on_the_page(client):
    response = client.post("/language/setlang/", {"language": "he", "next": "/"})

    assert response["Location"] == "/"
    assert 'lang="he"' in client.get("/").text


@pytest.mark.parametrize("path", ["/", "/nowhere", "/sign-in/x/", "/admin/login/"])
def test_pages_carry_a_strict_policy_and_nothing_inline(client, path):
    response = client.get(path)
    policy = dict(part.strip().split(" ", 1) for part in response["Content-Security-Policy"].split(";"))

    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert Page(response.text).forbidden == []


def test_the_landing_page_needs_one_query(client, django_assert_num_queries):
    with django_assert_num_queries(1):
        client.get("/")


def test_health_counts_what_can_be_bought_as_list_stores_and_the_api_do(client, admin_client, call_tool, make_product):
    Store.objects.create(slug="bare", name="Bare", currency="USD")
    make_product("Honey")
    make_product("Sold out", stock=0)
    make_product("Unpriced", price=None)
    make_product("Unavailable", available=False)

    response = client.get("/healthz")

    stores = [
        {"slug": "shop", "name": "The Shop", "products": 1},
        {"slug": "bare", "name": "Bare", "products": 0},
    ]
    assert response.status_code == 200
    assert response.json() == {"status": "healthy", "stores": stores}
    assert admin_client.get("/api/health").json()["stores"] == stores
    told = call_tool("list_stores").structured_content["stores"]
    assert [{key: store[key] for key in stores[0]} for store in told] == stores


def test_health_counts_once_for_each_state_of_the_catalogue(client, make_product, django_assert_num_queries):
    make_product("Honey")
    client.get("/healthz")

    # The state of the catalogue, and the stores.
    with django_assert_num_queries(2):
        client.get("/healthz")
    make_product("Tea")

    assert client.get("/healthz").json()["stores"][0]["products"] == 2


def test_a_database_that_does_not_answer_is_503_with_the_reason_and_no_secrets(client, break_stores, caplog):
    break_stores(OperationalError('connection to "db.internal" as "shop" failed'))
    response = client.get("/healthz")

    assert response.status_code == 503
    assert response.json() == {"status": "unhealthy", "reason": "The database does not answer."}
    assert "db.internal" in caplog.text


def test_a_missing_page_says_so_and_leads_back(client):
    response = client.get("/nowhere")

    assert response.status_code == 404
    assert "There is no such page." in response.text
    assert 'href="/"' in response.text


def test_another_host_is_refused_in_words_that_name_the_setting(client, caplog):
    page = client.get("/", headers={"host": "evil.example"})
    data = client.get("/", headers={"host": "evil.example", "accept": "application/json"})

    assert page.status_code == data.status_code == 400
    assert "PUBLIC_URL" in page.text
    assert "ALLOWED_HOSTS" in page.text
    assert "PUBLIC_URL" in data.json()["error"]["fix"]
    assert "Traceback" not in caplog.text
    assert "refused a request for host 'evil.example'" in caplog.text


def test_a_form_from_elsewhere_is_refused_in_words():
    response = Client(enforce_csrf_checks=True).post("/language/setlang/", {"language": "he"})

    assert response.status_code == 403
    assert "Reload the page" in response.text


def test_a_bug_is_answered_by_a_page_of_its_own_in_both_languages(break_stores):
    break_stores(RuntimeError("a secret detail"))
    response = Client(raise_request_exception=False).get("/healthz")

    assert response.status_code == 500
    assert "Something went wrong" in response.text
    assert "משהו השתבש" in response.text
    assert "secret" not in response.text
    assert finders.find("shopmcp/site.css")
    assert "/static/shopmcp/site.css" in response.text


@pytest.mark.parametrize(("method", "accept"), [("get", "application/json"), ("post", "*/*")])
def test_a_server_without_chats_names_the_one_that_has_them(method, accept):
    response = getattr(Client(enforce_csrf_checks=True), method)("/mcp", headers={"Accept": accept})

    assert response.status_code == 501
    assert "manage.py serve" in response.text
    assert response.text.count("\n") == 1


def test_a_browser_at_the_address_of_chats_gets_a_page_that_explains_it(client):
    response = client.get("/mcp", headers={"Accept": "text/html"})

    assert (response.status_code, response["Allow"]) == (405, "POST")
    assert "This address is for chats" in response.text


def test_the_dashboards_address_leads_on(client, db):
    assert client.get("/dashboard/")["Location"] == "/admin/login/?next=/dashboard/"


def test_the_500_page_is_plain_html_that_no_setting_can_break(client):
    from shopmcp.settings import BASE_DIR

    text = (BASE_DIR / "templates" / "500.html").read_text()
    assert "{%" not in text
    assert "{{" not in text
    assert json.dumps("he") in text


def test_whoever_has_no_password_learns_how_to_sign_in(client):
    page = client.get("/admin/login/?next=/dashboard/").content.decode()

    assert "manage.py sign_in_link" in page
    assert 'name="password"' in page
