"""Columns of plain tables: which of several counts, and what the report says of those that do not."""

from decimal import Decimal

import pytest

from catalog.feeds.records import Unreadable
from catalog.models import Product


@pytest.mark.parametrize("names", ["ID,Artikelnummer", "ID,מק״ט", "المعرف,رمز المنتج", "Kimlik,Stok kodu (SKU)"])
def test_the_number_of_the_article_is_the_sku_and_an_id_where_there_is_none(load, names):
    load(f"{names},name,price\n7,A-7,Rice,9\n8,,Rye,9\n")

    assert set(Product.objects.values_list("sku", flat=True)) == {"A-7", "8"}


def test_a_column_for_cash_on_delivery_is_no_sku_beside_an_id(load):
    load("id,name,price,cod\n7,Rice,9,yes\n8,Rye,9,yes\n")

    assert set(Product.objects.values_list("sku", flat=True)) == {"7", "8"}


def test_the_regular_price_counts_beside_a_sale_with_its_end(load):
    load("sku,name,price,regular price,sale price,sale end\na,Rice,8,10,8,2030-01-31\nb,Rye,7,7,,\n")

    rice, rye = Product.objects.order_by("sku")
    assert (rice.price, rice.sale_price, rye.price) == (10, 8, 7)


def test_the_price_counts_where_no_column_has_the_sale(load):
    load("sku,name,price,regular price\na,Rice,8,10\n")

    assert Product.objects.get().price == 8


@pytest.mark.parametrize("said", ["backorder", "pre_order", "בהזמנה", "sur commande"])
def test_what_can_be_ordered_without_a_piece_is_not_sold_out(load, said):
    load(f"sku,name,price,stock,availability\na,Rice,8,-3,{said}\nb,Rye,8,4,{said}\nc,Oats,8,0,in stock\n")

    assert {product.sku: product.stock for product in Product.objects.all()} == {"a": None, "b": 4, "c": 0}


@pytest.mark.parametrize("none", ["0", "-", "null"])
def test_products_without_a_parent_are_no_variants_of_each_other(load, none):
    load(f"sku,name,price,parent id\na,Rice,8,{none}\nb,Rye,8,{none}\n")

    assert set(Product.objects.values_list("group_id", flat=True)) == {""}


def test_a_column_of_discounts_is_named_first_because_prices_may_be_lower(load):
    report = load("sku,name,price,stock,Discount %,Discountable\na,Rice,8,1,20,yes\n")

    assert "“Discount %”" in report.remarks[0]
    assert "Discountable" not in report.remarks[0]


def test_a_file_with_barcodes_alone_is_told_to_use_them(load):
    with pytest.raises(Unreadable) as refusal:
        load("gtin,title,price\n4006381333931,Pen,2\n")

    assert '--map sku="gtin"' in refusal.value.fix
    assert not Product.objects.exists()


def test_a_file_without_any_id_is_told_what_one_is(load):
    with pytest.raises(Unreadable) as refusal:
        load("name,size,price\nTee,S,2\n")

    assert "never changes" in refusal.value.fix
    assert not Product.objects.exists()


@pytest.mark.parametrize("column", ["vat", "VAT rate", "Tax rules ID", "Show price"])
def test_a_column_of_tax_is_not_proposed_as_the_price(load, column):
    with pytest.raises(Unreadable) as refusal:
        load(f"sku,name,price_net,{column}\na,Rice,8,19\n")

    assert column not in refusal.value.fix
    assert not Product.objects.exists()


def test_a_table_in_chinese_signs_of_either_kind_is_read(load):
    load('商品編號,商品名稱,售價,庫存,狀態\n1,茶,"NT$1,280",5,上架\n2,紅茶,680,缺貨,下架\n', slug="tw", currency="TWD")
    load("商品编号,商品名称,价格,库存,状态\n1,茶,99元,5,上架\n2,红茶,99,缺货,下架\n", slug="cn", currency="CNY")

    assert list(Product.objects.order_by("store__slug").values_list("sku", "price")) == [("1", 99), ("1", 1280)]


def test_markup_that_is_itself_written_with_entities_becomes_plain_text(load):
    load("sku,name,price,description\na,Rice,8,&lt;p&gt;Long &amp;amp; white&lt;/p&gt;\nb,Rye,8,a &lt; b\n")

    assert list(Product.objects.order_by("sku").values_list("description", flat=True)) == ["Long & white", "a < b"]
    assert Product.objects.get(sku="a").price == Decimal(8)


def test_the_state_of_a_product_of_prestashop_is_no_stock(load):
    load("ID;Nazwa;Indeks;Cena (netto);Cena (brutto);Ilość;Stan\n1;Koc;A;9,90;12,18;3;1\n2;Kubek;B;9,90;12,18;3;0\n")

    assert [(p.sku, p.stock, p.price) for p in Product.objects.all()] == [("A", 3, Decimal("12.18"))]


def test_specials_of_opencart_count_in_their_days(load):
    heading = "product_id,name,model,price,special,special_date_start,special_date_end,quantity,status"
    load(f"{heading}\n1,Phone,M1,100.0,80.0,2026-11-01,2026-11-30,5,1\n")

    phone = Product.objects.get()
    assert (phone.price, phone.sale_price, phone.sale_ends.isoformat()[:10]) == (100, 80, "2026-12-01")


def test_the_name_of_a_variation_tells_it_apart(load):
    load("SKU,Item Name,Variation Name,Price\nT-S,Tee,S,20\nT-M,Tee,M,20\n")

    assert [p.options for p in Product.objects.order_by("sku")] == [{"Variation": "M"}, {"Variation": "S"}]
