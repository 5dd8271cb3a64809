import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from catalog.models import Store
from offers.buyers import Buyer
from offers.models import Coupon
from offers.services.coupons import save_coupon, take_use

LIST = reverse("dashboard-coupons")
FIELDS = {"code": "SAVE", "kind": "percent", "value": "10", "active": "on"}


@pytest.fixture
def coupon(store):
    return save_coupon(Coupon(store=store, code="SAVE", value="10", uses=5))


def test_the_owner_makes_a_coupon(owner, store, honey):
    typed = {**FIELDS, "products": "honey", "ends_at": "2030-01-02T18:00", "minimum": "50"}
    answer = owner.post(reverse("dashboard-coupons-new", args=["shop"]), typed, follow=True)

    made = Coupon.objects.get()
    assert (made.store, made.code, made.product_ids) == (store, "SAVE", ["shop:honey"])
    assert Coupon.objects.filter(value=10, minimum=50, ends_at__year=2030).exists()
    assert "Saved: SAVE." in answer.text
    assert "10%" in answer.text


def test_where_there_are_several_stores_a_new_coupon_names_its_store(owner, store):
    assert ">New coupon</a>" in owner.get(LIST).text
    Store.objects.create(slug="tools", name="Tools", currency="ILS")

    answer = owner.get(LIST).text

    assert (">New coupon of The Shop</a>" in answer, ">New coupon of Tools</a>" in answer) == (True, True)


def test_the_owner_changes_a_coupon_and_orders_keep_counting(owner, coupon):
    page = owner.get(reverse("dashboard-coupons-coupon", args=[coupon.pk]))
    assert 'value="10.00"' in page.text
    take_use(coupon, Buyer("dana@example.com"))

    owner.post(reverse("dashboard-coupons-coupon", args=[coupon.pk]), {**FIELDS, "value": "15"})

    assert Coupon.objects.filter(value=15, uses=None, used=1).exists()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"value": "101"}, "at most 100 percent"),
        ({"value": ""}, "Say how much it takes off."),
        ({"code": "–"}, "A code has letters or digits."),
        ({"products": "ghost"}, "The store has no product ghost."),
        ({"begins_at": "2030-01-02T18:00", "ends_at": "2030-01-01T18:00"}, "It must end after it begins."),
        ({"ends_at": "soon"}, "Enter a valid date/time."),
    ],
)
def test_a_mistake_is_told_and_nothing_typed_is_lost(owner, coupon, wrong, said):
    page = owner.post(
        reverse("dashboard-coupons-coupon", args=[coupon.pk]), {**FIELDS, "categories": "<b>Tea</b>", **wrong}
    )

    assert said in page.text
    assert "&lt;b&gt;Tea&lt;/b&gt;" in page.text
    assert Coupon.objects.filter(code="SAVE", value=10, uses=5, products="").exists()


def test_a_coupon_that_an_order_used_stays(owner, coupon):
    delete = reverse("dashboard-coupons-delete", args=[coupon.pk])
    use = take_use(coupon, Buyer())

    assert "Orders used the coupon SAVE" in owner.post(delete, follow=True).text
    assert Coupon.objects.exists()

    use.delete()
    owner.post(delete)
    assert not Coupon.objects.exists()


def test_staff_without_the_permission_change_nothing(client, coupon):
    client.force_login(User.objects.create_user("helper", is_staff=True))

    assert client.get(LIST).status_code == 200
    for address in ("dashboard-coupons-coupon", "dashboard-coupons-delete"):
        assert client.post(reverse(address, args=[coupon.pk]), {**FIELDS, "value": "99"}).status_code == 403
    assert Coupon.objects.get().value == 10


@pytest.mark.parametrize("more", [0, 20])
def test_the_page_takes_the_same_queries_however_many_coupons(owner, store, django_assert_num_queries, more):
    for n in range(more):
        save_coupon(Coupon(store=store, code=f"SAVE{n}", value="10"))
    owner.get(LIST)

    with django_assert_num_queries(5):  # session, user, warnings, coupons, stores
        owner.get(LIST)
