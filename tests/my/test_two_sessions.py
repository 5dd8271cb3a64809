from django.contrib.auth.models import User
from django.contrib.sessions.models import Session as StaffSession
from django.test import Client

from accounts.models import ShopperSession
from tests.my.signing_in import EMAIL, ask, code_to, signed_in, someone_is_signed_in


def test_an_account_of_the_staff_cannot_be_opened(client, mail):
    """Whether it became one before the code was asked for or after."""
    user = signed_in(Client(), EMAIL).user
    ask(client, EMAIL)
    user.is_staff = user.is_superuser = True
    user.save()

    answer = client.post("/my/sign-in/code/", {"code": code_to(EMAIL)}, follow=True)

    assert "cannot be opened here" in answer.text
    assert not someone_is_signed_in(client)
    assert client.get("/dashboard/").status_code == 302


def test_a_shopper_who_becomes_staff_is_signed_out_at_once(client, dana):
    User.objects.update(is_staff=True, is_superuser=True)

    assert not someone_is_signed_in(client)
    assert client.get("/dashboard/").status_code == 302


def test_an_address_of_the_staff_can_have_a_shopper_beside_it(client, admin_user, mail):
    person = signed_in(client, admin_user.email)

    assert person.user != admin_user
    assert client.get("/dashboard/").status_code == 302


def test_staff_and_a_shopper_in_one_browser_do_not_touch_each_other(client, admin_user, mail):
    client.force_login(admin_user)
    form = client.get("/dashboard/")
    staff = client.cookies["sessionid"].value

    person = signed_in(client, EMAIL)

    assert client.cookies["sessionid"].value == staff
    assert form.status_code == client.get("/dashboard/").status_code == 200
    assert admin_user.email not in client.get("/my/").text
    client.post("/my/sign-out/")
    assert client.get("/dashboard/").status_code == 200
    signed_in(client, EMAIL)
    client.post("/admin/logout/")
    assert client.get("/dashboard/").status_code == 302
    assert person.email in client.get("/my/").text


def test_an_open_form_of_the_staff_outlives_a_shoppers_sign_in(admin_user, mail):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(admin_user)
    browser.get("/dashboard/")
    token = browser.cookies["csrftoken"].value

    browser.get("/my/sign-in/")
    browser.post("/my/sign-in/", {"email": EMAIL, "csrfmiddlewaretoken": browser.cookies["shopper_csrf"].value})
    browser.post(
        "/my/sign-in/code/",
        {"code": code_to(EMAIL), "csrfmiddlewaretoken": browser.cookies["shopper_csrf"].value},
    )

    assert someone_is_signed_in(browser)
    assert browser.cookies["csrftoken"].value == token
    assert browser.post("/admin/logout/", {"csrfmiddlewaretoken": token}).status_code == 200


def test_swapped_sessions_are_nobody(client, admin_client, dana):
    shopper, staff = client.cookies["shopper"].value, admin_client.cookies["sessionid"].value

    swapped = Client()
    swapped.cookies["sessionid"], swapped.cookies["shopper"] = shopper, staff

    assert not someone_is_signed_in(swapped)
    assert swapped.get("/dashboard/").status_code == 302
    assert swapped.get("/admin/").status_code == 302
    assert swapped.get("/api/sessions").status_code == 401


def test_a_row_that_is_moved_between_the_tables_opens_nothing(client, admin_client, dana):
    """Each side signs its sessions with a salt of its own, and each backend knows its own side alone."""
    row = StaffSession.objects.get(pk=admin_client.cookies["sessionid"].value)
    ShopperSession.objects.create(session_key=row.pk, session_data=row.session_data, expire_date=row.expire_date)
    moved = Client()
    moved.cookies["shopper"] = row.pk

    assert not someone_is_signed_in(moved)


def test_a_shopper_has_no_rights_of_the_staff(client, dana):
    for path in ("/dashboard/", "/dashboard/orders/", "/admin/", "/admin/auth/user/"):
        assert client.get(path).status_code == 302
    assert client.get("/api/orders").status_code == 401


def test_two_shoppers_in_one_browser_see_themselves_alone(client, dana):
    client.post("/my/sign-out/")

    signed_in(client, "ruth@example.com")

    page = client.get("/my/").text
    assert "ruth@example.com" in page
    assert EMAIL not in page
