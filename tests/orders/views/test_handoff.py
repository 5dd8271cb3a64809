"""The page of a cart: what it shows, and what can be changed there."""

import re

import pytest
from django.utils import timezone

from carts.models import Cart, Change, Session
from orders.handoff import pages
from orders.views import shopper
from shopmcp.throttle import Rate
from tests.carts.answers import codes, quantities, text
from tests.orders.pages import path_of


def held():
    found = Cart.objects.get(session__source="openai/session")
    return {line.shown.sku: line.quantity for line in found.lines.with_version()}


def test_the_page_shows_the_cart_as_it_is_now(client, path, call_tool):
    page = client.get(path).text
    assert page.count('<li class="good') == 2
    assert "40.00" in page
    assert "49.90" in page
    assert "The Shop" in page

    call_tool("update_cart_item", product_id="shop:honey", quantity=3)

    assert "69.90" in client.get(path).text


def test_the_page_names_nothing_of_the_conversation(client, path, full):
    answer = client.get(path)
    told = answer.text + str(answer.headers)

    for secret in (full.public_id, full.digest, Cart.objects.get().public_id, "chat-1", "openai"):
        assert secret not in told


@pytest.mark.parametrize("which", ["path", "new", "forged"])
def test_no_cache_no_search_engine_and_no_other_site_learns_of_a_page(client, path, which):
    answer = client.get({"path": path, "new": "/c/new?items=shop:honey:1", "forged": "/c/forged"}[which])

    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["X-Robots-Tag"] == "noindex, nofollow"
    assert "no-store" in answer["Cache-Control"]
    assert "private" in answer["Cache-Control"]
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert "<script" not in answer.text
    assert "style=" not in answer.text


@pytest.mark.parametrize("lines", [1, 30])
def test_the_page_takes_as_many_queries_for_any_number_of_lines(
    client, call_tool, make_product, lines, settings, django_assert_num_queries
):
    settings.SHOPMCP_CACHE = False
    for n in range(lines):
        make_product(f"Thing {n}")
        call_tool("add_to_cart", product_id=f"shop:thing-{n}")
    path = path_of(call_tool("get_checkout_link"))
    client.get(path)

    with django_assert_num_queries(6):  # the link, session and cart, lines, store, delivery options, who sells
        client.get(path)


def test_quantities_are_set_together_as_one_version(send, path):
    answer = send(path, honey=5, tea=2)

    assert answer.status_code == 303
    assert answer["Location"] == path
    assert held() == {"honey": 5, "tea": 2}
    assert list(Change.objects.order_by("version").values_list("version", "tool")) == [(1, "add_to_cart"), (2, "page")]


@pytest.mark.parametrize(("do", "result"), [("set:shop:honey:3", 3), ("set:shop:honey:1", 1)])
def test_a_button_sets_one_quantity_and_keeps_what_was_typed_elsewhere(send, path, do, result):
    send(path, do, tea=4)

    assert held() == {"honey": result, "tea": 4}


def test_a_line_is_removed_and_brought_back(send, client, path):
    send(path, "set:shop:honey:0")
    assert held() == {"tea": 1}

    send(path, "undo")

    assert held() == {"honey": 2, "tea": 1}


def test_the_chat_hears_in_its_next_answer_what_was_done_on_the_page(send, path, call_tool):
    send(path, "set:shop:honey:0")

    seen = call_tool("view_cart")

    assert codes(seen) == ["changed_in_browser"]
    assert "The shopper changed the cart in the browser: Honey: 2 → 0." in text(seen)
    assert quantities(call_tool("undo_cart_change")) == {"shop:honey": 2, "shop:tea": 1}
    assert codes(call_tool("view_cart")) == []


def test_a_page_that_is_behind_says_so_and_offers_what_was_wanted(client, path, call_tool):
    old = {"version": "1", "quantity:shop:honey": "7", "quantity:shop:tea": "1"}
    call_tool("update_cart_item", product_id="shop:tea", quantity=3)

    answer = client.post(path, old)

    assert answer.status_code == 409
    assert "The cart was changed meanwhile" in answer.text
    assert held() == {"honey": 2, "tea": 3}
    assert "You wrote 7." in answer.text
    assert "set:shop:honey:7" in answer.text
    (version,) = set(re.findall(r'name="version" value="(\d+)"', answer.text))
    client.post(path, {"version": version, "do": "set:shop:honey:7"})
    assert held() == {"honey": 7, "tea": 3}


def test_a_form_that_comes_twice_changes_once(client, path):
    form = {"version": "1", "do": "set:shop:honey:3", "quantity:shop:honey": "2", "quantity:shop:tea": "1"}

    assert [client.post(path, form).status_code for _ in range(2)] == [303, 303]
    assert held() == {"honey": 3, "tea": 1}
    assert Change.objects.count() == 2


@pytest.mark.parametrize("wrong", ["-1", "1000", "2.5", "x", "", "1e3", "٣٣٣٣", "9" * 40, "<b>"])
def test_a_quantity_that_is_none_is_refused_beside_what_was_typed(client, path, wrong):
    answer = client.post(path, {"version": "1", "quantity:shop:honey": wrong, "quantity:shop:tea": "1"})

    assert answer.status_code == 409
    assert "A quantity is a whole number from 0 to 999." in answer.text
    assert "<b>" not in answer.text
    assert held() == {"honey": 2, "tea": 1}


def test_what_is_short_in_stock_is_set_to_what_there_is_and_says_so(send, path):
    answer = send(path, tea=9)

    assert answer.status_code == 200
    assert "Only 5 left of Tea; the cart holds 5 now." in answer.text
    assert held()["tea"] == 5


def test_nothing_but_quantities_is_taken_from_a_form(client, path, make_product):
    make_product("Gold", "9999")
    form = {"version": "1", "price:shop:honey": "0.01", "total": "0", "quantity:shop:gold": "1", "quantity:א": "2"}

    answer = client.post(path, form)

    assert answer.status_code == 409
    assert held() == {"honey": 2, "tea": 1}


def test_a_page_to_look_has_no_form_and_changes_nothing(client, view_path):
    assert 'name="quantity' not in client.get(view_path).text
    assert "Continue in another chat" not in client.get(view_path).text

    for do in ("save", "undo", "code", "set:shop:honey:9"):
        answer = client.post(view_path, {"version": "1", "do": do})
        assert answer.status_code == 400
    assert held() == {"honey": 2, "tea": 1}
    assert Change.objects.count() == 1


def test_there_is_nothing_to_undo_on_a_cart_that_was_undone(client, path, send):
    send(path, "undo")

    answer = client.post(path, {"version": "2", "do": "undo"})

    assert answer.status_code == 409
    assert "Every change of the cart is undone already." in answer.text


def test_an_ordered_cart_leads_nobody_anywhere(client, path, call_tool):
    Cart.objects.update(ordered_at=timezone.now())
    call_tool("add_to_cart", product_id="shop:tea")

    for answer in (client.get(path), client.post(path, {"version": "1", "do": "set:shop:honey:1"})):
        assert answer.status_code == 410
        assert "This cart was ordered." in answer.text
        assert "Tea" not in answer.text


def test_a_form_of_another_site_is_refused(client, path):
    answer = client.post(path, {"version": "1", "do": "set:shop:honey:0"}, headers={"sec-fetch-site": "cross-site"})

    assert answer.status_code == 403
    assert held() == {"honey": 2, "tea": 1}


def test_a_name_that_is_code_is_shown_as_text(client, call_tool, make_product):
    make_product("<b>\u202eevil</b> 😀", sku="evil")
    call_tool("add_to_cart", product_id="shop:evil")

    page = client.get(path_of(call_tool("get_checkout_link"))).text

    assert "<b>" not in page
    assert "&lt;b&gt;" in page


def test_the_reader_chooses_another_language_and_keeps_it(client, path):
    answer = client.get(f"{path}?lang=he")
    assert answer.status_code == 303
    assert answer["Location"] == path

    assert 'lang="he" dir="rtl"' in client.get(path).text


@pytest.mark.parametrize("limit", ["changes", "views"])
def test_too_many_requests_are_refused_with_words_and_a_time(client, path, monkeypatch, limit):
    buckets = {"changes": pages.page_changes, "views": shopper.page_views}[limit]
    monkeypatch.setattr(buckets, "_rate", lambda: Rate(0.1, 1))
    buckets.clear()
    answers = [client.post(path, {"version": "1", "do": "set:shop:honey:9"}) for _ in range(2)]

    assert answers[1].status_code == 429
    assert int(answers[1]["Retry-After"]) > 0
    assert "lately" in answers[1].text or "Too many" in answers[1].text
    assert Change.objects.count() == 2


def test_a_session_that_was_forgotten_takes_its_links_along(client, path):
    Session.objects.all().delete()

    assert client.post(path, {"version": "1", "do": "undo"}).status_code == 404
