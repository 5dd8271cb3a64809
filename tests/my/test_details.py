import pytest
from django.test import Client

from accounts.models import Address
from accounts.services.people import MOST_ADDRESSES, remember_address
from orders.models import Order
from tests.my.signing_in import signed_in
from tests.orders.pages import form_of

ADDRESS = {"street": "12 Herzl St", "street_more": "", "city": "Haifa", "postal_code": "3303101"}


def test_name_phone_and_language_are_kept(client, dana):
    answer = client.post("/my/details/", {"do": "save", "name": " Dana ", "phone": "050-2345678", "language": "he"})

    assert answer.status_code == 302
    dana.refresh_from_db()
    assert (dana.name, dana.phone, dana.language) == ("Dana", "050-2345678", "he")
    assert 'dir="rtl"' in client.get("/my/details/").text


def test_what_is_no_phone_number_is_refused_beside_its_field(client, dana):
    page = client.post("/my/details/", {"do": "save", "name": "Dana", "phone": "12", "language": ""})

    assert page.status_code == 422
    assert 'id="wrong-phone"' in page.text
    dana.refresh_from_db()
    assert (dana.name, dana.phone) == ("", "")


def test_addresses_are_added_and_deleted(client, dana):
    client.post("/my/details/", {"do": "address", **ADDRESS})
    client.post("/my/details/", {"do": "address", **ADDRESS})
    address = Address.objects.get()
    assert "12 Herzl St" in client.get("/my/details/").text

    client.post("/my/details/", {"do": "forget", "which": address.pk})

    assert not Address.objects.exists()


def test_an_address_without_a_street_is_refused(client, dana):
    page = client.post("/my/details/", {"do": "address", "city": "Haifa"})

    assert page.status_code == 422
    assert 'id="wrong-street"' in page.text
    assert not Address.objects.exists()


def test_nobody_deletes_an_address_of_another(client, dana, ruth):
    remember_address(ruth, **ADDRESS)

    client.post("/my/details/", {"do": "forget", "which": Address.objects.get().pk})

    assert Address.objects.get().person == ruth


def test_the_oldest_address_gives_way(dana):
    for n in range(MOST_ADDRESSES + 2):
        remember_address(dana, **{**ADDRESS, "street": f"{n} Herzl St"})

    assert dana.addresses.count() == MOST_ADDRESSES
    assert not dana.addresses.filter(street="0 Herzl St").exists()


def test_the_checkout_is_filled_in_from_the_account(client, dana, path, pickup):
    dana.name, dana.phone = "Dana Levi", "050-2345678"
    dana.save()
    remember_address(dana, **ADDRESS)

    form = form_of(client.get(path).text)

    assert (form["name"], form["phone"], form["email"]) == ("Dana Levi", "050-2345678", "dana@example.com")
    assert (form["street"], form["city"]) == ("12 Herzl St", "Haifa")


def test_a_guest_sees_nothing_of_an_account(dana, path, pickup):
    dana.name = "Dana Levi"
    dana.save()

    assert "Dana Levi" not in Client().get(path).text


@pytest.fixture
def ordered(client, dana, path, courier, pickup):
    """An order that Dana placed on the page of a cart, while she was signed in."""
    form = form_of(client.get(path).text) | {"name": "Dana Levi", "phone": "050-2345678"}
    form |= {**ADDRESS, "delivery": str(courier.pk), "do": "order", "email": "other@example.com"}
    page = client.post(path, form)
    if page.status_code != 303:  # the sum of that delivery was not the one shown
        page = client.post(path, form_of(page.text) | {"do": "order"})
    assert page.status_code == 303, page.text
    return Order.objects.get()


def test_an_order_of_who_is_signed_in_is_theirs_and_keeps_what_was_typed(client, dana, ordered):
    assert ordered.person == dana
    dana.refresh_from_db()
    assert (dana.name, dana.phone) == ("Dana Levi", "050-2345678")
    assert dana.addresses.get().street == "12 Herzl St"
    assert ordered.shown_number in client.get("/my/").text


def test_the_chat_does_not_become_theirs_by_ordering(ordered, full):
    full.refresh_from_db()
    assert (full.person, full.sees_person) == (None, False)


def test_two_people_in_one_browser_do_not_see_each_others_details(client, dana, ordered, call_tool):
    call_tool("add_to_cart", product_id="shop:honey")
    link = call_tool("get_checkout_link").structured_content["url"]
    client.post("/my/sign-out/")

    signed_in(client, "ruth@example.com")

    assert "Dana" not in client.get(link).text
    assert ordered.shown_number not in client.get("/my/").text
    assert client.cookies["orders"].value == ""
