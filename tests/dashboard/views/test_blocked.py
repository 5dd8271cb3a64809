"""The page of contacts from which a store takes no orders."""

import pytest

from catalog.models import Store
from orders.models import BlockedContact


@pytest.fixture
def page(db):
    Store.objects.create(slug="shop", name="The Shop", currency="ILS")
    return "/dashboard/stores/shop/blocked/"


def test_a_contact_is_blocked_shown_in_part_and_freed(owner, page):
    owner.post(page, {"contact": "dana@example.com", "reason": "<b>never</b> comes"})

    shown = owner.get(page).text
    assert "d…@example.com" in shown
    assert "dana@" not in shown
    assert "&lt;b&gt;never&lt;/b&gt; comes" in shown
    owner.post(page, {"free": BlockedContact.objects.get().pk})
    assert not BlockedContact.objects.exists()


def test_what_is_no_contact_is_told_and_kept_in_the_form(owner, page):
    answer = owner.post(page, {"contact": "<b>"})

    assert "neither an e-mail address nor a phone number" in answer.text
    assert 'value="&lt;b&gt;"' in answer.text
    assert not BlockedContact.objects.exists()


def test_who_may_not_see_people_may_not_block_them(client, page, django_user_model):
    clerk = django_user_model.objects.create_user("clerk", is_staff=True)
    client.force_login(clerk)

    assert client.get(page).status_code == 403
    assert client.post(page, {"contact": "dana@example.com"}).status_code == 403
    assert not BlockedContact.objects.exists()


@pytest.mark.parametrize("rows", [1, 12])
def test_the_page_takes_the_same_queries_however_many_there_are(owner, page, django_assert_num_queries, rows):
    for n in range(rows):
        owner.post(page, {"contact": f"person{n}@example.com"})
    owner.get(page)

    with django_assert_num_queries(5):
        owner.get(page)
