"""The pages for shoppers about who sells."""

import pytest
from django.urls import reverse

from offers.services.merchants import confirm_pages, merchant_of, save_merchant

PAGES = ["/store/shop/", "/privacy", "/terms"]


@pytest.fixture
def merchant(store, make_option):
    make_option(free_above="200")
    store.returns = "Within 14 days.\n<b>Unopened.</b>"
    store.save()
    found = merchant_of(store)
    values = {"legal_name": "Shop & Sons", "registration_number": "51-1", "address": "1 Market Street", "phone": "03-1"}
    for name, value in {**values, "tax_rate": 18, "delivery_days": "7"}.items():
        setattr(found, name, value)
    return save_merchant(found)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_that_is_not_confirmed_is_shown_to_staff_alone(client, admin_client, merchant, page):
    assert client.get(page).status_code == 404

    assert "This is a draft" in admin_client.get(page).text


@pytest.mark.parametrize("page", PAGES)
def test_a_confirmed_page_says_who_sells(client, merchant, page):
    confirm_pages(merchant)
    answer = client.get(page)

    assert answer.status_code == 200
    assert "Shop &amp; Sons" in answer.text
    assert "51-1" in answer.text
    assert "draft" not in answer.text


def test_the_page_of_a_store_says_how_it_delivers_what_can_be_returned_and_what_prices_hold(client, merchant):
    confirm_pages(merchant)
    text = client.get(reverse("store-page", args=["shop"])).text

    assert "Courier: ₪20.00, free from ₪200.00." in text
    assert "Within 14 days.<br>&lt;b&gt;Unopened.&lt;/b&gt;" in text
    assert "Prices include 18% tax." in text
    assert "open the order" in text


@pytest.mark.parametrize("page", PAGES)
def test_a_page_speaks_the_language_of_its_reader(client, merchant, page):
    confirm_pages(merchant)
    answer = client.get(page, headers={"Accept-Language": "he"})

    assert 'dir="rtl"' in answer.text
    assert "מספר רישום" in answer.text


def test_a_store_that_there_is_not_is_a_404(client, db):
    assert client.get("/store/ghost/").status_code == 404


@pytest.mark.parametrize("page", PAGES)
def test_a_page_takes_few_queries(client, merchant, page, django_assert_max_num_queries):
    confirm_pages(merchant)

    with django_assert_max_num_queries(4):
        client.get(page)


def test_privacy_tells_of_accounts_where_there_are_some(client, merchant, settings):
    confirm_pages(merchant)
    assert "If you have an account" not in client.get("/privacy").text

    settings.MAIL_IS_SET = True

    assert "If you have an account" in client.get("/privacy").text
