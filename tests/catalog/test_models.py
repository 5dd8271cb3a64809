from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from catalog.models import STATIC_IMAGE, Product, Store
from catalog.services import create_product
from shopmcp.errors import Ambiguous, NotFound


@pytest.mark.parametrize(
    "reference",
    [
        "grocer:A4",
        "A4",
        " A4 ",
        "Coca-Cola 1.5 l",
        "coca cola 1.5 L",
        "https://shop.example.com/p/cola-i77",
        "http://www.shop.example.com/p/cola-i77/?utm_source=chatgpt.com",
    ],
)
def test_a_product_is_found_by_id_sku_address_and_name(shelf, reference):
    assert Product.objects.named(reference) == shelf["A4"]


@pytest.mark.parametrize("name", ['אורז בסמטי 1 ק"ג', "אורז בסמטי 1 ק״ג", "אוֹרֶז בסמטי 1 ק''ג"])
def test_a_hebrew_name_is_found_with_either_gershayim(shelf, name):
    assert Product.objects.named(name) == shelf["A1"]


@pytest.mark.parametrize(
    "reference",
    [
        "",
        " ",
        "..:0",
        "grocer:..",
        "x" * 200,
        "grocer:A4\x00",
        "\x00",
        "'",
        '"',
        "A4' OR '1'='1",
        "grocer:",
        ":",
        "%",
        "_",
        "\ud800",
    ],
)
def test_a_reference_to_nothing_is_refused_in_words(shelf, reference):
    with pytest.raises(NotFound) as refusal:
        Product.objects.named(reference)

    assert refusal.value.fix
    assert "\x00" not in refusal.value.message


@pytest.mark.parametrize("reference", ["grocer:A1\u200f", "\u200eA1", "A1\u202e", "grocer:\u200bA1"], ids=ascii)
def test_invisible_marks_in_a_reference_make_no_difference(shelf, reference):
    assert Product.objects.named(reference) == shelf["A1"]


def test_a_reference_that_comes_near_offers_what_it_may_have_meant(shelf):
    with pytest.raises(NotFound) as refusal:
        Product.objects.named("red quinoa 1 kg")

    assert refusal.value.candidates == [
        {
            "product_id": "grocer:A2",
            "name": "Quinoa <b>red</b> 500 g",
            "price": {"amount": "21.90", "formatted": "₪21.90"},
            "store": "grocer",
        }
    ]


def test_a_name_that_two_products_share_is_ambiguous_with_both_as_candidates(shelf, grocer):
    create_product(grocer, sku="A6", name="RYE BREAD", price="9.90")

    with pytest.raises(Ambiguous) as refusal:
        Product.objects.named("Rye bread")

    assert [(c["product_id"], c["price"] and c["price"]["amount"]) for c in refusal.value.candidates] == [
        ("grocer:A5", None),
        ("grocer:A6", "9.90"),
    ]


def test_a_sku_of_two_stores_is_ambiguous_and_each_id_is_not(shelf):
    other = Store.objects.create(slug="other", name="Other", currency="ILS")
    twin = create_product(other, sku="A4", name="Something else", price="1")

    with pytest.raises(Ambiguous):
        Product.objects.named("A4")
    assert Product.objects.named("other:A4") == twin


def test_a_withdrawn_product_is_found_by_its_id_alone(shelf):
    Product.objects.filter(sku="A4").update(withdrawn_at=timezone.now())

    assert Product.objects.named("grocer:A4").withdrawn_at is not None
    for reference in ("A4", "Coca-Cola 1.5 l", "https://shop.example.com/p/cola-i77"):
        with pytest.raises(NotFound):
            Product.objects.named(reference)


@pytest.mark.parametrize(("reference", "queries"), [("grocer:A4", 1), ("A4", 2), ("Rye bread", 3)])
def test_finding_a_product_takes_key_look_ups_alone(shelf, django_assert_num_queries, reference, queries):
    with django_assert_num_queries(queries):
        assert Product.objects.named(reference).store.slug == "grocer"


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
