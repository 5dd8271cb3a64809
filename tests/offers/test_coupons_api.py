"""Coupons in the JSON API and the admin."""

import pytest

from offers.buyers import Buyer
from offers.models import Coupon
from offers.services.coupons import take_use
from tests.api import script

ADMIN = "/admin/offers/coupon/"


def test_a_coupon_is_made_changed_and_deleted(api, store):
    made = api.post("coupons", {"store": "shop", "code": "SAVE", "value": "12.5", "uses": 10}, 201)
    changed = api.patch(f"coupons/{made['id']}", {"kind": "amount", "value": "15", "uses": None, "minimum": "100"})

    assert (made["kind"], made["value"], made["uses"], made["used"]) == ("percent", "12.5", 10, 0)
    assert (changed["kind"], changed["value"], changed["uses"]) == ("amount", "15.00", None)
    assert changed["minimum"] == {"amount": "100.00", "formatted": "₪100.00"}
    assert api.get(f"coupons/{made['id']}") == changed
    assert api.get("coupons", store="shop")["coupons"] == [changed]

    api.delete(f"coupons/{made['id']}")
    assert not Coupon.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        {"value": "101"},
        {"value": None},
        {"code": "-"},
        {"uses": 0},
        {"products": ["ghost"]},
        {"ends_at": "soon"},
        {"begins_at": "2030-01-01T00:00:00Z", "ends_at": "2029-01-01T00:00:00Z"},
        {"used": 0},
    ],
)
def test_wrong_values_are_refused_and_change_nothing(api, make_coupon, body):
    coupon = make_coupon()

    assert api.patch(f"coupons/{coupon.pk}", body, 422)["code"] == "invalid_arguments"

    assert Coupon.objects.filter(code="SAVE", value=10, uses=None, begins_at=None, ends_at=None, products="").exists()


def test_a_code_that_another_coupon_has_is_refused_as_taken(api, make_coupon):
    make_coupon("WELCOME")
    other = make_coupon("SAVE")

    assert api.patch(f"coupons/{other.pk}", {"code": "wel come"}, 409)["code"] == "taken"
    assert api.post("coupons", {"store": "shop", "code": "SAVE", "value": "5"}, 409)["code"] == "taken"

    assert sorted(Coupon.objects.values_list("code", flat=True)) == ["SAVE", "WELCOME"]


def test_a_coupon_that_an_order_used_is_kept(api, make_coupon):
    coupon = make_coupon()
    take_use(coupon, Buyer())

    assert api.delete(f"coupons/{coupon.pk}", 409)["code"] == "kept"
    assert Coupon.objects.exists()


def test_what_there_is_not_is_not_found(api, store):
    assert api.get("coupons/77", 404)["code"] == "not_found"
    assert api.get("coupons", 404, store="ghost")["code"] == "not_found"


def test_a_read_only_key_changes_nothing(client, make_coupon):
    coupon = make_coupon()
    script(client, read_only=True).patch(f"coupons/{coupon.pk}", {"value": "99"}, 403)

    assert Coupon.objects.get().value == 10


def test_a_page_takes_the_same_queries_however_many_coupons(api, make_coupon, django_assert_num_queries):
    for n in range(12):
        make_coupon(f"SAVE{n}")

    with django_assert_num_queries(2):  # key, coupons with their stores
        assert len(api.get("coupons")["coupons"]) == 12
    assert len(api.walk("coupons", "coupons", limit=5)) == 12


def test_a_coupon_is_edited_and_found_in_the_admin(admin_client, make_coupon):
    coupon = make_coupon("SUMMER-10")
    form = admin_client.get(f"{ADMIN}{coupon.pk}/change/").context["adminform"].form
    values = {name: "" if form.initial.get(name) is None else form.initial[name] for name in form.fields}
    values |= {f"{name}_{n}": "" for name in ("begins_at", "ends_at") for n in (0, 1)}

    admin_client.post(f"{ADMIN}{coupon.pk}/change/", {**values, "value": "20"})
    refused = admin_client.post(f"{ADMIN}{coupon.pk}/change/", {**values, "value": "30", "products": "ghost"})

    assert Coupon.objects.get().value == 20
    assert "no product ghost" in refused.text
    assert "SUMMER-10" in admin_client.get(ADMIN, {"q": "summer10"}).text
