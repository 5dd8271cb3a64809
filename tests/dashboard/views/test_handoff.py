"""Carts that were handed over, as their owner sees them."""

import pytest
from django.urls import reverse

from accounts.models import Person
from carts.models import Session
from orders.models import CheckoutLink
from tests.orders.pages import full, path, send

__all__ = ["full", "path", "send"]
LIST = reverse("dashboard-sessions")


@pytest.fixture
def page(full):
    return reverse("dashboard-session", args=[full.public_id])


@pytest.fixture
def end(page):
    return f"{page}end-links/"


def found(owner, **query):
    return [row.session for row in owner.get(LIST, query).context["rows"]]


def test_a_cart_is_handed_over_once_its_page_was_opened(owner, client, full, path, call_tool, honey):
    call_tool("add_to_cart", session="other", product_id="shop:honey")
    assert found(owner, state="handed_over") == []

    client.get(path)

    assert found(owner, state="handed_over") == [full]
    assert 'in a browser.">handed over<' in owner.get(LIST).text


def test_a_session_shows_its_links_and_what_was_done_on_the_page(owner, client, page, path, send):
    send(path, "set:shop:honey:5")

    text = owner.get(page).text

    assert "Links to this cart" in text
    assert "On the page of the cart" in text
    assert "2 → 5" in text
    assert path.removeprefix("/c/") not in text


def test_the_owner_ends_the_links_of_a_session(owner, client, page, end, path):
    assert owner.post(end).status_code == 302

    assert client.get(path).status_code == 404
    assert "The links to this cart open nothing any more." in owner.get(page).text


@pytest.mark.parametrize("is_proved", [False, True])
def test_an_account_that_only_kept_the_chat_of_ended_links_keeps_it_no_longer(
    owner, django_user_model, page, end, is_proved
):
    dana = Person.objects.create(user=django_user_model.objects.create_user("dana"))
    Session.objects.update(person=dana, sees_person=is_proved)

    owner.post(end)

    assert Session.objects.get().person == (dana if is_proved else None)


def test_only_who_may_change_links_ends_them(client, django_user_model, end, path):
    client.force_login(django_user_model.objects.create_user("clerk", is_staff=True))

    assert client.post(end).status_code == 403
    assert CheckoutLink.objects.open().count() == 1
    client.logout()
    assert client.post(end).status_code == 302
    assert CheckoutLink.objects.open().count() == 1


def test_a_get_ends_nothing(owner, end, path):
    assert owner.get(end).status_code == 405
    assert CheckoutLink.objects.open().count() == 1


def test_a_cart_of_a_permalink_is_a_session_without_a_chat(owner, client, honey):
    client.post("/c/new?items=shop:honey:1&source=poster", {"do": "save"})
    session = Session.objects.get()

    text = owner.get(reverse("dashboard-session", args=[session.public_id])).text

    assert found(owner, source="page") == [session]
    assert "poster" in text
