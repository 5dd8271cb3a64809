"""Coupons, free delivery and budgets in the answers of a cart."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from carts.models import Cart, Change
from catalog.models import Store
from offers.models import Coupon, DeliveryOption
from offers.services.coupons import delete_coupon, save_coupon
from offers.services.delivery import save_option
from tests.api import script
from tests.carts.answers import cart, error, text


@pytest.fixture
def courier(store):
    return save_option(DeliveryOption(store=store, name="Courier", price="20", free_above="200"))


@pytest.fixture
def make_coupon(store):
    def make(code="SAVE", **fields):
        return save_coupon(Coupon(store=store, code=code, **{"value": "10", **fields}))

    return make


@pytest.fixture
def filled(call_tool, honey, tea):
    """A cart of 2 honey and 1 tea: 49.90."""
    return cart(
        call_tool("add_to_cart", items=[{"product_id": "shop:honey", "quantity": 2}, {"product_id": "shop:tea"}])
    )


def amounts(told):
    return {name: value["amount"] if isinstance(value, dict) else value for name, value in told.items()}


def test_what_is_missing_for_free_delivery_is_told(call_tool, honey, courier):
    answer = call_tool("add_to_cart", product_id="shop:honey", quantity=9)
    assert cart(answer)["delivery"] == {"missing_for_free": {"amount": "20.00", "formatted": "₪20.00"}}
    assert "₪20.00 more for free delivery (Courier)." in text(answer)

    answer = call_tool("add_to_cart", product_id="shop:honey")
    assert amounts(cart(answer)["delivery"]) == {"missing_for_free": "0.00"}
    assert "free delivery" not in text(answer)


def test_a_store_without_offers_is_told_as_before(call_tool, filled):
    assert not {"coupon", "delivery", "budget"} & set(filled)


def test_offers_of_another_currency_do_not_count(call_tool, make_product, courier, make_coupon):
    make_product("Wine", "20.00", currency="USD")
    make_coupon()
    answer = call_tool("add_to_cart", product_id="shop:wine")

    assert "delivery" not in cart(answer)
    assert error(call_tool("apply_coupon", code="SAVE"))["code"] == "coupon_refused"


def test_offers_cost_no_query_once_they_are_known(call_tool, filled, courier):
    call_tool("view_cart")

    with CaptureQueriesContext(connection) as seen:
        assert "delivery" in cart(call_tool("view_cart"))
    assert not [query for query in seen.captured_queries if "offers_deliveryoption" in query["sql"]]


def test_a_coupon_is_applied_told_and_taken_off(call_tool, filled, make_coupon):
    make_coupon()
    applied = call_tool("apply_coupon", code="save")

    assert amounts(cart(applied)["coupon"]) == {"code": "SAVE", "discount": "4.99", "total": "44.91"}
    assert cart(applied)["total"]["amount"] == "49.90"
    assert cart(applied)["version"] == filled["version"] + 1
    assert cart(applied)["changes"] == ["Coupon: none → SAVE"]
    assert "Coupon SAVE takes off ₪4.99: ₪44.91 to pay." in text(applied)
    assert amounts(cart(call_tool("view_cart"))["coupon"])["discount"] == "4.99"

    off = call_tool("apply_coupon", code=" ")
    assert "coupon" not in cart(off)
    assert cart(off)["changes"] == ["Coupon: SAVE → none"]
    assert cart(call_tool("apply_coupon", code=""))["version"] == cart(off)["version"]


def test_the_same_code_again_changes_nothing_and_is_no_try(call_tool, filled, make_coupon):
    make_coupon()
    first = cart(call_tool("apply_coupon", code="SAVE"))
    for _ in range(12):
        again = call_tool("apply_coupon", code="save")

    assert cart(again)["version"] == first["version"]
    assert "Nothing changed." in text(again)


@pytest.mark.parametrize("code", ["GHOST", "-", "<b>", "'; DROP TABLE offers_coupon; --", "קופון"])
def test_a_wrong_code_is_refused_and_changes_nothing(call_tool, filled, make_coupon, code):
    make_coupon()
    result = call_tool("apply_coupon", code=code)

    assert error(result)["code"] == "coupon_refused"
    assert "There is no coupon" in text(result)
    assert cart(call_tool("view_cart"))["version"] == filled["version"]


def test_codes_are_tried_ten_times_an_hour_in_a_session(call_tool, filled, make_coupon, honey):
    make_coupon()
    for n in range(10):
        assert error(call_tool("apply_coupon", code=f"GUESS{n}"))["code"] == "coupon_refused"

    refused = call_tool("apply_coupon", code="SAVE")
    assert error(refused)["code"] == "too_many_requests"
    assert error(refused)["retry_after"]
    assert "coupon" not in cart(call_tool("view_cart"))

    call_tool("add_to_cart", session="other", product_id="shop:honey")
    assert "coupon" in cart(call_tool("apply_coupon", session="other", code="SAVE"))


def test_an_empty_cart_takes_no_coupon(call_tool, store, make_coupon):
    make_coupon()

    assert error(call_tool("apply_coupon", code="SAVE"))["code"] == "coupon_refused"
    assert not Cart.objects.exists()


def test_below_its_minimum_a_coupon_waits_and_says_what_is_missing(call_tool, filled, make_coupon):
    make_coupon(minimum="60")
    waits = call_tool("apply_coupon", code="SAVE")
    assert amounts(cart(waits)["coupon"])["discount"] == "0.00"
    assert "Coupon SAVE does not work yet: ₪10.10 more, and it gives 10% off." in text(waits)

    works = call_tool("add_to_cart", product_id="shop:honey")
    assert amounts(cart(works)["coupon"])["discount"] == "6.99"


def test_a_coupon_of_a_category_takes_off_that_alone(call_tool, make_product, make_coupon):
    make_product("Honey", "20.00", category="Sweet")
    make_product("Tea", "9.90", category="Drinks")
    make_coupon(categories="sweet")
    call_tool("add_to_cart", items=[{"product_id": "shop:honey"}, {"product_id": "shop:tea"}])

    assert amounts(cart(call_tool("apply_coupon", code="SAVE"))["coupon"])["discount"] == "2.00"
    left = call_tool("remove_from_cart", product_id="shop:honey")
    assert "Coupon SAVE covers nothing that is in the cart." in text(left)


def test_only_what_can_be_bought_counts(call_tool, make_product, make_coupon):
    honey = make_product("Honey", "20.00", stock=2)
    make_coupon()
    call_tool("add_to_cart", product_id="shop:honey", quantity=2)
    call_tool("apply_coupon", code="SAVE")
    honey.identity.stock_moved = -1
    honey.identity.save()

    assert amounts(cart(call_tool("view_cart"))["coupon"]) == {"code": "SAVE", "discount": "2.00", "total": "18.00"}


def test_a_coupon_that_ended_says_so_and_takes_nothing_off(call_tool, filled, make_coupon):
    make_coupon()
    call_tool("apply_coupon", code="SAVE")
    Coupon.objects.update(ends_at=timezone.now() - timedelta(1))

    answer = call_tool("view_cart")
    assert amounts(cart(answer)["coupon"])["discount"] == "0.00"
    assert "Coupon SAVE no longer works" in text(answer)


def test_free_delivery_by_a_coupon_is_told(call_tool, filled, courier, make_coupon):
    make_coupon(kind="free_delivery")
    answer = call_tool("apply_coupon", code="SAVE")

    assert "Coupon SAVE: the delivery is free." in text(answer)
    assert "more for free delivery" not in text(answer)


def test_a_coupon_that_chats_tell_is_told_when_it_is_almost_reached(call_tool, filled, make_coupon):
    make_coupon("FAR", minimum="100", told=True)
    make_coupon("SECRET", minimum="51")
    assert "coupon" not in text(call_tool("view_cart"))

    make_coupon("NEAR", minimum="60", told=True)
    assert "₪10.10 more, and the coupon NEAR gives: 10% off." in text(call_tool("view_cart"))


def test_undo_knows_coupon_and_budget(call_tool, filled, make_coupon):
    make_coupon()
    make_coupon("MORE", value="20")
    call_tool("apply_coupon", code="SAVE")
    call_tool("apply_coupon", code="MORE")
    call_tool("update_cart_item", product_id="shop:tea", quantity=3, budget=100)

    undone = cart(call_tool("undo_cart_change"))
    assert "budget" not in undone
    assert amounts(undone["coupon"])["code"] == "MORE"
    assert amounts(cart(call_tool("undo_cart_change"))["coupon"])["code"] == "SAVE"
    assert "coupon" not in cart(call_tool("undo_cart_change", version=filled["version"]))
    assert amounts(cart(call_tool("undo_cart_change", version=4))["coupon"])["code"] == "MORE"


def test_clearing_ends_coupon_and_budget_and_undo_brings_them_back(call_tool, filled, make_coupon):
    make_coupon()
    call_tool("apply_coupon", code="SAVE")
    call_tool("add_to_cart", product_id="shop:tea", budget="80.5")

    cleared = cart(call_tool("clear_cart"))
    assert not {"coupon", "budget"} & set(cleared)
    assert Cart.objects.get().coupon is None

    back = cart(call_tool("undo_cart_change"))
    assert amounts(back["budget"])["amount"] == "80.50"
    assert amounts(back["coupon"])["code"] == "SAVE"


def test_undo_goes_past_a_coupon_that_was_deleted(call_tool, filled, make_coupon):
    coupon = make_coupon()
    call_tool("apply_coupon", code="SAVE")
    call_tool("apply_coupon", code="")
    delete_coupon(coupon)

    assert "coupon" not in cart(call_tool("undo_cart_change"))


def test_a_coupon_that_is_deleted_leaves_its_carts(call_tool, filled, make_coupon):
    coupon = make_coupon()
    call_tool("apply_coupon", code="SAVE")
    delete_coupon(coupon)

    assert "coupon" not in cart(call_tool("view_cart"))


def test_a_budget_is_kept_and_refuses_nothing(call_tool, honey, tea):
    answer = call_tool("add_to_cart", product_id="shop:honey", budget=50)
    assert amounts(cart(answer)["budget"]) == {"amount": "50.00", "left": "30.00"}
    assert cart(answer)["changes"] == ["Honey: 0 → 1", "Budget: none → ₪50.00"]
    assert "Left of ₪50.00: ₪30.00." in text(answer)

    over = call_tool("add_to_cart", product_id="shop:honey", quantity=2)
    assert amounts(cart(over)["budget"]) == {"amount": "50.00", "left": "-10.00"}
    assert "Over the budget of ₪50.00 by ₪10.00." in text(over)


@pytest.mark.parametrize("left", [0, "0", None, ""])
def test_an_empty_budget_leaves_it(call_tool, honey, left):
    call_tool("add_to_cart", product_id="shop:honey", budget=50)

    assert amounts(cart(call_tool("add_to_cart", product_id="shop:honey", budget=left))["budget"])["amount"] == "50.00"


@pytest.mark.parametrize("wrong", [-1, "much", 1e12])
def test_a_wrong_budget_is_refused_and_changes_nothing(call_tool, filled, wrong):
    assert error(call_tool("add_to_cart", product_id="shop:honey", budget=wrong))["code"] == "invalid_arguments"

    assert cart(call_tool("view_cart")) == {name: value for name, value in filled.items() if name != "changes"}


def test_a_budget_counts_the_discount(call_tool, filled, make_coupon):
    make_coupon()
    call_tool("update_cart_item", product_id="shop:tea", quantity=1, budget=50)

    assert amounts(cart(call_tool("apply_coupon", code="SAVE"))["budget"])["left"] == "5.09"


def test_a_request_that_comes_again_applies_once(call_tool, filled, make_coupon):
    make_coupon()
    first = call_tool("apply_coupon", code="SAVE", request_id="r1")
    again = call_tool("apply_coupon", code="SAVE", request_id="r1")

    assert (cart(again)["version"], cart(again)["changes"]) == (cart(first)["version"], ["Coupon: none → SAVE"])
    assert error(call_tool("apply_coupon", code="OTHER", request_id="r1"))["code"] == "request_id_reused"
    assert Change.objects.filter(tool="apply_coupon").count() == 1


def test_a_paused_store_says_so_in_each_answer(call_tool, filled):
    Store.objects.update(paused="back on Sunday")

    assert "The shop takes no orders now: back on Sunday" in text(call_tool("add_to_cart", product_id="shop:tea"))


def test_the_api_tells_what_the_chat_hears(call_tool, client, filled, courier, make_coupon):
    make_coupon()
    call_tool("apply_coupon", code="SAVE")
    told = cart(call_tool("add_to_cart", product_id="shop:tea", budget=100))

    (found,) = script(client).get("carts")["carts"]
    assert {name: found[name] for name in ("coupon", "delivery", "budget")} == {
        name: told[name] for name in ("coupon", "delivery", "budget")
    }


def test_one_decimal_of_a_budget_is_kept_as_it_was(call_tool, honey):
    call_tool("add_to_cart", product_id="shop:honey", budget="49.9")

    assert Cart.objects.get().budget == Decimal("49.9")
