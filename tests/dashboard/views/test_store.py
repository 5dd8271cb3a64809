import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from catalog.models import Store
from offers.models import DeliveryOption, Merchant
from offers.services.delivery import save_option

LIST = reverse("dashboard-stores")
PAGE = reverse("dashboard-store", args=["shop"])
CONFIRM = reverse("dashboard-store-confirm", args=["shop"])
SECRET = reverse("dashboard-store-pay-link-secret", args=["shop"])
FIELDS = {
    "legal_name": "Shop Ltd.", "registration_number": "51-1", "address": "1 Market Street", "phone": "03-1",
    "prices_include_tax": "on", "tax_rate": "18", "delivery_days": ["7", "1"], "cutoff": "12:00", "low_stock": "3",
    "buyer_contact": "phone", "pay_on_delivery": "on", "paused": "",
}  # fmt: skip


def test_a_store_says_what_is_missing_before_it_can_take_orders(owner, store):
    text = owner.get(PAGE).text

    for fact in ("the legal name", "the registration number", "the address", "a delivery option", "your word"):
        assert fact in text
    assert "takes no orders yet" in owner.get(LIST).text


def test_the_owner_fills_a_store_in_and_confirms_its_pages(owner, store):
    owner.post(PAGE, FIELDS)
    save_option(DeliveryOption(store=store, name="Courier", price="20"))
    owner.post(CONFIRM)

    merchant = Merchant.objects.get()
    assert (merchant.legal_name, merchant.tax_rate, merchant.delivery_days, merchant.low_stock) == (
        "Shop Ltd.", 18, "71", 3,
    )  # fmt: skip
    assert Store.objects.filter(buyer_contact="phone").exists()
    assert "All is filled in: orders can be taken." in owner.get(PAGE).text
    assert "takes orders" in owner.get(LIST).text


def test_a_paused_store_is_marked(owner, store):
    owner.post(PAGE, {**FIELDS, "paused": "Back on Sunday."})

    assert Store.objects.get().paused == "Back on Sunday."
    assert "Back on Sunday." in owner.get(LIST).text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"tax_rate": "100"}, "Give a rate below 100."),
        ({"email": "nobody"}, "Enter a valid email address."),
        ({"delivery_days": ["9"]}, "Select a valid choice."),
        ({"cutoff": "noon"}, "Enter a valid time."),
        ({"orders_email": "nobody"}, "Enter a valid email address."),
        ({"orders_email": "shop@a\ue000b.com"}, "its domain cannot be one"),
        (
            {"pay_address": "http://a.example.com", "pay_instructions": "Bit"},
            "Use an address that begins with https://.",
        ),
        ({"pay_link": "https://a.example.com/{sum}"}, "It lacks {number}."),
        ({"pay_address": "https://a.example.com"}, "has no text that says how to pay"),
    ],
)
def test_a_mistake_is_told_and_nothing_is_saved_or_lost(owner, store, wrong, said):
    text = owner.post(PAGE, {**FIELDS, "address": "<b>here</b>", **wrong}).text

    assert said in text
    assert "&lt;b&gt;here&lt;/b&gt;" in text
    assert not Merchant.objects.exists()
    assert Store.objects.get().returns == ""


def test_the_owner_says_how_to_pay_outside_of_the_shop(owner, store):
    owner.post(PAGE, {**FIELDS, "pay_instructions": "By Bit.", "pay_address": "https://pay.example.com/p/1"})

    assert Store.objects.get().pay_instructions == "By Bit."
    assert Merchant.objects.get().pay_address == "https://pay.example.com/p/1"
    text = owner.get(PAGE).text
    assert text.index('name="pay_instructions"') < text.index('name="pay_address"') < text.index('name="paused"')


def test_a_store_with_no_way_to_pay_is_told_so(owner, store, settings):
    given = {name: value for name, value in FIELDS.items() if name != "pay_on_delivery"}
    owner.post(PAGE, {**given, "pay_link": "https://a.example.com/{sum}/{number}"})

    assert "a way to pay" in owner.get(PAGE).text
    settings.SHOPMCP_PAYMENTS = ["link"]
    assert "a way to pay" not in owner.get(PAGE).text


def test_the_secret_of_the_pay_link_is_shown_once(owner, store):
    owner.post(PAGE, {**FIELDS, "pay_link": "https://a.example.com/{sum}/{number}"})
    assert "/payments/link/shop/" in owner.get(PAGE).text

    shown = owner.post(SECRET, follow=True).text

    secret = Merchant.objects.get().pay_link_secret
    assert len(secret) > 40
    assert secret in shown
    assert secret not in owner.get(PAGE).text
    owner.post(PAGE, {**FIELDS, "pay_link": "https://b.example.com/{sum}/{number}"})
    assert Merchant.objects.get().pay_link_secret == secret
    owner.post(SECRET)
    assert Merchant.objects.get().pay_link_secret != secret


def test_a_store_without_a_pay_link_gets_no_secret(owner, store):
    owner.post(PAGE, FIELDS)

    assert "no pay link yet" in owner.post(SECRET, follow=True).text
    assert Merchant.objects.get().pay_link_secret == ""


def test_incomplete_pages_are_not_confirmed(owner, store):
    assert "The pages still lack" in owner.post(CONFIRM, follow=True).text

    assert not Merchant.objects.exists()


def test_staff_without_the_permission_change_nothing(client, store):
    client.force_login(User.objects.create_user("helper", is_staff=True))

    assert client.get(PAGE).status_code == 200
    assert client.post(PAGE, FIELDS).status_code == 403
    assert client.post(CONFIRM).status_code == 403
    assert client.post(SECRET).status_code == 403
    assert not Merchant.objects.exists()


def test_a_store_that_there_is_not_is_a_404(owner, store):
    assert owner.get(reverse("dashboard-store", args=["ghost"])).status_code == 404


@pytest.mark.parametrize("more", [0, 10])
def test_the_list_takes_the_same_queries_however_many_stores(owner, store, django_assert_num_queries, more):
    for n in range(more):
        Store.objects.create(slug=f"shop-{n}", name=f"Shop {n}", currency="ILS")
    owner.get(LIST)

    with django_assert_num_queries(5):  # session, user, warnings, stores, those with delivery
        owner.get(LIST)
