"""The form for a product that no file brought."""

import pytest
from django.urls import reverse

from catalog.models import Product
from tests.catalog.search.asking import skus

PAGE = reverse("dashboard-product-new")


def test_a_product_added_for_a_search_in_vain_is_found_at_once(owner, store, make_session, make_call):
    make_call(make_session(), tool="search_products", words=["ginger", "jam"], results=0)
    assert f"{PAGE}?name=ginger%20jam" in owner.get(reverse("dashboard-analytics")).text
    assert 'value="ginger jam"' in owner.get(f"{PAGE}?name=ginger%20jam").text

    sent = {"store": store.pk, "name": "Ginger jam", "price": "19.90", "stock": "3"}
    answer = owner.post(PAGE, sent, follow=True)

    product = Product.objects.select_related("identity").get()
    assert "Saved: Ginger jam." in answer.text
    assert (str(product.price), product.currency, product.stock) == ("19.900", store.currency, 3)
    assert skus("ginger jam") == [product.sku]


@pytest.mark.parametrize(
    "changes",
    [{"name": ""}, {"price": "-1"}, {"price": ""}, {"store": "99"}, {"sku": "honey"}, {"url": "javascript:x"}],
)
def test_what_is_no_product_is_refused_and_changes_nothing(owner, store, honey, changes):
    answer = owner.post(PAGE, {"store": store.pk, "name": "Jam", "price": "1", **changes})

    assert "mistake" in answer.text
    assert list(Product.objects.values_list("sku", flat=True)) == ["honey"]


def test_without_a_store_it_leads_to_the_imports(owner):
    assert reverse("dashboard-imports") in owner.get(PAGE).text


def test_whoever_may_not_add_products_adds_none(client, django_user_model, store):
    client.force_login(django_user_model.objects.create_user("clerk", is_staff=True))

    assert client.post(PAGE, {"store": store.pk, "name": "Jam", "price": "1"}).status_code == 403
    assert not Product.objects.exists()
