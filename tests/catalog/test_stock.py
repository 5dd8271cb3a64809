"""Stock that orders take and give back, and what imports make of it."""

import pytest

from catalog.models import Entry, Product, ProductIdentity, StockMove, Store
from catalog.models.search_index import SOLD_OUT
from catalog.services.products import create_product, save_product
from catalog.services.stock import hand_over, return_stock, take_stock

FEED = "sku,name,price,stock\na,Rice,10,8\n"


def stock(sku="a"):
    return Product.objects.get(sku=sku).stock


def key(sku="a"):
    return ProductIdentity.objects.get(sku=sku).pk


def moves():
    return list(StockMove.objects.order_by("pk").values_list("pieces", "reason", "reference"))


def take(pieces, sku="a"):
    return take_stock({key(sku): pieces}, reference="N1")


def give_back(pieces, sku="a"):
    return_stock({key(sku): pieces}, reference="N1")


@pytest.fixture
def rice(load):
    load(FEED)


def test_an_order_takes_what_is_left_and_no_more(rice):
    assert take(5) is None
    assert take(4) == key()
    assert take(3) is None

    assert stock() == 0
    assert moves() == [(-5, "ordered", "N1"), (-3, "ordered", "N1")]


def test_a_product_whose_stock_is_not_counted_always_has_enough(grocer):
    create_product(grocer, sku="a", name="Rice", price="10")

    assert take(500) is None
    assert stock() is None


def test_a_product_that_sells_out_is_found_as_sold_out_and_returns(rice):
    def is_sold_out():
        return Entry.objects.get(product=key()).key & SOLD_OUT != 0

    take(8)
    assert is_sold_out()
    give_back(1)
    assert not is_sold_out()
    assert stock() == 1
    assert moves()[-1] == (1, "returned", "N1")


def test_an_import_takes_off_what_is_in_open_orders(rice, load):
    take(3)

    load(FEED)
    assert stock() == 5
    load("sku,name,price,stock\na,Rice,10,2\n")
    assert stock() == 0
    give_back(3)
    assert stock() == 2


def test_an_import_leaves_completed_orders_to_the_file(rice, load):
    take(3)
    hand_over({key(): 3})

    load(FEED)
    assert stock() == 8


def test_an_import_believes_a_file_that_counts_orders(rice, load):
    Store.objects.update(feed_counts_orders=True)
    take(3)

    load(FEED)
    assert stock() == 8


def test_an_unchanged_file_writes_nothing_for_products_in_open_orders(rice, load):
    take(3)

    assert load(FEED).unchanged == 1


def test_what_was_ordered_before_the_stock_was_counted_is_taken_off_too(load):
    load("sku,name,price\na,Rice,10\n")
    take(3)

    load(FEED)
    assert stock() == 5
    give_back(3)
    assert stock() == 8


def test_the_owners_count_is_a_move(rice):
    product = Product.objects.get(sku="a")
    product.stock = 3
    save_product(product, ["stock"])

    assert stock() == 3
    assert moves() == [(-5, "edited", "")]
