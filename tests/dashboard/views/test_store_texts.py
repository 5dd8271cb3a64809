"""What a store says and looks like, and removing it."""

from io import BytesIO

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from analytics.models import Fact, Tally
from analytics.services import roll_up
from carts.call_log import recorder
from catalog.models import Logo, Store
from orders.models import Order

PAGE = reverse("dashboard-store-texts", args=["shop"])
REMOVE = reverse("dashboard-store-remove", args=["shop"])
FIELDS = {"name": "The Shop", "language": "en", "shipping": "By bicycle.", "returns": "14 days", "contact": "03-1"}


def png():
    to = BytesIO()
    Image.new("RGB", (8, 8), "red").save(to, "PNG")
    return SimpleUploadedFile("logo.png", to.getvalue(), "image/png")


def test_the_owner_writes_what_chats_say(owner, store, call_tool):
    call_tool("list_stores")

    owner.post(PAGE, FIELDS)

    told = call_tool("list_stores", store="shop").content[0].text
    assert "By bicycle." in told and "14 days" in told and "03-1" in told


def test_a_store_gets_a_logo_and_a_colour_and_loses_them(owner, store):
    owner.post(PAGE, {**FIELDS, "accent": "#0F766E", "logo": png()})
    assert Store.objects.get().accent == "#0F766E"
    assert Logo.objects.get().url in owner.get(PAGE).text

    owner.post(PAGE, FIELDS)
    assert Logo.objects.exists()  # who chooses no other keeps it

    owner.post(reverse("dashboard-store-remove-logo", args=["shop"]))
    assert not Logo.objects.exists()
    assert Store.objects.get().accent == ""


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"accent": "teal"}, "Write the colour as # and six digits"),
        ({"language": "xx-yy-zz"}, "Use the code of a language"),
        ({"time_zone": "Mars/Base"}, "Use the name of a time zone"),
        ({"logo": SimpleUploadedFile("a.png", b"no image")}, "no image that can be read"),
    ],
)
def test_what_is_wrong_is_told_beside_its_field_and_changes_nothing(owner, store, wrong, said):
    answer = owner.post(PAGE, {**FIELDS, **wrong})

    assert answer.status_code == 200 and said in answer.text
    assert Store.objects.get().shipping == "" and not Logo.objects.exists()


def test_a_store_is_removed_with_its_products(owner, store, honey, call_tool):
    call_tool("add_to_cart", product_id="shop:honey")
    assert "Its 1 product goes" in owner.get(REMOVE).text

    answer = owner.post(REMOVE, follow=True)

    assert "The Shop is removed: products 1, carts 1." in answer.text
    assert not Store.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_demo_leaves_nothing_in_the_numbers(owner, make_product, call_tool, store):
    Store.objects.filter(pk=store.pk).update(slug="demo")
    make_product("Honey", store=Store.objects.get())
    call_tool("add_to_cart", product_id="demo:honey")
    _count()
    assert Tally.objects.exists() and Fact.objects.exists()

    owner.post(reverse("dashboard-store-remove", args=["demo"]))

    _count()
    assert not Tally.objects.exists() and not Fact.objects.exists()
    assert not Store.objects.exists()


def _count():
    from asgiref.sync import async_to_sync

    async_to_sync(recorder.drain)()
    while roll_up():
        pass


def test_another_store_leaves_the_numbers_as_they_are(owner, store, honey):
    Tally.objects.create(grain="day", start="2026-01-01T00:00Z", everybody=True, kind="calls", count=3)

    owner.post(REMOVE)

    assert Tally.objects.get().count == 3


def test_the_numbers_start_afresh_and_nothing_else_does(owner, store, honey, call_tool):
    Tally.objects.create(grain="day", start="2026-01-01T00:00Z", everybody=True, kind="calls", count=3)
    call_tool("add_to_cart", product_id="shop:honey")

    owner.post(reverse("dashboard-afresh"))

    assert not Tally.objects.exists()
    assert call_tool("view_cart").structured_content["total"]["amount"] == "20.00"


def test_a_store_that_sold_is_paused(owner, store, honey, monkeypatch):
    monkeypatch.setattr("dashboard.views.store_removal.remove_with_numbers", lambda slug: type("Done", (), {
        "products": 0, "carts": 0, "orders": 2,
    }))  # fmt: skip

    answer = owner.post(REMOVE, follow=True)

    assert "The Shop has sold, so it is paused and keeps its orders." in answer.text
    assert Store.objects.exists()


def test_who_may_only_look_changes_nothing(client, store, django_user_model):
    looker = django_user_model.objects.create_user("looker", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_store"))
    client.force_login(looker)

    for address in (PAGE, REMOVE, reverse("dashboard-afresh"), reverse("dashboard-store-remove-logo", args=["shop"])):
        assert client.post(address, FIELDS).status_code == 403
    assert Store.objects.get().shipping == ""
    assert not Order.objects.exists()
