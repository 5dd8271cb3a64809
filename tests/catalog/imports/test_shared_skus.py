"""Variants that share a SKU stay separate products, with ids that no order of rows or options changes."""

import pytest

from catalog.models import Product

HEADING = "sku,name,price,color,size,group_id\n"
ROWS = ["TEE,Tee,10,Red,S,tee\n", "TEE,Tee,11,Red,M,tee\n", "TEE,Tee,12,Blue,S,tee\n", "MUG,Mug,5,,,\n"]


def prices():
    return {product.sku: int(product.price or 0) for product in Product.objects.listed()}


def test_each_variant_gets_an_id_from_its_options_and_a_warning(load):
    report = load(HEADING + "".join(ROWS))

    assert prices() == {"TEE-red-s": 10, "TEE-red-m": 11, "TEE-blue-s": 12, "MUG": 5}
    assert [(warning.line, warning.sku) for warning in report.warnings] == [
        (2, "TEE-red-s"),
        (3, "TEE-red-m"),
        (4, "TEE-blue-s"),
    ]


def test_ids_stay_whatever_the_order_of_rows_and_columns(load):
    load(HEADING + "".join(ROWS))
    before = set(Product.objects.values_list("public_id", "identity_id"))

    report = load("size,color,group_id,sku,name,price\nS,Blue,tee,TEE,Tee,12\n,,,MUG,Mug,5\nM,Red,tee,TEE,Tee,11\n"
                  "S,Red,tee,TEE,Tee,10\n")  # fmt: skip

    assert set(Product.objects.values_list("public_id", "identity_id")) == before
    assert (report.created, report.unchanged, report.withdrawn) == (0, 4, 0)


def test_a_true_repeat_of_a_variant_is_still_one_product(load):
    load(HEADING + ROWS[0] + ROWS[1] + "TEE,Tee again,99,Red,M,tee\n" + "MUG,Mug again,7,,,\n" + ROWS[3])

    assert prices() == {"TEE-red-s": 10, "TEE-red-m": 11, "MUG": 7}


def test_the_same_options_in_two_groups_are_two_products(load):
    load(HEADING + ROWS[0] + "TEE,Other tee,20,Red,S,other\n")

    found = prices()
    assert sorted(found.values()) == [10, 20]
    assert all(sku.startswith("TEE-red-s-") for sku in found)


def test_values_that_words_do_not_tell_apart_stay_apart(load):
    load("sku,name,price,size\nA,One,1,S/M\nA,Two,2,S M\nA,Three,3,S\n")

    assert sorted(prices().values()) == [1, 2, 3]


def test_a_refused_row_of_a_shared_sku_withdraws_no_variant(load):
    load(HEADING + "".join(ROWS))

    report = load(HEADING + ROWS[0] + ROWS[1] + ROWS[2].replace("12", "twelve") + ROWS[3])

    assert (len(report.refused), report.withdrawn) == (1, 0)
    assert prices()["TEE-blue-s"] == 12


def test_a_sku_has_255_characters_and_not_one_more(load):
    report = load(f"sku,name,price\n{'a' * 255},Long,1\n{'b' * 256},Longer,1\n")

    assert [product.public_id for product in Product.objects.all()] == [f"shop:{'a' * 255}"]
    assert "255 characters" in report.refused[0].reason


def groups():
    return {product.sku: product.group_id for product in Product.objects.listed()}


def test_variants_that_share_a_sku_without_a_group_are_one_group_of_that_sku(load):
    rows = ["TEE,Tee,10,Red,S\n", "TEE,Tee,11,Red,M\n", "MUG,Mug,5,,\n"]
    load("sku,name,price,color,size\n" + "".join(rows))
    assert groups() == {"TEE-red-s": "TEE", "TEE-red-m": "TEE", "MUG": ""}

    report = load("sku,name,price,color,size\n" + "".join(reversed(rows)))
    assert report.unchanged == 3
    first, second = Product.objects.filter(group_id="TEE").select_related("store").order_by("sku")
    assert first.siblings() == [second]


def test_a_long_shared_sku_names_its_group_in_what_a_group_may_hold(load):
    load(f"sku,name,price,size\n{'T' * 200},Tee,10,S\n{'T' * 200},Tee,10,M\n")

    assert set(groups().values()) == {"T" * 120}


@pytest.mark.parametrize("column", ["Parent SKU", "handle", "item_group_id", 'מק"ט אב', "Variant of"])
def test_a_column_of_the_parent_makes_one_group_of_other_skus(load, column):
    load(f"sku,name,price,size,{column.replace(chr(34), '')}\nT1,Tee,10,S,tee\nT2,Tee,11,M,tee\nU,Cup,3,,\n")

    assert groups() == {"T1": "tee", "T2": "tee", "U": ""}


def test_the_row_of_a_parent_is_of_its_group_if_it_has_a_price_and_none_if_not(load):
    text = "sku,name,price,size,parent\ntee,Tee,{},,\nT1,Tee S,10,S,tee\nT2,Tee M,11,M,tee\n"
    report = load(text.format("9"))
    assert groups() == {"tee": "tee", "T1": "tee", "T2": "tee"}

    report = load(text.format(""))
    assert groups() == {"T1": "tee", "T2": "tee"}
    assert (report.skipped, report.withdrawn) == (1, 1)


def test_options_have_the_headings_of_other_languages(load):
    load("Artikelnummer;Bezeichnung;Preis;Farbe;Größe\nH;Hemd;10,50;rot;S\nH;Hemd;10,50;rot;M\n", currency="EUR")

    assert [product.options for product in Product.objects.order_by("sku")] == [
        {"Farbe": "rot", "Größe": "M"},
        {"Farbe": "rot", "Größe": "S"},
    ]
