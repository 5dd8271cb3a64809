"""What a shopper has from an account, beside its pages."""

from decimal import Decimal

import pytest

from carts.caller import Caller
from carts.models import Cart, Session
from carts.people import person_of
from carts.queries import SessionRow
from carts.services import carts
from carts.services.saving import locked_cart
from carts.services.sessions import find_by_public_id
from offers.buyers import Buyer
from offers.models import Coupon, CouponUse
from offers.services.coupons import save_coupon, take_use
from orders.models import Order
from shopmcp.errors import CouponRefused
from shopmcp.mcp.call import Call
from tests.carts.answers import quantities, text


@pytest.fixture
def coupon(store):
    return save_coupon(Coupon(store=store, code="TEN", kind="percent", value=Decimal(10), uses_each=1))


def test_a_coupon_for_each_buyer_counts_the_person(coupon, dana, ruth):
    take_use(coupon, Buyer("a@example.com", "", dana.pk))

    with pytest.raises(CouponRefused, match="used the coupon TEN already"):
        take_use(coupon, Buyer("b@example.com", "050-1111111", dana.pk))
    assert CouponUse.objects.count() == 1
    take_use(coupon, Buyer("b@example.com", "", ruth.pk))


def test_an_order_from_the_link_of_a_proved_chat_uses_the_coupon_for_the_person_and_is_nobodys(
    call_tool, fill, order, honey, coupon, dana
):
    fill()
    call_tool("apply_coupon", code="TEN")
    Session.objects.update(person=dana, sees_person=True)

    mine = order(Cart.objects.get())

    assert (mine.person, mine.coupon_use.person) == (None, dana)


def test_an_order_in_a_chat_that_is_only_kept_is_nobodys(dana, fill, order, honey):
    fill()
    Session.objects.update(person=dana)

    assert order(Cart.objects.get()).person is None


def test_the_same_again_says_which_prices_have_changed(call_tool, fill, order, honey):
    mine = order(fill())
    honey.price = Decimal(25)
    honey.save()

    answer = call_tool("resume_cart", code=mine.shown_number)

    assert quantities(answer) == {"shop:honey": 1}
    assert "The price of Honey changed from ₪20.00 to ₪25.00." in text(answer).replace("\N{LEFT-TO-RIGHT MARK}", "")


def test_the_first_answer_of_a_new_chat_offers_the_other_cart_once(dana, fill, honey):
    """A token names the person from the first call on."""
    fill("chat-1")
    Session.objects.update(person=dana, sees_person=True)

    def add():
        call = Call("add_to_cart", {"openai/session": "chat-2"}, person=dana.pk)
        with locked_cart(Caller(call)) as cart:
            return [notice.code for notice in carts.add_items(cart, [("shop:honey", 1)]).notices]

    assert add() == ["other_cart"]
    assert add() == []


def test_a_new_chat_of_nobody_is_offered_nothing(call_tool, dana, fill, honey):
    fill("chat-1")
    Session.objects.update(person=dana, sees_person=True)

    assert "another chat" not in text(call_tool("add_to_cart", session="chat-2", product_id="shop:honey"))


def test_a_call_belongs_to_its_token_else_to_who_proved_the_chat(dana, ruth, fill, honey):
    fill()
    call, named = Call("view_cart", {}), Call("view_cart", {}, person=ruth.pk)
    public_id = Session.objects.get().public_id

    def row(**fields):
        Session.objects.update(**fields)
        found = find_by_public_id(public_id)
        assert isinstance(found, SessionRow)
        return found

    assert person_of(call, None) is None
    assert person_of(call, row()) is None
    assert person_of(call, row(person=dana)) is None
    assert person_of(call, row(person=dana, sees_person=True)) == dana.pk
    assert person_of(named, row()) == person_of(named, None) == ruth.pk


def test_listing_orders_of_a_person_costs_one_query_more(
    call_tool, dana, fill, order, honey, django_assert_max_num_queries
):
    for n in range(3):
        order(fill(f"chat-{n}"), key=f"key-{n}", email=f"d{n}@example.com", phone="")
    Session.objects.update(person=dana, sees_person=True, news="")

    with django_assert_max_num_queries(9):  # four for the answer, five for the record of the call
        told = text(call_tool("list_orders"))

    assert all(mine.shown_number in told for mine in Order.objects.all())
