"""WooCommerce's products as plugins export them: other names, states in words, options in columns of their own."""

from datetime import UTC, datetime

import pytest

from catalog.models import Product

TOFFEE = """ID,post_parent,parent_sku,post_title,post_content,post_status,sku,stock,stock_status,backorders,regular_price,sale_price,sale_price_dates_from,sale_price_dates_to,images,tax:product_type,tax:product_visibility,tax:product_cat,attribute:pa_color,meta:attribute_pa_color
1,,,Mug,Nice,publish,MUG,5,instock,no,10,8,1793491200,1796083200,https://x.example/a.jpg ! alt :  ! title : a | https://x.example/b.jpg,simple,,Kitchen > Mugs|Sale,,
2,,,Draft,,draft,DRAFT,5,instock,no,10,,,,,simple,,,,
3,,,Hidden,,publish,HIDDEN,5,instock,no,10,,,,,simple,exclude-from-catalog|exclude-from-search,,,
4,,,Shirt,,publish,SH,,instock,no,,,,,,variable,,Clothes,red|blue,
5,4,SH,Shirt,,publish,SH-R,0,onbackorder,notify,20,,,,,variation,,,,red
6,4,,Shirt,,publish,SH-B,0,outofstock,no,22,,,,,variation,,,,blue
"""  # noqa: E501
ALL_EXPORT = """id,Title,Product categories,Product Type,_sku,_price,_regular_price,_sale_price,_stock,_stock_status,Status,Parent Product ID,Attribute Name (pa_size),Attribute Value (pa_size)
1,Mug,Kitchen,simple,MUG,8,10,8,5,instock,publish,0,,
2,Draft,Kitchen,simple,DRAFT,8,10,8,5,instock,draft,0,,
3,Shirt,Clothes,variable,SH,20,,,,instock,publish,0,Size,S|M
4,Shirt S,,,SH-S,20,20,,1,instock,publish,3,Size,S
"""  # noqa: E501


def of(sku):
    return Product.objects.get(sku=sku)


def test_an_import_and_export_plugin(load):
    report = load(TOFFEE, currency="EUR")

    assert set(Product.objects.values_list("sku", flat=True)) == {"MUG", "SH-R", "SH-B"}
    assert report.skipped == 2
    mug = of("MUG")
    assert (mug.price, mug.sale_price, mug.sale_begins) == (10, 8, datetime(2026, 11, 1, tzinfo=UTC))
    assert (mug.category, mug.image) == ("Kitchen > Mugs", "https://x.example/a.jpg")
    red, blue = of("SH-R"), of("SH-B")
    assert (red.name, red.options, red.group_id, red.category) == ("Shirt - red", {"Color": "red"}, "SH", "Clothes")
    assert (red.available, red.stock, blue.available, blue.price) == (True, None, False, 22)


def test_an_export_plugin_sells_neither_drafts_nor_parents(load):
    load(ALL_EXPORT, currency="USD")

    assert set(Product.objects.values_list("sku", flat=True)) == {"MUG", "SH-S"}
    assert (of("MUG").category, of("MUG").former_price, of("SH-S").options) == ("Kitchen", 10, {"Size": "S"})
    assert of("SH-S").group_id == "SH"


@pytest.mark.parametrize("column", ["Variant Values", "product_template_variant_value_ids"])
def test_variants_of_odoo_are_told_apart(load, column):
    load(
        f'"Internal Reference","Display Name","Sales Price","{column}"\n'
        'D1,"[D1] Desk (Steel, White)",100.0,"Legs: Steel, Color: White"\n'
        'D2,"[D2] Desk (Steel, Black)",120.0,"Legs: Steel, Color: Black"\n'
        'C1,"[C1] Chair",50.0,\n',
        currency="EUR",
    )

    assert [(p.name, p.options, p.group_id) for p in Product.objects.order_by("sku")] == [
        ("Chair", {}, ""),
        ("Desk (Steel, White)", {"Legs": "Steel", "Color": "White"}, "Desk"),
        ("Desk (Steel, Black)", {"Legs": "Steel", "Color": "Black"}, "Desk"),
    ]
