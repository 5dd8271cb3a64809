"""Handing a cart over from its chat."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from carts.models import Cart, Session
from catalog.models import Store
from catalog.services.products import create_product
from offers.models import Coupon
from orders.models import CheckoutLink
from shopmcp.mcp.server import INSTRUCTIONS
from tests.carts.answers import cart, error, quantities, text

HOUR = timedelta(hours=1)


@pytest.fixture
def honey(db):
    store = Store.objects.create(slug="shop", name="The Shop", currency="ILS", language="en")
    return create_product(store, sku="honey", name="Honey", price="20.00")


@pytest.fixture
def full(call_tool, honey):
    call_tool("add_to_cart", product_id="shop:honey", quantity=2)


@pytest.fixture
def give(call_tool):
    return lambda **arguments: call_tool("get_checkout_link", **arguments)


def move(hours):
    """Let the links' time pass."""
    for link in CheckoutLink.objects.all():
        CheckoutLink.objects.filter(pk=link.pk).update(expires_at=link.expires_at - hours * HOUR)


def test_a_link_opens_the_cart_for_a_day(give, full, client):
    answer = cart(give())

    assert answer["scope"] == "buy"
    left = datetime.fromisoformat(answer["expires_at"]) - datetime.now(UTC)
    assert timedelta(hours=23.9) < left <= timedelta(hours=24)
    assert answer["url"].startswith("http://127.0.0.1:8000/c/")
    assert answer["url"] in text(give())
    assert "Honey" in client.get(answer["url"]).text


def test_the_same_link_is_given_while_it_has_twelve_hours_left(give, full):
    first = cart(give())["url"]
    move(11.9)
    assert cart(give())["url"] == first

    move(0.2)

    assert cart(give())["url"] != first


def test_links_to_look_and_to_buy_are_two(give, full):
    assert cart(give())["url"] != cart(give(scope="view"))["url"]
    assert sorted(CheckoutLink.objects.values_list("scope", flat=True)) == ["buy", "view"]


def test_no_row_holds_what_opens_a_cart(give, full):
    token = cart(give())["url"].rsplit("/", 1)[1]
    row = CheckoutLink.objects.values().get()

    assert len(token) == 42
    assert token[16:] not in str(row)


def test_a_loopback_address_is_said_to_open_on_this_machine_alone(give, full, settings):
    assert "It opens only on the machine that runs the shop" in text(give())

    settings.PUBLIC_URL = "https://shop.example.com"

    assert "only on the machine" not in text(give())
    assert cart(give())["url"].startswith("https://shop.example.com/c/")


def test_an_empty_cart_is_not_handed_over(give, honey):
    refused = give()

    assert error(refused)["code"] == "not_found"
    assert "The cart is empty, so there is nothing to hand over." in text(refused)
    assert not CheckoutLink.objects.exists()
    assert not Cart.objects.exists()


def test_a_chat_without_an_id_passes_its_cart_id(give, call_tool, honey):
    refused = give(session=None)
    assert error(refused)["code"] == "session_needed"
    assert not Session.objects.exists()

    handle = cart(call_tool("add_to_cart", session=None, product_id="shop:honey"))["cart_id"]

    assert cart(give(session=None, cart_id=handle))["url"]


def test_too_many_links_are_refused_in_words(give, full):
    for _ in range(20):
        give()
        CheckoutLink.objects.update(revoked_at=timezone.now())
    refused = give()

    assert error(refused)["code"] == "too_many_requests"
    assert "Too many links to this cart were made lately." in text(refused)
    assert CheckoutLink.objects.count() == 20


def test_the_shared_cart_is_handed_over_as_a_copy_another_for_each_call(give, call_tool, honey, client, settings):
    settings.SHOPMCP_UNKEYED_CALLS = "shared"
    call_tool("add_to_cart", session=None, product_id="shop:honey", quantity=2)
    answers = [give(session=None) for _ in range(2)]

    assert len({cart(answer)["url"] for answer in answers}) == 2
    assert "It opens a copy of the cart" in text(answers[0])
    assert "share" in text(answers[0])
    page = cart(answers[0])["url"]
    client.post(page, {"version": "1", "do": "set:shop:honey:0"})
    assert "The cart is empty." in client.get(page).text
    assert "Honey" in client.get(cart(answers[1])["url"]).text
    assert quantities(call_tool("view_cart", session=None)) == {"shop:honey": 2}
    assert Cart.objects.count() == 3
    assert set(Session.objects.values_list("source", flat=True)) == {"default", "page"}


def test_cart_answers_never_hold_a_link_and_the_instructions_name_the_tool(give, call_tool, full):
    token = cart(give())["url"].rsplit("/", 1)[1]

    assert token not in str(call_tool("view_cart"))
    assert "get_checkout_link" in INSTRUCTIONS
    assert "resume_cart" in INSTRUCTIONS


def test_the_page_speaks_the_language_of_the_chat(give, full, client):
    url = cart(give(meta={"openai/locale": "he-IL"}))["url"]

    page = client.get(url, headers={"accept-language": "en"})

    assert 'lang="he" dir="rtl"' in page.text
    assert page["Content-Language"] == "he"


def test_the_copy_of_the_shared_cart_has_its_coupon(give, call_tool, honey, client, settings):
    settings.SHOPMCP_UNKEYED_CALLS = "shared"
    Coupon.objects.create(store=Store.objects.get(), code="SAVE10", code_key="save10", kind="percent", value=10)
    call_tool("add_to_cart", session=None, product_id="shop:honey")
    call_tool("apply_coupon", session=None, code="save10")

    assert "Coupon SAVE10 takes off" in client.get(cart(give(session=None))["url"]).text
