"""How a test that commits leaves the database."""

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command

from catalog.models import Product, Store
from catalog.services.products import create_product


def keys(model):
    return set(model._default_manager.values_list("pk", flat=True))


@pytest.mark.django_db(transaction=True)
def test_all_rows_are_gone_but_those_that_say_what_the_models_are(admin_user):
    shop = Store.objects.create(slug="shop", name="The Shop", currency="ILS")
    create_product(shop, sku="honey", name="Honey", price="20.00")
    before = keys(ContentType), keys(Permission)
    assert all(before) and Product.objects.exists()

    call_command("flush", interactive=False)

    assert (keys(ContentType), keys(Permission)) == before
    others = set(apps.get_models()) - {ContentType, Permission}
    assert [model for model in others if keys(model)] == []
