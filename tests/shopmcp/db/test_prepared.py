"""Prepared queries say the same as the ORM, on whichever database the tests run."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import F

from carts.models import Cart, Line, Session, Tombstone
from catalog.models import Product, ProductIdentity, Store
from shopmcp.db.prepared import Delete, Insert, Param, Select, Update, look_up

pytestmark = pytest.mark.django_db
FIELDS = ("id", "public_id", "price", "counted", "available", "withdrawn_at", "options", "description", "store__slug")
MOMENT = datetime(2026, 2, 28, 23, 59, 59, 999_999, tzinfo=UTC)
VALUES: list[dict[str, Any]] = [
    {"price": None, "counted": None, "withdrawn_at": None, "options": {}, "description": ""},
    {"price": Decimal("0.001"), "counted": 0, "withdrawn_at": MOMENT, "options": {"size": "L"}, "description": "50% ?"},
    {
        "price": Decimal("999999999.999"),
        "counted": 7,
        "withdrawn_at": MOMENT + timedelta(days=1),
        "options": {"a": [1]},
    },
    {"price": Decimal("10"), "counted": 1, "available": False, "options": {"שם": "דבש"}, "description": "קינואה 🍯 '"},
]

by_sku = Select(lambda: Product.versions.filter(sku=Param("sku", Product, "sku")).values_list(*FIELDS))
from_price = Select(
    lambda: (
        Product.versions.filter(price__gte=Param("price", Product, "price"), description__contains="%")
        .order_by("-id")
        .values_list(*FIELDS)
    )
)
since = Select(
    lambda: (
        Product.versions.filter(withdrawn_at__gte=Param("moment", Product, "withdrawn_at"))
        .order_by("id")
        .values_list("sku", flat=True)
    )
)
change = Update(
    lambda: Product.versions.filter(sku=Param("sku", Product, "sku")),
    price=Param("price", Product, "price"),
    withdrawn_at=Param("moment", Product, "withdrawn_at"),
    options=Param("options", Product, "options"),
    counted=Param("counted", Product, "counted"),
)
count_up = Update(lambda: Product.versions.filter(sku=Param("sku", Product, "sku")), counted=F("counted") + 1)
delete = Delete(lambda: Product.versions.filter(sku=Param("sku", Product, "sku")))
# With a constant between its parameters, and with one moment in two places.
around = Select(
    lambda: (
        Product.versions.filter(
            sku=Param("sku", Product, "sku"), available=True, updated_at__lte=Param("moment", Product, "updated_at")
        )
        .exclude(withdrawn_at__gt=Param("moment", Product, "withdrawn_at"))
        .values_list("sku")
    )
)
TOMBSTONE = ("public_id", "digest", "expired_at")
insert = Insert(Tombstone, TOMBSTONE)
insert_or_leave = Insert(Tombstone, TOMBSTONE, ignore_conflicts=True)
insert_many = Insert(Tombstone, TOMBSTONE, returning=False)
insert_price = Insert(
    Line, ("cart", "product", "quantity", "price_when_added", "price_told", "stock_told", "withdrawal_told")
)


@pytest.fixture
def products():
    store = Store.objects.create(slug="shop", name="The Shop", currency="ILS")
    return [
        Product.versions.create(
            identity=ProductIdentity.objects.create(store=store, sku=f"p{n}"),
            store=store,
            sku=f"p{n}",
            public_id=f"shop:p{n}",
            name=f"P{n}",
            currency="ILS",
            **values,
        )
        for n, values in enumerate(VALUES)
    ]


def row(public_id, digest=None):
    return {"public_id": public_id, "digest": digest, "expired_at": MOMENT}


@pytest.mark.parametrize("number", range(len(VALUES)))
def test_a_row_reads_as_through_the_orm(products, number):
    expected = list(Product.versions.filter(sku=f"p{number}").values_list(*FIELDS))

    for _ in range(2):
        assert by_sku.all(sku=f"p{number}") == expected
        assert by_sku.first(sku=f"p{number}") == expected[0]
    (found,) = by_sku.all(sku=f"p{number}")
    assert [type(value) for value in found] == [type(value) for value in expected[0]]


def test_what_is_not_there_is_none_or_no_rows(products):
    assert by_sku.first(sku="ghost") is None
    assert by_sku.all(sku="' OR 1=1 --") == []


@pytest.mark.parametrize("price", [Decimal("0"), Decimal("0.001"), Decimal("1")])
def test_decimals_compare_as_in_the_orm(products, price):
    expected = Product.versions.filter(price__gte=price, description__contains="%").order_by("-id").values_list(*FIELDS)

    assert from_price.all(price=price) == list(expected)


def test_moments_compare_as_in_the_orm(products):
    assert since.all(moment=MOMENT) == [("p1",), ("p2",)]
    assert since.all(moment=MOMENT + timedelta(microseconds=1)) == [("p2",)]


def test_constants_stay_in_their_places_and_a_value_may_be_used_twice(products):
    late = MOMENT + timedelta(days=9000)

    for product in products:
        asked = Product.versions.filter(sku=product.sku, available=True, updated_at__lte=late)
        expected = list(asked.exclude(withdrawn_at__gt=late).values_list("sku"))
        assert around.all(sku=product.sku, moment=late) == expected


@pytest.mark.parametrize("moment", [MOMENT, MOMENT.replace(microsecond=0), MOMENT.astimezone(ZoneInfo("Asia/Tokyo"))])
def test_a_moment_is_written_as_the_orm_writes_it(products, moment):
    Product.versions.update(withdrawn_at=moment)

    assert [sku for (sku,) in since.all(moment=moment)] == [product.sku for product in products]
    assert since.all(moment=moment + timedelta(microseconds=1)) == []


@pytest.mark.parametrize("price", [None, Decimal("12.345"), Decimal("12"), Decimal("12.000")])
@pytest.mark.parametrize("options", [{}, {"size": "L", "x": [1, None, "א"]}])
def test_an_update_writes_what_the_orm_reads(products, price, options):
    assert change.run(sku="p1", price=price, moment=MOMENT, options=options, counted=5) == 1

    product = Product.versions.get(sku="p1")
    assert (product.price, product.withdrawn_at, product.options, product.stock) == (price, MOMENT, options, 5)
    assert Product.versions.filter(counted=5).count() == 1


def test_an_update_can_count_and_says_how_many_rows_it_changed(products):
    assert [count_up.run(sku="p2") for _ in range(2)] == [1, 1]
    assert count_up.run(sku="ghost") == 0
    assert Product.versions.get(sku="p2").counted == 9


def test_a_deletion_says_how_many_rows_it_deleted(products):
    assert delete.run(sku="p3") == 1
    assert delete.run(sku="p3") == 0
    assert Product.versions.count() == 3


def test_an_insertion_gives_the_key_of_a_row_that_the_orm_reads():
    key = insert.run(**row("s_one", "דבש % ?"))

    assert key is not None
    kept = Tombstone.objects.get(pk=key)
    assert (kept.public_id, kept.digest, kept.expired_at) == ("s_one", "דבש % ?", MOMENT)


def test_an_insertion_takes_relations_and_decimals(products):
    cart = Cart.objects.create(public_id="c_1", session=Session.objects.create(public_id="s_1"))
    key = insert_price.run(
        cart_id=cart.pk,
        product_id=products[1].identity_id,
        quantity=3,
        price_when_added=Decimal("1.5"),
        price_told=Decimal("1.50"),
        stock_told=None,
        withdrawal_told=True,
    )

    assert key is not None
    line = Line.objects.get(pk=key)
    assert (line.cart, line.product, line.price_when_added, line.price_told) == (
        cart,
        products[1].identity,
        Decimal("1.5"),
        Decimal("1.5"),
    )
    assert (line.quantity, line.stock_told, line.withdrawal_told) == (3, None, True)


def test_a_row_that_is_there_is_left_alone_where_that_was_asked_for():
    insert.run(**row("s_one", "first"))

    assert insert_or_leave.run(**row("s_one", "second")) is None
    assert insert_or_leave.run(**row("s_two", "third")) is None
    assert list(Tombstone.objects.order_by("id").values_list("public_id", "digest")) == [
        ("s_one", "first"),
        ("s_two", "third"),
    ]


def test_a_row_that_is_there_is_refused_elsewhere_as_by_the_orm():
    insert.run(**row("s_one"))

    with pytest.raises(IntegrityError), transaction.atomic():
        insert.run(**row("s_one"))
    assert Tombstone.objects.count() == 1


def test_many_rows_go_in_at_once():
    insert_many.many(row(f"s_{n}") for n in range(30))

    assert Tombstone.objects.count() == 30


def test_a_field_that_writes_its_own_time_cannot_be_prepared():
    """Its time would be that of the first insertion for ever."""
    with pytest.raises(AssertionError):
        Insert(Store, ("slug", "created_at")).run(slug="one", created_at=MOMENT)
    assert not Store.objects.exists()


def test_a_broken_transaction_is_not_written_to():
    with transaction.atomic():
        transaction.set_rollback(True)
        with pytest.raises(DatabaseError):
            insert.run(**row("s_one"))
        transaction.set_rollback(False)
    assert not Tombstone.objects.exists()


def test_its_queries_are_counted_like_any_other(products, django_assert_num_queries):
    with django_assert_num_queries(3):
        by_sku.first(sku="p0")
        count_up.run(sku="p2")
        insert.run(**row("s_one"))


def test_it_works_after_the_connection_was_closed_and_in_a_query_of_its_own(transactional_db):
    insert.run(**row("s_one"))
    connection.close()

    found = Select(
        lambda: Tombstone.objects.filter(public_id=Param("id", Tombstone, "public_id")).values_list("public_id")
    )
    assert found.all(id="s_one") == [("s_one",)]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL keeps plans")
def test_postgresql_plans_once_what_comes_again_and_again(products):
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
    answers = {len(by_sku.all(sku=f"p{place % 2}")) for place in range(20)}
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%%catalog_product%%'")
        (kept,) = cursor.fetchone()

    assert (answers, kept) == ({1}, 1)


def test_a_look_up_of_our_own_takes_lists_and_texts_with_percent_signs(products):
    rows = look_up("SELECT sku FROM catalog_product WHERE sku = %s ORDER BY id", ["p1"])

    assert rows == [("p1",)]
    assert look_up("SELECT sku FROM catalog_product WHERE sku = %s", ["100%s?"]) == []
