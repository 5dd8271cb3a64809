"""Exports with a line for each variant: Vendure, Saleor and Medusa."""

from decimal import Decimal

import pytest

from catalog.feeds import format_of, open_source
from catalog.models import Product

# Padded as in Vendure's documentation.
VENDURE = """name            , slug            , description               , assets      , facets                       , optionGroups , optionValues , sku      , price  , taxCategory , stockOnHand , trackInventory , variantAssets , variantFacets
Desk lamp       , desk-lamp       , "Warm light, dimmable"    , a.jpg|b.jpg , category:Office|brand:Lumen  , finish|size  , Brass|S      , LAMP-BS  , 49.90  , standard    , 10          , true           ,               ,
                ,                 ,                           ,             ,                              ,              , Steel|L      , LAMP-SL  , 59.90  , standard    , 0           , false          ,               ,
Notebook        , notebook        , Lined                     ,             ,                              ,              ,              , NOTE     , 5.00   , standard    , 100         , true           ,               ,
"""  # noqa: E501
SALEOR = """id,name,description as str,category,product type,product media,variant id,variant sku,Bottle size (variant attribute),Vegan (product attribute),main (warehouse quantity),shop (warehouse quantity),web (channel published),web (channel price amount),web (channel variant currency code)
UHJv1,Juice,Apple,Drinks,Juice,https://cdn.example.com/j.jpg,V1,JU-1,500 ml,Yes,5,2,True,3.50,EUR
UHJv1,Juice,Apple,Drinks,Juice,https://cdn.example.com/j.jpg,V2,JU-2,1 l,Yes,0,0,True,5.50,EUR
UHJv2,Secret,,Drinks,Juice,,V3,SE-1,,,9,0,False,9,EUR
"""  # noqa: E501
MEDUSA = """Product Id,Product Handle,Product Title,Product Description,Product Status,Product Thumbnail,Product Collection Title,Variant Id,Variant Title,Variant SKU,Variant Barcode,Variant Inventory Quantity,Variant Allow Backorder,Variant Manage Inventory,Price EUR,Price USD,Option 1 Name,Option 1 Value
prod_1,tee,Tee,Soft,published,https://cdn.example.com/t.jpg,Clothes,v1,S,TEE-S,,4,false,true,19.50,21.00,Size,S
prod_1,tee,Tee,Soft,published,https://cdn.example.com/t.jpg,Clothes,v2,M,TEE-M,,0,true,true,19.50,21.00,Size,M
prod_2,mug,Mug,,draft,,,v3,Default,MUG,,4,false,true,8,9,,
"""  # noqa: E501


def shown(load, text, **options):
    load(text, base_url="https://shop.example.com/", **options)
    return {product.sku: product for product in Product.objects.listed()}


def test_vendure_gives_variants_what_the_first_line_of_their_product_says(load):
    found = shown(load, VENDURE, currency="EUR")

    assert set(found) == {"LAMP-BS", "LAMP-SL", "NOTE"}
    brass, steel = found["LAMP-BS"], found["LAMP-SL"]
    assert (brass.name, steel.name) == ("Desk lamp - Brass / S", "Desk lamp - Steel / L")
    assert (brass.description, brass.category, brass.brand) == ("Warm light, dimmable", "Office", "Lumen")
    assert (brass.price, steel.price) == (Decimal("49.90"), Decimal("59.90"))
    assert (brass.stock, steel.stock) == (10, None)
    assert brass.group_id == steel.group_id == "desk-lamp"
    assert brass.options == {"finish": "Brass", "size": "S"}
    assert (found["NOTE"].name, found["NOTE"].stock) == ("Notebook", 100)


def test_saleor_sums_its_warehouses_and_leaves_out_what_its_channel_does_not_publish(load):
    found = shown(load, SALEOR)

    assert set(found) == {"JU-1", "JU-2"}
    small = found["JU-1"]
    assert (small.name, small.price, small.currency, small.stock) == ("Juice - 500 ml", Decimal("3.50"), "EUR", 7)
    assert small.options == {"Bottle size": "500 ml"}
    assert (small.category, small.group_id) == ("Drinks", "UHJv1")
    assert found["JU-2"].stock == 0


@pytest.mark.parametrize(("currency", "price"), [("USD", "21.00"), ("EUR", "19.50"), ("", "19.50")])
def test_medusa_sells_published_variants_in_the_stores_currency(load, currency, price):
    found = shown(load, MEDUSA, currency=currency)

    assert set(found) == {"TEE-S", "TEE-M"}
    small, medium = found["TEE-S"], found["TEE-M"]
    assert (small.price, small.currency) == (Decimal(price), currency or "EUR")
    assert (small.name, small.options, small.group_id) == ("Tee - S", {"Size": "S"}, "prod_1")
    assert (small.stock, medium.stock) == (4, None)
    assert small.url == "https://shop.example.com/products/tee"


@pytest.mark.parametrize(("text", "form"), [(VENDURE, "vendure"), (SALEOR, "saleor"), (MEDUSA, "medusa")])
def test_each_is_recognised(tmp_path, text, form):
    file = tmp_path / "export.csv"
    file.write_text(text)

    assert format_of(open_source(file)) == form


def test_three_decimals_of_saleor_are_no_thousands(load):
    found = shown(load, SALEOR.replace("3.50,EUR", "3.000,EUR").replace("5.50,EUR", "1200.000,EUR"))

    assert (found["JU-1"].price, found["JU-2"].price) == (3, 1200)


def test_saleor_is_recognised_by_its_channels_where_the_owner_chose_few_columns(load):
    heading = (
        "id,variant sku,name,main (warehouse quantity),web (channel product currency code),web (channel published),"
        "web (channel publication date),web (channel published at),web (channel searchable),"
        "web (channel available for purchase),web (channel price amount),web (channel variant currency code),"
        "web (channel variant cost price),web (channel variant preorder quantity threshold)"
    )
    rows = (
        "UHJv1,JU-1,Juice,5,EUR,True,2026-01-01,2026-01-01 00:00:00,True,2026-01-01 00:00:00,3.500,EUR,1.000,\n"
        "UHJv2,JU-2,Later,5,EUR,True,2026-01-01,2026-01-01 00:00:00,True,,9.000,EUR,,\n"
        "UHJv3,JU-3,Draft,5,EUR,False,,,False,,9.000,EUR,,\n"
    )
    found = shown(load, f"{heading}\n{rows}", currency="EUR")

    assert {sku: (product.price, product.stock, product.available) for sku, product in found.items()} == {
        "JU-1": (Decimal("3.50"), 5, True),
        "JU-2": (9, 5, False),
    }
