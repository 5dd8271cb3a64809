import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from offers.models import DeliveryOption
from offers.services.delivery import save_option

LIST = reverse("dashboard-delivery")
FIELDS = {"name": "Courier", "kind": "delivery", "price": "20.00", "position": "0", "active": "on"}


@pytest.fixture
def courier(store):
    return save_option(DeliveryOption(store=store, name="Courier", price="20", free_above="200"))


def test_the_owner_adds_an_option(owner, store):
    new = reverse("dashboard-delivery-new", args=["shop"])

    assert owner.get(new).context["form"].initial["position"] == 0
    answer = owner.post(new, {**FIELDS, "cities": "Haifa"}, follow=True)

    option = DeliveryOption.objects.get()
    assert (option.name, option.store, option.price, option.cities) == ("Courier", store, 20, "Haifa")
    assert "Saved: Courier." in answer.text
    assert "Haifa" in answer.text


def test_the_owner_changes_and_deletes_an_option(owner, courier):
    page = owner.get(reverse("dashboard-delivery-option", args=[courier.pk]))
    assert 'value="200.00"' in page.text

    owner.post(reverse("dashboard-delivery-option", args=[courier.pk]), {**FIELDS, "price": "25"})
    courier.refresh_from_db()
    assert (courier.price, courier.free_above) == (25, None)

    owner.post(reverse("dashboard-delivery-delete", args=[courier.pk]))
    assert not DeliveryOption.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"price": "-1"}, "Give an amount of 0 or more."),
        ({"free_above": "0"}, "Give an amount above 0"),
        ({"postal_codes": "Haifa"}, "“Haifa” is no postal code"),
        ({"kind": "pickup"}, "Say where orders are picked up."),
        ({"name": " "}, "This field is required."),
    ],
)
def test_a_mistake_is_told_beside_its_field_and_nothing_typed_is_lost(owner, courier, wrong, said):
    typed = {**FIELDS, "note": "By <b>bike</b>", **wrong}
    page = owner.post(reverse("dashboard-delivery-option", args=[courier.pk]), typed)

    assert said in page.text
    assert "By &lt;b&gt;bike&lt;/b&gt;" in page.text
    assert DeliveryOption.objects.get().price == 20


def test_what_there_is_not_is_a_404(owner, store):
    assert owner.get(reverse("dashboard-delivery-option", args=[77])).status_code == 404
    assert owner.get(reverse("dashboard-delivery-new", args=["ghost"])).status_code == 404


def test_staff_without_the_permission_change_nothing(client, courier):
    client.force_login(User.objects.create_user("helper", is_staff=True))

    assert client.get(LIST).status_code == 200
    assert client.post(reverse("dashboard-delivery-option", args=[courier.pk]), FIELDS).status_code == 403
    assert client.post(reverse("dashboard-delivery-delete", args=[courier.pk])).status_code == 403
    assert DeliveryOption.objects.get().free_above == 200


def test_others_are_sent_to_sign_in(client, courier):
    answer = client.post(reverse("dashboard-delivery-delete", args=[courier.pk]))

    assert answer.status_code == 302
    assert DeliveryOption.objects.exists()


@pytest.mark.parametrize("more", [0, 20])
def test_the_page_takes_the_same_queries_however_many_options(owner, store, django_assert_num_queries, more):
    for n in range(more):
        save_option(DeliveryOption(store=store, name=f"Option {n}", price="1"))
    owner.get(LIST)

    with django_assert_num_queries(5):  # session, user, warnings, stores, options
        owner.get(LIST)
