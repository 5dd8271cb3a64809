"""Orders in the admin."""

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse


@pytest.fixture
def placed(honey, fill, order):
    return order(fill(honey=2))


def page(order):
    return reverse("admin:orders_order_change", args=[order.pk])


def test_an_order_is_shown_and_not_changed_by_hand(placed, admin_client):
    shown = admin_client.get(page(placed)).text

    for text in ("Honey", "Dana Levi", placed.number):
        assert text in shown
    assert 'name="_save"' not in shown
    assert admin_client.post(page(placed), {"state": "completed"}).status_code == 403
    found = admin_client.get(reverse("admin:orders_order_changelist"), {"q": placed.number})
    assert placed.shown_number in found.text


def test_buyers_are_left_out_for_those_who_may_not_see_people(placed, client):
    user = User.objects.create_user("helper", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_order"))
    client.force_login(user)

    shown = client.get(page(placed)).text

    assert placed.number in shown
    assert "Dana" not in shown
    assert "050-2345678" not in shown
