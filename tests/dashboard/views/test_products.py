from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from catalog.models import ImportRun, Store
from catalog.services.products import create_product

HOUR = timedelta(hours=1)
LIST = reverse("dashboard-products")


def names(page):
    return [product.name for product in page.context["rows"]]


def test_a_store_says_what_it_holds_and_what_it_lacks(owner, make_product):
    make_product("Honey", image="https://example.com/honey.png")
    make_product("Tea", price=None)
    make_product("Mug", stock=0)
    make_product("Old", withdrawn_at=timezone.now())
    (row,) = owner.get(LIST).context["stores"]

    assert row.counts == {"": 3, "withdrawn": 1, "unpriced": 1, "imageless": 2, "sold_out": 1, "hidden": 0}


def test_the_filter_counts_what_it_lists_in_the_chosen_stores(owner, store, make_product):
    make_product("Honey", image="https://example.com/honey.png")
    make_product("Tea", price=None)
    make_product("Mug", available=False)
    make_product("Old", withdrawn_at=timezone.now())
    other = Store.objects.create(slug="other", name="Other", currency="ILS")
    create_product(other, sku="o", name="Other", price="9.90")

    for asked in ({}, {"store": store.slug}):
        counts = owner.get(LIST, asked).context["counts"]
        assert counts == {state: len(names(owner.get(LIST, {**asked, "state": state}))) for state in counts}
    assert (counts[""], counts["sold_out"], counts["unpriced"]) == (3, 1, 1)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, ["Mug", "Tea", "Honey"]),
        ({"state": "withdrawn"}, ["Old"]),
        ({"state": "unpriced"}, ["Tea"]),
        ({"state": "imageless"}, ["Mug", "Tea"]),
        ({"state": "sold_out"}, ["Mug"]),
    ],
)
def test_products_are_listed_by_state(owner, make_product, asked, found):
    make_product("Honey", image="https://example.com/honey.png")
    make_product("Tea", price=None)
    make_product("Mug", stock=0)
    make_product("Old", withdrawn_at=timezone.now())

    assert names(owner.get(LIST, asked)) == found


def test_products_are_found_as_chats_find_them(owner, store):
    create_product(store, sku="h", name="Honey", price="20.00")
    create_product(store, sku="t", name="Tea", price="9.90")

    assert names(owner.get(LIST, {"q": "honey"})) == ["Honey"]
    assert "No product fits" in owner.get(LIST, {"q": "no such thing"}).text


def test_pages_follow_each_other(owner, make_product):
    for n in range(30):
        make_product(f"Product {n}")
    first = owner.get(LIST)
    second = owner.get(LIST, {"cursor": first.context["cursor"]})

    assert names(first) + names(second) == [f"Product {n}" for n in reversed(range(30))]
    assert second.context["cursor"] == ""


def test_the_last_import_and_its_refusals_are_told(owner, store, make_product):
    make_product("Honey")
    details = {
        "refused": [{"line": 7, "sku": "x1", "reason": "The price is no number."}],
        "warnings": [{"line": 9, "sku": "x2", "reason": "<its> SKU is that of line 8"}],
        "without_image": 2,
    }
    ImportRun.objects.create(
        slug=store.slug, state="published", source="old.csv", ended_at=timezone.now(), refused=9, details={}
    )
    ImportRun.objects.create(
        slug=store.slug,
        state="published",
        source="goods.csv",
        ended_at=timezone.now(),
        created=3,
        refused=1,
        warned=3,
        details=details,
    )
    text = owner.get(LIST).text

    assert "goods.csv" in text
    assert "old.csv" not in text
    assert "The price is no number." in text
    assert "1 row was refused" in text
    assert "3 warnings" in text
    assert "&lt;its&gt; SKU is that of line 8" in text
    assert "2 products have no image." in text


@pytest.mark.parametrize("asked", [{"state": "nonsense"}, {"q": "honey", "cursor": "made-up"}, {"cursor": "7"}])
def test_an_address_that_no_page_gave_leads_nowhere(owner, make_product, asked):
    make_product("Honey")

    assert owner.get(LIST, asked).status_code == 404


def test_an_empty_catalogue_says_how_to_fill_it(owner, db):
    assert reverse("dashboard-imports") in owner.get(LIST).text


@pytest.mark.parametrize("n", [1, 25])
def test_the_list_costs_the_same_for_one_product_and_for_many(owner, django_assert_num_queries, make_product, n):
    for number in range(n):
        make_product(f"Product {number}")

    # Session, user; products, numbers, stores; warnings.
    with django_assert_num_queries(6):
        assert len(names(owner.get(LIST))) == n


def test_prices_are_those_of_the_moment(owner, store):
    now = timezone.now()
    for sku, begins in (("on", now - HOUR), ("soon", now + HOUR)):
        create_product(
            store, sku=sku, name=sku, price="20.00", sale_price=Decimal("15.00"), sale_begins=begins, sale_ends=None
        )

    soon, on = owner.get(LIST).text.split('<th scope="row">')[1:]

    assert "15.00" in on and "<s" in on and "20.00" in on
    assert "20.00" in soon and "15.00" not in soon


def test_the_products_of_a_state_are_a_file_with_todays_prices(owner, make_product):
    make_product("=Honey", "20.00", sku="h")
    make_product("Bread", None)
    answer = owner.get(reverse("dashboard-products-export"), {"state": "unpriced"})
    everything = owner.get(reverse("dashboard-products-export")).content.decode()

    assert answer.content.decode().strip().split("\r\n")[1:] == ["shop:bread,bread,Bread,shop,,,ILS,,no"]
    assert "shop:h,h,'=Honey,shop,,20.00,ILS,,yes" in everything
    assert owner.get(reverse("dashboard-products-export"), {"state": "secret"}).status_code == 404
