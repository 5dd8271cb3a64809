"""Sign-in links by mail."""

import re

import pytest
from django.urls import reverse

from accounts.services.staff_links import mail_link
from outbox.models import Message

PAGE = reverse("link-by-mail")


@pytest.fixture(autouse=True)
def mail(settings):
    settings.MAIL_IS_SET = True
    settings.PUBLIC_URL = "http://testserver"


@pytest.fixture
def keeper(django_user_model):
    return django_user_model.objects.create_user("keeper", "keeper@example.com", is_staff=True)


def test_a_member_of_staff_signs_in_by_a_mailed_link(client, keeper):
    answer = client.post(PAGE, {"email": "Keeper@example.com "})

    assert "a link is on its way" in answer.text
    message = Message.objects.get()
    assert (message.kind, message.destination) == ("staff.sign_in", "keeper@example.com")
    (path,) = re.findall(r"http://testserver(/sign-in/\S+)", message.payload["text"])
    assert client.post(path).status_code == 302
    assert client.get(reverse("dashboard")).status_code == 200


@pytest.mark.parametrize(
    "address", ["nobody@example.com", "", "shopper@example.com", "gone@example.com", "a\0b", "x" * 999]
)
def test_others_get_the_same_answer_and_no_mail(client, keeper, django_user_model, address):
    django_user_model.objects.create_user("shopper", "shopper@example.com")
    django_user_model.objects.create_user("gone", "gone@example.com", is_staff=True, is_active=False)
    known = client.post(PAGE, {"email": "keeper@example.com"}).text
    Message.objects.all().delete()

    answer = client.post(PAGE, {"email": address})

    assert answer.text == known
    assert not Message.objects.exists()


def test_an_address_of_two_gets_no_link(client, keeper, django_user_model):
    django_user_model.objects.create_user("second", "KEEPER@example.com", is_staff=True)

    client.post(PAGE, {"email": "keeper@example.com"})

    assert not Message.objects.exists()


def test_an_address_is_not_flooded(client, keeper):
    for _n in range(3):
        client.post(PAGE, {"email": "keeper@example.com"})

    answer = client.post(PAGE, {"email": "KEEPER@example.com"})

    assert answer.status_code == 429
    assert Message.objects.count() == 3


def test_one_network_asks_for_a_few(keeper):
    for n in range(10):
        mail_link(f"{n}@example.com", "192.0.2.1")

    with pytest.raises(Exception, match="Too many links"):
        mail_link("keeper@example.com", "192.0.2.1")
    assert not Message.objects.exists()


def test_without_mail_the_page_says_how_else(client, keeper, settings):
    settings.MAIL_IS_SET = False

    assert "manage.py sign_in_link" in client.get(PAGE).text
    client.post(PAGE, {"email": "keeper@example.com"})
    assert not Message.objects.exists()


def test_the_password_page_leads_there(client, db):
    assert PAGE in client.get("/admin/login/").text
