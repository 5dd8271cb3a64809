from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from catalog.models import STATIC_IMAGE, Product
from catalog.services.products import create_product


def test_what_is_for_sale_and_in_stock_is_the_same_for_a_row_and_for_a_query(shelf):
    Product.objects.filter(sku="A3").update(available=False)
    Product.objects.filter(sku="A4").update(withdrawn_at=timezone.now())
    rows = list(Product.objects.all())

    assert (
        {row.sku for row in rows if row.for_sale}
        == set(Product.objects.for_sale().values_list("sku", flat=True))
        == {"A1", "A2"}
    )
    assert (
        {row.sku for row in rows if row.in_stock}
        == set(Product.objects.in_stock().values_list("sku", flat=True))
        == {"A1"}
    )


def test_the_price_is_written_as_the_stores_locale_writes_it(shelf, grocer):
    grocer.language = "he"

    assert shelf["A1"].price_shown.model_dump() == {"amount": "12.90", "formatted": "12.90 ₪"}
    assert shelf["A5"].price_shown is None


def test_an_image_of_the_projects_own_gets_an_absolute_address(shelf, settings):
    product = shelf["A1"]
    assert product.image_url == ""

    product.image = "https://shop.example.com/a.jpg"
    assert product.image_url == "https://shop.example.com/a.jpg"

    settings.PUBLIC_URL = "https://mine.example.com"
    product.image = f"{STATIC_IMAGE}catalog/demo/bread.svg"
    assert product.image_url == "https://mine.example.com/static/catalog/demo/bread.svg"


def test_an_image_that_was_never_collected_is_no_failure(shelf, settings):
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"},
    }
    shelf["A1"].image = f"{STATIC_IMAGE}catalog/demo/nowhere.svg"

    assert shelf["A1"].image_url.endswith("/static/catalog/demo/nowhere.svg")


def test_siblings_are_the_other_variants_that_are_carried(grocer, django_assert_num_queries):
    small, large, gone = (
        create_product(grocer, sku=size, name=f"Shirt {size}", price="79", group_id="shirt")
        for size in ("S", "L", "XL")
    )
    Product.objects.filter(pk=gone.pk).update(withdrawn_at=timezone.now())
    loner = create_product(grocer, sku="mug", name="Mug", price="42")

    with django_assert_num_queries(1):
        assert [sibling.store.slug for sibling in small.siblings()] == ["grocer"]
    assert small.siblings() == [large]
    assert loner.siblings() == []


def test_the_database_itself_refuses_a_negative_price_and_a_second_product_of_one_sku(grocer, shelf):
    with pytest.raises(IntegrityError), transaction.atomic():
        Product.objects.filter(sku="A1").update(price=Decimal("-1"))
    with pytest.raises(IntegrityError), transaction.atomic():
        create_product(grocer, sku="A1", name="Again", price="1")

    assert Product.objects.count() == 5
