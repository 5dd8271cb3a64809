from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.services.products import create_product
from offers.buyers import Buyer
from offers.models import Coupon, CouponUse
from offers.services.coupons import delete_coupon, find_coupon, give_back, save_coupon, take_use, wrong_tries
from shopmcp.errors import CouponRefused, InvalidArguments, Kept, NotFound, TooMany
from shopmcp.throttle import Rate

DANA, NOA = Buyer("dana@example.com", "050-2345678"), Buyer("noa@example.com")


def test_a_coupon_is_saved(store, make_coupon):
    create_product(store, sku="honey", name="Honey", price="20")
    coupon = make_coupon("Summer 10", products="honey\nshop:honey\n", categories=" Tea \n\nTea")

    kept = Coupon.objects.get()
    assert kept == coupon
    assert (kept.code, kept.code_key, kept.product_ids, kept.category_names) == (
        "Summer 10",
        "summer10",
        ["shop:honey"],
        ["Tea"],
    )


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"code": " - "}, "code"),
        ({"code": "wel come"}, "another coupon"),
        ({"value": None}, "value"),
        ({"value": "0"}, "value"),
        ({"value": "100.5"}, "100 percent"),
        ({"kind": "gift"}, "kind"),
        ({"minimum": "-1"}, "minimum"),
        ({"products": "ghost"}, "no product ghost"),
        ({"begins_at": timezone.now(), "ends_at": timezone.now() - timedelta(1)}, "ends"),
    ],
)
def test_wrong_values_are_refused_and_change_nothing(make_coupon, wrong, said):
    make_coupon("WELCOME")

    with pytest.raises(InvalidArguments, match=said):
        make_coupon(**{"code": "OTHER", "value": "10", **wrong})

    assert Coupon.objects.count() == 1


def test_saving_a_coupon_leaves_its_count_to_orders(make_coupon):
    coupon = make_coupon(uses=5)
    take_use(coupon, DANA)
    save_coupon(coupon)

    assert Coupon.objects.get().used == 1


def test_a_coupon_is_found_by_its_code(store, make_coupon):
    coupon = make_coupon("SUMMER-10")

    assert find_coupon(store.pk, "summer 10", by="s_1") == coupon


@pytest.mark.parametrize(
    ("fields", "code", "said"),
    [
        ({}, "GHOST", "There is no coupon “GHOST”"),
        ({"active": False}, "SAVE", "There is no coupon"),
        ({"begins_at": timezone.now() + timedelta(1)}, "SAVE", "has not begun"),
        ({"ends_at": timezone.now() - timedelta(1)}, "SAVE", "has ended"),
        ({"uses": 1, "used": 1}, "SAVE", "used up"),
    ],
)
def test_a_coupon_that_does_not_work_is_refused_in_words(store, make_coupon, fields, code, said):
    make_coupon("SAVE", **fields)

    with pytest.raises(CouponRefused, match=said):
        find_coupon(store.pk, code, by="s_1")


def test_codes_are_tried_ten_times_an_hour(store, make_coupon):
    make_coupon("SAVE")
    for n in range(10):
        with pytest.raises(CouponRefused):
            find_coupon(store.pk, f"GUESS{n}", by="s_1")

    with pytest.raises(TooMany, match="Too many coupon codes"):
        find_coupon(store.pk, "SAVE", by="s_1")
    assert find_coupon(store.pk, "SAVE", by="s_2").code == "SAVE"


def test_a_use_is_taken_and_given_back_once(make_coupon):
    coupon = make_coupon(uses=1)
    use = take_use(coupon, DANA)
    with pytest.raises(CouponRefused, match="used up"):
        take_use(coupon, NOA)
    assert (Coupon.objects.get().used, CouponUse.objects.count()) == (1, 1)

    assert give_back(use)
    assert not give_back(use)
    assert Coupon.objects.get().used == 0
    take_use(coupon, NOA)


@pytest.mark.parametrize(
    "again", [Buyer("DANA+x@example.com"), Buyer("other@example.com", "+972502345678"), Buyer("", "0502345678")]
)
def test_a_buyer_uses_a_coupon_as_often_as_a_buyer_may(make_coupon, again):
    coupon = make_coupon(uses_each=1)
    use = take_use(coupon, DANA)

    with pytest.raises(CouponRefused, match="already"):
        take_use(coupon, again)
    assert Coupon.objects.get().used == 1

    take_use(coupon, NOA)
    give_back(use)
    take_use(coupon, again)


def test_a_coupon_for_each_buyer_needs_to_know_the_buyer(make_coupon):
    coupon = make_coupon(uses_each=1)

    with pytest.raises(InvalidArguments, match="e-mail address or a phone"):
        take_use(coupon, Buyer())

    assert Coupon.objects.get().used == 0


def test_a_coupon_that_ended_meanwhile_is_not_used(make_coupon):
    coupon = make_coupon()
    Coupon.objects.update(ends_at=timezone.now())

    with pytest.raises(CouponRefused, match="has ended"):
        take_use(coupon, DANA)

    assert not CouponUse.objects.exists()


def test_a_used_coupon_is_kept(make_coupon):
    used, unused = make_coupon("USED"), make_coupon("UNUSED")
    take_use(used, DANA)
    delete_coupon(unused)

    with pytest.raises(Kept):
        delete_coupon(used)

    assert Coupon.objects.get() == used


def test_a_network_that_guesses_over_many_carts_is_stopped_and_no_other(store, make_coupon, monkeypatch):
    make_coupon("SAVE")
    monkeypatch.setattr(wrong_tries, "_rate", lambda: Rate(1 / 3600, 3))
    for n in range(3):
        with pytest.raises(CouponRefused):
            find_coupon(store.pk, f"GUESS{n}", by=f"s_{n}", network="192.0.2.1")

    with pytest.raises(TooMany, match="Too many coupon codes"):
        find_coupon(store.pk, "SAVE", by="s_9", network="192.0.2.1")
    assert find_coupon(store.pk, "SAVE", by="s_8", network="192.0.2.2").code == "SAVE"


def test_a_coupon_that_was_deleted_meanwhile_is_refused_in_words(make_coupon):
    coupon, stale = make_coupon(), Coupon.objects.get()
    delete_coupon(coupon)

    with pytest.raises(NotFound, match="was deleted meanwhile"):
        save_coupon(stale)

    assert not Coupon.objects.exists()


def test_its_uses_are_not_set_below_those_that_orders_took_since_the_form_was_opened(make_coupon):
    make_coupon(uses=5)
    stale = Coupon.objects.get()
    for buyer in (DANA, NOA):
        take_use(Coupon.objects.get(), buyer)
    stale.uses = 1

    with pytest.raises(InvalidArguments, match="used 2 times"):
        save_coupon(stale)

    assert (Coupon.objects.get().uses, Coupon.objects.get().used) == (5, 2)
