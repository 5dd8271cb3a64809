"""A column that nobody understands refuses the file if its cells tell that it would be read half."""

import pytest

from catalog.feeds.options import FeedOptions
from catalog.feeds.records import Unreadable
from catalog.models import Product

DRAFTS = "sku,name,price,Ŝildo\na,Rice,10,1\nb,Rye,20,-1\n"
STATES = "sku,name,price,Ŝildo\na,Rice,10,Active\nb,Rye,20,Discontinued\n"
DATED = "sku,name,price,sale price,Ŝildo\na,Rice,10,5,2020-01-31\nb,Rye,20,,\n"


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (DRAFTS, "published"),
        (STATES, "published"),
        (DATED, "sale_ends"),
        (DATED.replace("2020-01-31", "31.01.2020"), "sale_ends"),
    ],
)
def test_drafts_and_dates_of_sales_refuse_the_file_until_the_owner_says_what_they_are(load, text, field):
    with pytest.raises(Unreadable, match="“Ŝildo”") as refusal:
        load(text)
    assert f'--map {field}="Ŝildo"' in refusal.value.fix
    assert f"--map {field}=" in refusal.value.fix.replace(f'--map {field}="', "")
    assert not Product.objects.exists()

    load(text, options=FeedOptions(mapped={field: ""}))
    assert Product.objects.count() == 2


def test_what_the_owner_maps_is_read(load):
    load(DRAFTS, options=FeedOptions(mapped={"published": "Ŝildo"}))
    assert [product.sku for product in Product.objects.all()] == ["a"]

    load(DATED, slug="other", options=FeedOptions(mapped={"sale_ends": "Ŝildo"}))
    assert Product.objects.get(store__slug="other", sku="a").price == 10


def test_a_file_in_which_all_is_on_sale_needs_its_column_of_the_end_too(load):
    text = "sku,name,price,sale price,{}\na,Rice,10,5,2020-01-31\nb,Rye,20,9,2020-01-31\n"
    with pytest.raises(Unreadable, match="Reducido hasta"):
        load(text.format("Reducido hasta"))
    assert not Product.objects.exists()

    load(text.format("Made on"))
    assert Product.objects.count() == 2


@pytest.mark.parametrize(
    "text",
    [
        "sku,name,price,Ŝildo\na,Rice,10,1\nb,Rye,20,0\n",
        "sku,name,price,Ŝildo\na,Rice,10,1\nb,Rye,20,-2\n",
        "sku,name,price,Ŝildo\na,Rice,10,yes\nb,Rye,20,no\n",
        "sku,name,price,Ŝildo\na,Rice,10,active\nb,Rye,20,draft beer\n",
        "sku,name,price,custom_label_0\na,Rice,10,new\nb,Rye,20,archive\n",
        "sku,name,price,published,Ŝildo\na,Rice,10,1,active\nb,Rye,20,1,inactive\n",
        "sku,name,price,sale price,Ŝildo\na,Rice,10,5,2020-01-31\nb,Rye,20,,2020-01-31\n",
        "sku,name,price,sale price,Ŝildo\na,Rice,10,5,red\nb,Rye,20,,\n",
    ],
)
def test_other_columns_may_hold_what_they_like(load, text):
    load(text)

    assert Product.objects.count() == 2


def test_a_file_that_hides_all_of_its_products_is_refused_with_the_column_that_says_so(load):
    with pytest.raises(Unreadable, match="no product") as refusal:
        load("sku,name,price,Published\na,Rice,10,no\nb,Rye,20,no\n")

    assert "“Published”" in refusal.value.fix
