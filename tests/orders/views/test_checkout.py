"""Ordering a cart on its page."""

import re
import secrets
from decimal import Decimal
from html import unescape

import pytest
from django.apps import apps
from django.test import Client

from carts.models import Cart
from offers.models import DeliveryOption
from orders.models import Order
from orders.views import checkout
from tests.carts.answers import quantities
from tests.orders.pages import TYPED, button, form_of, path_of


@pytest.fixture
def page(client, path, pickup, courier):
    """The form of the page as a browser would send it, with what the shopper typed."""
    return lambda **changes: form_of(client.get(path).text) | TYPED | {"do": "order", "delivery": pickup.pk} | changes


def test_the_button_says_that_one_pays_and_how_much(client, path, pickup, courier):
    text = client.get(path).text

    assert button(text) == "Order and pay ₪49.90"  # 2 × 20.00 and 9.90
    assert 'data-button="Order and pay ₪74.90"' in text  # and 25.00 for the courier
    assert "₪150.10 more for free delivery" in text


@pytest.mark.parametrize("name", ["name", "tel", "email", "shipping address-line1", "shipping address-line2"])
def test_the_browser_is_told_what_each_field_is_for(client, path, pickup, name):
    assert f'autocomplete="{name}"' in client.get(path).text


def test_an_order_is_placed_and_leads_to_its_page(client, path, page, call_tool, pickup):
    answer = client.post(path, page(total="49.90"))

    assert answer.status_code == 303
    order = Order.objects.get()
    assert (order.name, order.phone, order.note) == ("Dana Levi", "050-2345678", "Ring twice <b>")
    assert (order.total, order.is_pickup, order.language) == (Decimal("49.90"), True, "en")
    shown = client.get(answer["Location"])
    assert "Dana Levi" in shown.text
    assert "Ring twice &lt;b&gt;" in shown.text
    assert quantities(call_tool("view_cart")) == {}


def test_a_form_that_comes_twice_places_one_order_and_leads_to_it_twice(client, path, page):
    form = page(total="49.90")
    answers = [client.post(path, form) for _ in range(2)]

    assert answers[0]["Location"] == answers[1]["Location"]
    assert Order.objects.count() == 1


def test_another_holder_of_the_link_is_not_led_to_the_order(client, path, page, client_of_another):
    theirs = page(total="49.90")
    mine = page(total="49.90")
    order = client.post(path, mine)["Location"]

    for answer in (client_of_another.post(path, theirs), client_of_another.get(path)):
        assert answer.status_code == 410
        assert "This cart was ordered." in answer.text
        assert order not in answer.text
        assert "Dana" not in answer.text
    assert "To order" in client.get(path).text
    assert Order.objects.count() == 1


@pytest.fixture
def client_of_another():
    return Client()


def test_what_is_typed_stays_with_this_browser_alone(client, path, page, client_of_another):
    client.post(path, page(do="set:shop:honey:3"))

    text = client.get(path).text
    assert "Dana Levi" in text
    assert "Ring twice &lt;b&gt;" in text
    assert "Dana" not in client_of_another.get(path).text
    client.post(path, {"do": "forget"})
    assert "Dana" not in client.get(path).text


def test_nothing_that_was_typed_is_stored_without_an_order(client, path, page):
    client.post(path, page(phone="x"))

    for model in apps.get_models():
        assert "Dana" not in str(list(model._base_manager.values())), model


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"name": " "}, "name", "Write the name"),
        ({"phone": "x"}, "phone", "This is no phone number."),
        ({"email": "dana"}, "email", "This is no e-mail address."),
        ({"phone": "", "email": ""}, "phone", "Write a phone number or an e-mail address."),
        ({"delivery": "0"}, "delivery", "Choose how it is delivered."),
        ({"delivery": "x" * 50}, "delivery", "Choose how it is delivered."),
        ({"payment": "gold"}, "payment", "Choose how to pay."),
    ],
)
def test_a_field_that_is_wrong_says_so_and_nothing_typed_is_lost(client, path, page, changes, field, words):
    answer = client.post(path, page(total="49.90") | changes)

    assert answer.status_code == 422
    assert words in answer.text
    assert f'href="#field-{field}"' in answer.text
    kept = form_of(answer.text)
    assert kept["email"] == changes.get("email", "dana@example.com")
    assert "Ring twice &lt;b&gt;" in answer.text
    assert not Order.objects.exists()
    assert Cart.objects.get().item_count == 3


def test_a_courier_needs_an_address_it_goes_to(client, path, page, courier):
    form = page(delivery=courier.pk, total="74.90", street="12 Herzl St", city="Eilat")

    answer = client.post(path, form)
    assert answer.status_code == 422
    assert "Courier does not come to this place." in answer.text
    assert form_of(answer.text)["city"] == "Eilat"

    answer = client.post(path, form_of(answer.text) | {"do": "order", "city": "Haifa", "total": "74.90"} | TYPED)
    assert Order.objects.get().city == "Haifa"


def test_another_sum_than_the_button_said_orders_nothing_and_is_shown(client, path, page, courier):
    form = page(delivery=courier.pk, street="12 Herzl St", city="Haifa")
    assert form["total"] == "49.90"

    answer = client.post(path, form)

    assert answer.status_code == 409
    assert "The sum has changed from ₪49.90 to ₪74.90." in answer.text
    assert button(answer.text) == "Order and pay ₪74.90"
    assert not Order.objects.exists()
    assert client.post(path, form_of(answer.text) | TYPED | {"do": "order"}).status_code == 303


def test_quantities_that_were_typed_are_set_before_anything_is_ordered(client, path, page):
    answer = client.post(path, page(total="49.90") | {"quantity:shop:honey": "1"})

    assert answer.status_code == 409
    assert "Quantities or coupon were changed, and with them the sum." in answer.text
    assert button(answer.text) == "Order and pay ₪29.90"
    assert "Dana Levi" in answer.text
    assert not Order.objects.exists()


def test_a_cart_that_the_chat_changed_is_not_ordered_unseen(client, path, page, call_tool):
    form = page(total="49.90")
    call_tool("add_to_cart", product_id="shop:tea")

    answer = client.post(path, form)

    assert answer.status_code == 409
    assert "You wrote 1." in answer.text
    assert not Order.objects.exists()


@pytest.mark.parametrize("total", ["", "NaN", "-1", "1e999", "Infinity", "x" * 1000, "0"])
def test_a_sum_of_the_form_is_never_trusted(client, path, page, total):
    answer = client.post(path, page(total=total))

    assert answer.status_code == 409
    assert not Order.objects.exists()


def test_a_shop_that_takes_no_orders_says_why_and_keeps_the_cart(client, path, page, store):
    store.paused = "Closed until Sunday."
    store.save()

    text = client.get(path).text
    assert "Closed until Sunday." in text
    assert 'class="pay"' not in text
    assert 'name="quantity:shop:honey"' in text
    assert "Closed until Sunday." in client.post(path, page(total="49.90", delivery="1")).text
    assert not Order.objects.exists()


def test_a_page_to_look_and_a_permalink_order_nothing(client, view_path, pickup, honey):
    assert 'class="pay"' not in client.get(view_path).text
    assert client.post(view_path, TYPED | {"do": "order"}).status_code == 400
    assert 'class="pay"' not in client.get("/c/new?items=shop:honey:1").text


@pytest.mark.parametrize("note", ["x" * 1000, "😀" * 1000, "\u202eright to left", "'; DROP TABLE orders_order; --"])
def test_a_long_or_strange_note_arrives_as_text(client, path, page, note):
    assert client.post(path, page(total="49.90", note=note)).status_code == 303

    kept = Order.objects.get().note
    assert len(kept) <= 1000
    assert "\u202e" not in kept


def test_a_note_too_long_for_a_cookie_is_left_out_of_it(client, path, page):
    client.post(path, page(do="save", note="".join(chr(0x4E00 + secrets.randbelow(20000)) for _ in range(1000))))

    assert len(client.cookies[checkout.COOKIE].value) <= 3800
    assert "Dana Levi" in client.get(path).text


@pytest.mark.parametrize("options", [1, 20])
def test_the_page_takes_as_many_queries_for_any_number_of_options(
    client, path, pickup, options, django_assert_num_queries
):
    for n in range(options):
        DeliveryOption.objects.create(store=pickup.store, name=f"Courier {n}", price=10 + n)
    client.get(path)

    # The link, the session with its cart, the lines, the store, the options, and twice who sells.
    with django_assert_num_queries(7):
        client.get(path)


def test_a_cart_in_another_currency_is_offered_only_what_can_be_summed_up(
    client, call_tool, make_product, courier, pickup
):
    make_product("Imported", "10.00", currency="USD")
    call_tool("add_to_cart", product_id="shop:imported")
    path = path_of(call_tool("get_checkout_link"))

    assert re.findall(r'data-total="([^"]+)"', client.get(path).text) == ["10.00"]

    pickup.delete()
    text = client.get(path).text
    assert "deliveries have prices in ILS, and this cart is in USD" in unescape(text)
    assert 'class="pay"' not in text


def test_a_long_note_of_many_lines_is_kept_whole(client, path, page):
    note = "\r\n".join(["x" * 9] * 100)  # 999 signs for the browser, which sends the ends of lines as two

    client.post(path, page(total="49.90", note=note))

    assert Order.objects.get().note == note.replace("\r\n", "\n")
