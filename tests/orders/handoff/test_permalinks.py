"""Addresses that name products."""

from urllib.parse import parse_qs, urlsplit

import pytest

from carts.models import Cart, Session
from catalog.models import Store
from orders.handoff import permalinks
from orders.handoff.permalinks import Wanted
from orders.models import CheckoutLink, PermalinkCount
from tests.orders.pages import quantities_of

WEFT = "weft:i281"
HEBREW = "shop:שוקולד 70%, מריר"


@pytest.mark.parametrize(
    ("items", "read"),
    [
        ("weft:i281:2", {WEFT: 2}),
        ("weft:i281:2,weft:i282:1", {WEFT: 2, "weft:i282": 1}),
        ("weft:i281:2,weft:i281:3", {WEFT: 5}),
        ("weft:i281", {WEFT: 1}),
        ("a:b:c:4", {"a:b:c": 4}),
        ("weft:i281:0", {}),
        ("weft:i281:99999", {WEFT: 999}),
        ("~d2VmdDppMjgx:2", {WEFT: 2}),
        ("~d2VmdDppMjgx", {WEFT: 1}),
        ("~!!!:2", {}),
        ("~_w:1", {}),
        (",,weft:i281:1,", {WEFT: 1}),
        ("x" * 301, {}),
        ("a\0b:1", {}),
    ],
)
def test_both_forms_are_read_leniently(items, read):
    assert {each.product: each.quantity for each in permalinks.read(items)} == read


@pytest.mark.parametrize(
    "product",
    [WEFT, "shop:a_b.c-d", HEBREW, "shop:a,b:c", "shop:100%", "s" * 40 + ":" + "x" * 255, "shop:" + "ש" * 255],
)
def test_what_is_written_is_read_again(product):
    path = permalinks.path_of([Wanted(product, 3), Wanted("shop:x", 1)])

    assert path.isascii()
    assert permalinks.read(path.removeprefix("/buy/")) == [Wanted(product, 3), Wanted("shop:x", 1)]
    assert ("~" in path) == (product not in (WEFT, "shop:a_b.c-d", "s" * 40 + ":" + "x" * 255))


def open_page(client, items, **headers):
    answer = client.get(f"/buy/{items}", headers=headers)
    assert answer.status_code == 303
    return answer["Location"]


def test_a_permalink_leads_to_a_page_of_its_products_and_stores_nothing(client, honey, tea):
    address = open_page(client, "shop:honey:2,shop:tea:9,shop:nothing:1")
    page = client.get(address)

    assert quantities_of(page.text) == {"quantity:shop:honey": "2", "quantity:shop:tea": "5"}
    assert "Only 5 left of Tea" in page.text
    assert "The shop has no product “shop:nothing”." in page.text
    assert "89.50" in page.text
    assert not Session.objects.exists()
    assert not CheckoutLink.objects.exists()
    assert not page.cookies


def test_the_first_change_begins_a_cart_without_a_conversation(client, honey, tea):
    address = open_page(client, "shop:honey:2,shop:tea:1")

    answer = client.post(address, {"do": "set:shop:honey:3", "quantity:shop:tea": "2", "quantity:shop:gold": "1"})

    assert answer.status_code == 303
    assert quantities_of(client.get(answer["Location"]).text) == {"quantity:shop:honey": "3", "quantity:shop:tea": "2"}
    session = Session.objects.get()
    assert (session.source, session.digest) == ("page", None)
    assert Cart.objects.get().version == 1


def test_the_browser_finds_its_own_cart_again(client, honey):
    address = open_page(client, "shop:honey:2")
    client.post(address, {"do": "save"})

    assert "Go back to the cart that you began here before" in client.get(address).text
    answer = client.get("/c/mine")
    assert answer.status_code == 303
    assert "Honey" in client.get(answer["Location"]).text


@pytest.mark.parametrize("cookie", [None, "c_aaaaaaaaaaaaaaaa", "c_aaaaaaaaaaaaaaaa:x:y"])
def test_a_browser_without_a_cart_of_its_own_finds_none(client, honey, cookie):
    client.post(open_page(client, "shop:honey:2"), {"do": "save"})
    del client.cookies["cart"]
    if cookie:
        client.cookies["cart"] = cookie

    assert client.get("/c/mine").status_code == 404


def test_products_of_a_second_store_are_left_out_and_named(client, honey, make_product):
    make_product("Novel", store=Store.objects.create(slug="books", name="Books", currency="ILS", language="en"))

    page = client.get(open_page(client, "shop:honey:1,books:novel:1")).text

    assert quantities_of(page) == {"quantity:shop:honey": "1"}
    assert "Novel was not added: A cart holds products of one store" in page


def test_an_address_of_no_product_is_refused_in_words(client, db):
    answer = client.get("/buy/~!!,~_w")

    assert answer.status_code == 404
    assert "This address names no product." in answer.text


def test_a_page_with_nothing_to_sell_says_so_and_begins_nothing(client, make_product):
    make_product("Gone", stock=0)
    address = open_page(client, "shop:gone:1")

    assert "Gone is sold out." in client.get(address).text
    assert client.post(address, {"do": "save"}).status_code == 409
    assert not Session.objects.exists()


@pytest.mark.parametrize(
    ("query", "referrer", "source"),
    [
        ("", "", "direct"),
        ("?source=newsletter", "https://blog.example/post", "newsletter"),
        ("?utm_source=Poster 7", "", "Poster-7"),
        ("", "https://blog.example/post?secret=1", "blog.example"),
        ("?source=" + "x" * 99, "", "x" * 40),
        ("?source=<b>\0", "", "b"),
    ],
)
def test_carts_are_counted_by_source(client, honey, query, referrer, source):
    address = open_page(client, f"shop:honey:1{query}", referer=referrer)
    assert parse_qs(urlsplit(address).query)["source"] == [source]
    for _ in range(2):
        client.post(address, {"do": "save"})

    assert list(PermalinkCount.objects.values_list("source", "carts")) == [(source, 2)]


def test_the_sources_of_a_day_are_bounded(client, honey, monkeypatch):
    monkeypatch.setattr(permalinks, "MOST_SOURCES", 2)
    for name in ("a", "b", "c", "d", "a"):
        client.post(open_page(client, f"shop:honey:1?source={name}"), {"do": "save"})

    counted = dict(PermalinkCount.objects.values_list("source", "carts"))
    assert counted == {"a": 2, "b": 1, permalinks.OTHER_SOURCES: 2}


@pytest.mark.parametrize("products", [1, 40])
def test_a_page_takes_as_many_queries_for_any_number_of_products(
    client, make_product, products, django_assert_num_queries
):
    for n in range(products):
        make_product(f"Thing {n}")
    address = open_page(client, ",".join(f"shop:thing-{n}:1" for n in range(products)))

    with django_assert_num_queries(2):  # the products with their store, the store's texts
        client.get(address)


def test_new_carts_are_limited_as_those_of_chats_without_an_id(client, honey, settings):
    settings.SHOPMCP_NEW_UNKEYED = (0.001, 1)
    address = open_page(client, "shop:honey:1")
    answers = [client.post(address, {"do": "save"}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 429]
    assert int(answers[1]["Retry-After"]) > 0
    assert Session.objects.count() == 1
