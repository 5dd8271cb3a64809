"""From a cart to an order."""

from dataclasses import replace
from decimal import Decimal

import pytest

from carts.models import Cart
from catalog.models import Product, StockMove, Store
from catalog.services.products import save_product
from offers.models import DeliveryOption, Merchant
from orders.models import Order, OrderEvent, OrderLine
from orders.refusals import InvalidDetails, NotTaken, OrderChanged
from orders.services.placing import Seen, place_order
from outbox.models import Message
from shopmcp.errors import NotFound, TooMany
from tests.carts.answers import cart as shown
from tests.carts.answers import codes, quantities
from tests.orders.ordering import seen

pytestmark = pytest.mark.django_db


def nothing_was_ordered():
    return not (
        Order.objects.exists() or OrderLine.objects.exists() or StockMove.objects.exists() or Message.objects.exists()
    )


def edit(product, **fields):
    product = Product.objects.get(pk=product.pk)
    for name, value in fields.items():
        setattr(product, name, value)
    save_product(product, fields)


def test_an_order_keeps_what_was_bought_as_it_was(honey, tea, fill, order, to_haifa):
    found = order(fill(honey=2, tea=1), **{name: getattr(to_haifa, name) for name in to_haifa.__slots__})
    edit(honey, name="Syrup", price=Decimal(99))
    DeliveryOption.objects.all().delete()

    found = Order.objects.get(pk=found.pk)
    lines = [(line.name, line.quantity, line.unit_price, line.total) for line in found.lines.all()]
    assert lines == [("Honey", 2, Decimal(20), Decimal(40)), ("Tea", 1, Decimal("9.90"), Decimal("9.90"))]
    assert (found.goods, found.delivery_price, found.total) == (Decimal("49.90"), Decimal(25), Decimal("74.90"))
    assert (found.delivery_name, found.street, found.city) == ("Courier", "12 Herzl St", "Haifa")
    assert (found.state, found.payment, found.payment_state) == ("placed", "on_delivery", "unpaid")
    assert [(event.kind, event.actor) for event in found.events.all()] == [("placed", "shopper")]


def test_the_conversation_goes_on_with_an_empty_cart_and_hears_of_the_order(honey, fill, order, call_tool):
    found = order(fill(honey=2))

    looked = call_tool("view_cart")
    assert (quantities(looked), codes(looked)) == ({}, ["order_placed"])
    assert found.shown_number in shown(looked)["notices"][0]["text"]
    added = call_tool("add_to_cart", product_id="shop:honey")
    assert quantities(added) == {"shop:honey": 1}
    assert shown(added)["version"] == 1
    assert codes(call_tool("view_cart")) == []


def test_a_chat_known_by_its_cart_id_keeps_it(honey, order, call_tool):
    cart_id = shown(call_tool("add_to_cart", session=None, product_id="shop:honey"))["cart_id"]
    order(Cart.objects.get())

    assert quantities(call_tool("add_to_cart", session=None, product_id="shop:honey", cart_id=cart_id)) == {
        "shop:honey": 1
    }


def test_stock_goes_down_with_the_order(make_product, fill, order):
    make_product("Figs", stock=5)

    found = order(fill(figs=3))

    assert Product.objects.get(sku="figs").stock == 2
    move = StockMove.objects.get()
    assert (move.pieces, move.reason, move.reference) == (-3, "ordered", found.number)


def test_only_what_is_there_is_ordered_and_the_owner_sees_the_rest(make_product, honey, fill, order):
    figs = make_product("Figs", "10.00", stock=5)
    cart = fill(figs=3, honey=1)
    edit(figs, stock=1)

    found = order(cart)

    assert {line.name: line.quantity for line in found.lines.all()} == {"Figs": 1, "Honey": 1}
    assert found.total == 30
    assert OrderEvent.objects.get().text == "Figs: 1 / 3"


def test_the_same_cart_becomes_one_order_whoever_asks_again(honey, fill, details):
    cart = fill(honey=2)
    then = seen(cart, details.delivery)

    first, *again = [place_order(cart.public_id, details, key=key, seen=then) for key in ("a", "a", "b")]

    assert first.is_new
    assert [(placed.order, placed.is_new) for placed in again] == [(first.order, False)] * 2
    assert Order.objects.count() == 1


@pytest.mark.parametrize("what", ["price", "cart", "delivery", "stock"])
def test_what_changed_since_the_shopper_looked_is_told_before_anything_is_ordered(
    what, make_product, fill, details, pickup, call_tool
):
    figs = make_product("Figs", "10.00", stock=3)
    cart = fill(figs=3)
    then = seen(cart, details.delivery)
    if what == "price":
        edit(figs, price=Decimal("10.01"))
    elif what == "cart":
        call_tool("update_cart_item", product_id="shop:figs", quantity=2)
        call_tool("update_cart_item", product_id="shop:figs", quantity=3)
    elif what == "delivery":
        DeliveryOption.objects.filter(pk=pickup.pk).update(price=5)
    else:
        edit(figs, stock=2)
    before = StockMove.objects.count()

    with pytest.raises(OrderChanged):
        place_order(cart.public_id, details, key="k", seen=then)

    assert not Order.objects.exists()
    assert StockMove.objects.count() == before
    assert Cart.objects.get().ordered_at is None


def test_nothing_that_can_be_bought_is_no_order(make_product, fill, details):
    figs = make_product("Figs", stock=1)
    cart = fill(figs=1)
    edit(figs, available=False)

    with pytest.raises(OrderChanged, match="Nothing in the cart"):
        place_order(cart.public_id, details, key="k", seen=Seen(1, Decimal(0)))

    assert nothing_was_ordered()


@pytest.mark.parametrize(
    "field, changes",
    [
        ("name", {"name": " \u202e "}),
        ("phone", {"phone": "", "email": ""}),
        ("phone", {"phone": "call me"}),
        ("email", {"email": "dana@"}),
        ("email", {"email": "dana@a\ue000b.com"}),
        ("email", {"email": "dana@example.com\nBcc: x@example.com, y"}),
        ("delivery", {"delivery": 0}),
        ("payment", {"payment": "instructions"}),
        ("payment", {"payment": "free"}),
    ],
)
def test_what_is_missing_or_wrong_is_refused_at_its_field(field, changes, honey, fill, details):
    cart = fill(honey=1)

    with pytest.raises(InvalidDetails) as refusal:
        place_order(cart.public_id, replace(details, **changes), key="k", seen=seen(cart, details.delivery))

    assert list(refusal.value.wrong) == [field]
    assert nothing_was_ordered()


def test_all_that_is_wrong_is_told_at_once_in_the_order_of_the_form(honey, fill, to_haifa):
    cart = fill(honey=1)
    typed = replace(to_haifa, name="", phone="call me", email="dana@", street="", city="Eilat", payment="free")

    with pytest.raises(InvalidDetails) as refusal:
        place_order(cart.public_id, typed, key="k", seen=seen(cart, to_haifa.delivery))

    assert list(refusal.value.wrong) == ["name", "phone", "email", "street", "city", "payment"]
    assert nothing_was_ordered()


@pytest.mark.parametrize(
    "field, changes",
    [("street", {"street": ""}), ("city", {"city": ""}), ("city", {"city": "Eilat", "postal_code": ""})],
)
def test_a_delivery_needs_an_address_where_it_goes(field, changes, honey, fill, to_haifa):
    cart = fill(honey=1)

    with pytest.raises(InvalidDetails) as refusal:
        place_order(cart.public_id, replace(to_haifa, **changes), key="k", seen=seen(cart, to_haifa.delivery))

    assert list(refusal.value.wrong) == [field]
    assert nothing_was_ordered()


def test_a_minimum_order_is_checked_again(honey, fill, details, pickup):
    cart = fill(honey=1)
    DeliveryOption.objects.filter(pk=pickup.pk).update(minimum=50)

    with pytest.raises(InvalidDetails, match=r"30\.00") as refusal:
        place_order(cart.public_id, details, key="k", seen=seen(cart, details.delivery))

    assert list(refusal.value.wrong) == ["delivery"]
    assert nothing_was_ordered()


def test_another_stores_delivery_option_is_not_taken(honey, fill, details):
    other = DeliveryOption.objects.create(store=Store.objects.create(slug="other", currency="ILS"), name="Cheap")
    cart = fill(honey=1)

    with pytest.raises(InvalidDetails):
        place_order(cart.public_id, replace(details, delivery=other.pk), key="k", seen=seen(cart, details.delivery))

    assert nothing_was_ordered()


def test_a_paused_store_says_why(honey, store, fill, details):
    cart = fill(honey=1)
    Store.objects.update(paused="We are back on Sunday.")

    with pytest.raises(NotTaken, match="back on Sunday"):
        place_order(cart.public_id, details, key="k", seen=seen(cart, details.delivery))

    assert nothing_was_ordered()


@pytest.mark.parametrize("lacking", [{"legal_name": ""}, {"address": ""}, {"phone": ""}, {"pages_confirmed_at": None}])
def test_a_store_that_has_not_said_who_sells_takes_no_orders(lacking, honey, fill, details):
    cart = fill(honey=1)
    Merchant.objects.update(**lacking)

    with pytest.raises(NotTaken, match="not ready"):
        place_order(cart.public_id, details, key="k", seen=seen(cart, details.delivery))

    assert nothing_was_ordered()


def test_tax_is_kept_once_and_shared_out(honey, tea, fill, order, pickup):
    Merchant.objects.update(tax_rate=18)

    found = order(fill(honey=1, tea=3))

    assert (found.total, found.tax, found.tax_rate) == (Decimal("49.70"), Decimal("7.58"), 18)
    assert sum(line.tax for line in found.lines.all()) == found.tax
    assert "7.58" in Message.objects.get(destination="Dana@Example.com").payload["text"]


def test_tax_is_added_where_prices_are_without_it(honey, fill, order, pickup):
    Merchant.objects.update(tax_rate=18, prices_include_tax=False)

    assert order(fill(honey=1)).total == Decimal("23.60")


def test_a_cart_that_nobody_has_is_refused(details):
    with pytest.raises(NotFound):
        place_order("c_nobodynobodynobo", details, key="k", seen=Seen(1, Decimal(1)))


@pytest.mark.slow
def test_too_many_orders_of_one_contact_are_refused_in_words(honey, fill, order, details):
    for n in range(10):
        order(fill(f"chat-{n}", honey=1), key=f"k{n}")
    cart = fill("chat-x", honey=1)

    with pytest.raises(TooMany, match="nothing was ordered"):
        place_order(cart.public_id, details, key="x", seen=seen(cart, details.delivery))

    assert Order.objects.count() == 10
    assert order(cart, key="y", phone="04-8765432", email="")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("phone", "email"),
    [("", "d\u200bana@example.com"), ("", "DANA+{n}@example.com"), ("+972 50 234-5678", ""), ("٠٥٠-٢٣٤٥٦٧٨", "")],
)
def test_another_way_to_write_a_contact_is_the_same_contact(honey, fill, order, details, phone, email):
    for n in range(10):
        order(fill(f"chat-{n}", honey=1), key=f"k{n}")
    cart = fill("chat-x", honey=1)

    with pytest.raises(TooMany):
        order(cart, key="x", phone=phone, email=email)

    assert Order.objects.count() == 10


def test_a_phone_number_in_other_digits_is_found_by_usual_ones(honey, fill, order):
    placed = order(fill(honey=1), phone="٠٥٠-٢٣٤٥٦٧٨", email="")

    assert list(Order.objects.searched("050-2345678")) == [placed]


def test_text_of_a_shopper_is_kept_as_text(honey, fill, order):
    note = "<b>ring</b> twice 🍯 '); DROP TABLE orders_order; --" + "x" * 2000

    found = order(fill(honey=1), note=note, name="<script>alert(1)</script>")

    assert found.note == note[:1000].rstrip()
    assert found.name == "<script>alert(1)</script>"
    mail = Message.objects.get(destination="Dana@Example.com").payload["html"]
    assert "&lt;b&gt;ring" in mail
    assert "<script" not in mail


def test_instructions_of_the_shop_are_kept_with_the_order(honey, fill, order):
    Store.objects.update(pay_instructions="Transfer to account 12-345.")

    found = order(fill(honey=1), payment="instructions")

    assert found.payment_text == "Transfer to account 12-345."
    assert "account 12-345" in Message.objects.get(destination="Dana@Example.com").payload["text"]


def test_an_order_of_more_than_can_be_kept_is_refused(make_product, fill, order):
    make_product("Villa", "200000000")
    cart = fill(villa=999)

    with pytest.raises(NotTaken, match="more than can be ordered"):
        order(cart)

    assert nothing_was_ordered()
    assert Cart.objects.get(pk=cart.pk, ordered_at=None).item_count == 999


def test_a_delivery_with_a_price_in_another_currency_is_not_added_to_the_sum(make_product, fill, order, to_haifa):
    make_product("Imported", "10.00", currency="USD")
    cart = fill(imported=1)

    with pytest.raises(NotTaken, match="prices in ILS, and this cart is in USD"):
        order(cart, delivery=to_haifa.delivery, street="12 Herzl St", city="Haifa")
    assert nothing_was_ordered()

    found = order(cart)  # a pick-up costs nothing in any currency
    assert (found.total, found.currency) == (Decimal(10), "USD")


@pytest.mark.parametrize("address", ["shop@exa\u200bmple.com", "shop@a\ue000b.com"])
def test_an_address_of_the_shop_that_cannot_be_one_breaks_no_order(order, fill, honey, store, address):
    type(store).objects.update(orders_email=address)

    placed = order(fill(honey=1))

    assert Order.objects.get() == placed
    mail = Message.objects.get(channel=Message.Channel.EMAIL)
    assert (mail.destination, "reply_to" in mail.payload) == ("Dana@Example.com", False)
