"""Products by what they are called."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.models import Product, Store
from catalog.search.references import named
from catalog.search.rows import exactly
from catalog.services.products import create_product
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
    assert named(reference) == shelf["A4"]


@pytest.mark.parametrize("name", ['אורז בסמטי 1 ק"ג', "אורז בסמטי 1 ק״ג", "אוֹרֶז בסמטי 1 ק''ג"])
def test_a_hebrew_name_is_found_with_either_gershayim(shelf, name):
    assert named(name) == shelf["A1"]


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
        named(reference)

    assert refusal.value.fix
    assert "\x00" not in refusal.value.message


@pytest.mark.parametrize("reference", ["grocer:A1\u200f", "\u200eA1", "A1\u202e", "grocer:\u200bA1"], ids=ascii)
def test_invisible_marks_in_a_reference_make_no_difference(shelf, reference):
    assert named(reference) == shelf["A1"]


def test_a_reference_that_comes_near_offers_what_it_may_have_meant(shelf):
    with pytest.raises(NotFound) as refusal:
        named("red quinoa 1 kg")

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
        named("Rye bread")

    assert [(c["product_id"], c["price"] and c["price"]["amount"]) for c in refusal.value.candidates] == [
        ("grocer:A5", None),
        ("grocer:A6", "9.90"),
    ]


def test_a_sku_of_two_stores_is_ambiguous_and_each_id_is_not(shelf):
    other = Store.objects.create(slug="other", name="Other", currency="ILS")
    twin = create_product(other, sku="A4", name="Something else", price="1")

    with pytest.raises(Ambiguous):
        named("A4")
    assert named("other:A4") == twin


def test_a_withdrawn_product_is_found_by_its_id_alone(shelf):
    Product.objects.filter(sku="A4").update(withdrawn_at=timezone.now())

    assert named("grocer:A4").withdrawn_at is not None
    for reference in ("A4", "Coca-Cola 1.5 l", "https://shop.example.com/p/cola-i77"):
        with pytest.raises(NotFound):
            named(reference)


@pytest.mark.parametrize("reference", ["grocer:A4", "A4", "Rye bread", "https://shop.example.com/p/cola-i77"])
def test_finding_a_product_takes_one_statement_of_look_ups_and_one_for_the_product(
    shelf, django_assert_num_queries, reference
):
    with django_assert_num_queries(2):
        assert named(reference).store.slug == "grocer"


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL chooses by the size of the table")
@pytest.mark.parametrize("reference", ["grocer:A4", "7290000000012", "A name", "https://shop.example.com/p/cola-i77"])
def test_no_reference_makes_the_database_read_all_products(shelf, reference):
    with CaptureQueriesContext(connection) as captured:
        exactly(reference)

    (query,) = captured.captured_queries
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {query['sql']}")
        plan = [row[3] for row in cursor.fetchall()]
    assert [step for step in plan if step.startswith("SEARCH p ")]
    assert not [step for step in plan if step.startswith("SCAN p")]


def test_a_reference_that_is_longer_than_any_name_is_not_searched(shelf, django_assert_num_queries):
    with django_assert_num_queries(1), pytest.raises(NotFound) as refusal:
        named("quinoa " * 15)

    assert refusal.value.candidates == []


def test_a_name_that_shares_one_word_of_five_with_products_is_near_none(shelf):
    with pytest.raises(NotFound) as refusal:
        named("red velvet zebra birthday okapi")

    assert refusal.value.candidates == []


def test_what_may_have_been_meant_is_looked_for_in_the_index_alone(shelf, grocer, django_assert_max_num_queries):
    for n in range(30):
        create_product(grocer, sku=f"Q{n}", name=f"Quinoa puffs {n}", price="1")

    with django_assert_max_num_queries(16), pytest.raises(NotFound) as refusal:
        named("quinoa puffs family size")

    assert len(refusal.value.candidates) == 5


@pytest.mark.parametrize("reference", ["grocer:RB-10", "RB-1O1", "rb-101", "RB101", "RB-110", "elsewhere:RB-101"])
def test_a_code_that_is_nearly_right_offers_the_one_that_was_meant(shelf, grocer, reference):
    meant = create_product(grocer, sku="RB-101", name="Rusks", price="9", category="Bakery")
    create_product(grocer, sku="B", name="Tea, 101 bags of 10", price="9")

    with pytest.raises(NotFound) as refusal:
        named(reference)

    assert [candidate["product_id"] for candidate in refusal.value.candidates] == [meant.public_id]


@pytest.mark.parametrize("reference", ["red wine", "500 g", "xyz-500", "bakery", "the", "grocer:"])
def test_what_shares_a_colour_an_amount_or_a_category_was_not_meant(shelf, reference):
    with pytest.raises(NotFound) as refusal:
        named(reference)

    assert refusal.value.candidates == []


def test_an_id_made_up_from_a_name_offers_what_is_called_so(shelf):
    with pytest.raises(NotFound) as refusal:
        named("grocer:basmati-rice-1kg")

    assert [candidate["product_id"] for candidate in refusal.value.candidates] == ["grocer:A1"]


def test_a_long_code_that_is_one_slip_away_needs_few_variables(grocer, few_variables):
    meant = create_product(grocer, sku="ab" * 19 + "7", name="Rice", price="1")

    with pytest.raises(NotFound) as refused:
        named("ab" * 19 + "8")

    assert [candidate["product_id"] for candidate in refused.value.candidates] == [meant.public_id]
