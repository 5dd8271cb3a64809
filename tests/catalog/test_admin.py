from decimal import Decimal

import pytest
from django.core.paginator import EmptyPage
from django.urls import reverse

from catalog.models import Product
from catalog.search.references import named
from catalog.services.products import create_product
from shopmcp.admin import CappedPaginator

PRODUCTS = "/admin/catalog/product/"


@pytest.fixture
def edit(admin_client):
    """Change some fields of a product through its admin page."""

    def edit(product, **changes):
        url = reverse("admin:catalog_product_change", args=[product.identity_id])
        form = admin_client.get(url).context["adminform"].form
        values = {name: "" if form.initial.get(name) is None else form.initial[name] for name in form.fields}
        return admin_client.post(url, {**values, **changes})

    return edit


@pytest.mark.parametrize("more", [0, 40])
def test_the_list_takes_the_same_queries_however_many_products(
    admin_client, shelf, grocer, django_assert_num_queries, more
):
    for n in range(more):
        create_product(grocer, sku=f"more{n}", name=f"Rye {n}", price="1")

    with django_assert_num_queries(5):  # session, user, count, page, stores to filter by
        page = admin_client.get(PRODUCTS)

    assert "Quinoa &lt;b&gt;red&lt;/b&gt;" in page.content.decode()


def test_a_price_is_shown_with_the_digits_of_its_currency(admin_client, shelf):
    page = admin_client.get(reverse("admin:catalog_product_change", args=[shelf["A1"].identity_id])).content.decode()

    assert 'value="12.90"' in page
    assert "The next import of the store's file puts its own values in place of yours." in page


@pytest.mark.parametrize("price", ["9.995", None])
def test_saving_leaves_a_price_of_more_digits_and_a_missing_one_as_they_are(edit, shelf, price):
    Product.objects.filter(sku="A1").update(price=price)

    assert edit(shelf["A1"], stock="3").status_code == 302
    product = Product.objects.get(sku="A1")
    assert (product.stock, product.price) == (3, price and Decimal(price))


def test_counting_stops_at_a_hundred_pages(shelf, django_assert_num_queries):
    paginator = CappedPaginator(Product.objects.order_by("id"), 1)
    assert paginator.count == 5
    with django_assert_num_queries(1) as queries:
        assert CappedPaginator(Product.objects.order_by("id"), 50).num_pages == 1
    assert "LIMIT 5000" in queries[0]["sql"]
    assert CappedPaginator(range(1000), 2).count == 200
    with pytest.raises(EmptyPage):
        CappedPaginator(range(1000), 2).page(101)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("grocer:A4", {"A4"}),
        ("A4", {"A4"}),
        ("https://shop.example.com/p/cola-i77", {"A4"}),
        ("coca", {"A4"}),
        ("COCA-C", {"A4"}),
        ("cola", set()),
        ("%", set()),
        ("אורז", {"A1"}),
        ("", {"A1", "A2", "A3", "A4", "A5"}),
    ],
)
def test_a_search_looks_along_indexes(admin_client, shelf, asked, found):
    page = admin_client.get(PRODUCTS, {"q": asked})

    assert {product.sku for product in page.context["cl"].result_list} == found


def test_a_product_edited_by_hand_is_found_by_its_new_name(edit, shelf):
    response = edit(shelf["A5"], name="Sourdough", price="19.50", stock="4")

    assert response.status_code == 302
    product = named("sourdough")
    assert (product.sku, product.price, product.stock) == ("A5", Decimal("19.50"), 4)


def test_a_bad_edit_changes_nothing(edit, shelf):
    response = edit(shelf["A1"], price="-1")

    assert response.status_code == 200
    assert Product.objects.get(sku="A1").price == Decimal("12.90")


@pytest.mark.parametrize("model", ["product", "store"])
def test_nothing_is_added_or_deleted_by_hand(admin_client, shelf, model):
    row = shelf["A1"] if model == "product" else shelf["A1"].store

    assert admin_client.get(f"/admin/catalog/{model}/add/").status_code == 403
    assert admin_client.post(f"/admin/catalog/{model}/{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Product.objects.count() == 5


def test_a_store_keeps_its_slug_and_currency(admin_client, shelf, grocer):
    page = admin_client.get("/admin/catalog/store/")
    assert "Grocer" in page.content.decode()

    url = f"/admin/catalog/store/{grocer.pk}/change/"
    changes = {"name": "New", "language": "he", "base_url": "", "slug": "new", "currency": "USD"}
    changes["buyer_contact"] = grocer.buyer_contact
    assert admin_client.post(url, changes).status_code == 302

    grocer.refresh_from_db()
    assert (grocer.name, grocer.slug, grocer.currency) == ("New", "grocer", "ILS")


def test_a_product_written_by_hand_is_as_plain_as_an_imported_one(edit, call_tool, shelf):
    edit(shelf["A3"], name="Ba\u202egels\x07", description="Boiled.\r\n\u200fThen baked.", url="shop.example.com/חלה")
    assert Product.objects.get(sku="A3").name == "Baker's dozen bagels"

    edit(
        shelf["A3"], name="Ba\u202egels", description="Boiled.\r\n\u200fThen baked.", url="https://shop.example.com/חלה"
    )
    told = call_tool("get_product", product_id="grocer:A3").structured_content
    assert (told["name"], told["description"]) == ("Bagels", "Boiled.\nThen baked.")
    assert told["url"] == "https://shop.example.com/%D7%97%D7%9C%D7%94"
