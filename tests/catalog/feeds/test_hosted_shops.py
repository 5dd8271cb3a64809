"""Exports of Wix, Squarespace and BigCommerce, in which lines of variants follow that of their product."""

from decimal import Decimal

import pytest

from catalog.feeds import format_of, open_source
from catalog.feeds.records import Unreadable
from catalog.models import Product

WIX = """handleId,fieldType,name,description,productImageUrl,collection,sku,ribbon,price,surcharge,visible,discountMode,discountValue,inventory,weight,cost,productOptionName1,productOptionType1,productOptionDescription1,productOptionName2,productOptionType2,productOptionDescription2,brand
product_1,Product,Linen shirt,<p>Cool</p>,ab12~mv2.jpg;cd34~mv2.jpg,Shirts;Sale,,,40.00,,true,PERCENT,10,InStock,,9,Size,DROP_DOWN,S;L,Color,COLOR,#ff0000:Red;#0000ff:Blue,Mill
product_1,Variant,,,,,SH-SR,,,0.0,true,,,4,,,,,S,,,#ff0000:Red,
product_1,Variant,,,,,,,,5,true,,,OutOfStock,,,,,L,,,#0000ff:Blue,
product_1,Variant,,,,,SH-X,,,5,false,,,1,,,,,L,,,#ff0000:Red,
product_2,Product,Mug,,https://cdn.example.com/mug.jpg,,MUG,,12.50,,true,AMOUNT,2.5,InStock,,,,,,,,,
product_3,Product,Draft,,,,D,,1,,false,PERCENT,0,3,,,,,,,,,
"""  # noqa: E501
NEWER_WIX = """handle,fieldType,name,visible,plainDescription,media,mediaAltText,ribbon,brand,price,strikethroughPrice,cost,inventory,sku,barcode,weight,productOptionName1,productOptionType1,productOptionChoices1
tee,PRODUCT,Tee,TRUE,Soft,https://cdn.example.com/t.jpg,,,Mill,,,,,,,,Size,TEXT_CHOICES,S;M
tee,MEDIA,,,,https://cdn.example.com/t2.jpg,,,,,,,,,,,,,
tee,VARIANT,,TRUE,,,,,,20,25,,7,TEE-S,7290000000017,,,,S
tee,VARIANT,,TRUE,,,,,,21,,,OUT_OF_STOCK,TEE-M,,,,,M
cup,PRODUCT,Cup,TRUE,,,,,,8,,,IN_STOCK,CUP,,,,,
off,PRODUCT,Off,FALSE,,,,,,8,,,IN_STOCK,OFF,,,,,
"""  # noqa: E501
SQUARESPACE = """Product ID [Non Editable],Variant ID [Non Editable],Product Type [Non Editable],Product Page,Product URL,Title,Description,SKU,Option Name 1,Option Value 1,Option Name 2,Option Value 2,Price,Sale Price,On Sale,Stock,Categories,Tags,Weight,Length,Width,Height,Visible,Hosted Image URLs
p1,v1,PHYSICAL,shop,tee,Tee,<p>Soft</p>,SQ1,Size,S,Color,Red,30.00,20.00,Yes,Unlimited,"/clothes/tees, /new",,,,,,Yes,https://cdn.example.com/1.jpg https://cdn.example.com/2.jpg
,v2,,,,,,SQ2,Size,M,Color,Red,30.00,25.00,No,3,,,,,,,,
p2,v3,PHYSICAL,shop,mug,Mug,,SQ3,,,,,9.00,0.00,No,0,/kitchen,,,,,,Yes,
p3,v4,PHYSICAL,shop,draft,Draft,,SQ4,Size,S,,,9.00,0.00,No,5,,,,,,,No,
,v5,,,,,,SQ5,Size,M,,,9.00,0.00,No,5,,,,,,,,
"""  # noqa: E501
BIGCOMMERCE = """Item,ID,Name,Type,SKU,Options,Inventory Tracking,Current Stock,Low Stock,Price,Cost Price,Retail Price,Sale Price,Brand ID,Channels,Categories,Description,Product URL,UPC/EAN,Is Visible,Variant Image URL,Internal Image URL (Export),Image URL (Import),Image is Thumbnail
Product,10,Tee,physical,TEE,,variant,0,0,30,9,45,25,3,1,24;25,<p>Soft</p>,/tee/,,TRUE,,,,
Variant,11,,,TEE-S,Type=Rectangle|Name=Size|Value=SmallType=Swatch|Name=Color|Value=Red[#ff0000],,4,0,,,,,,,,,,,,https://cdn.example.com/s.jpg,,,
Variant,12,,,TEE-L,Type=Rectangle|Name=Size|Value=LargeType=Swatch|Name=Color|Value=Red[#ff0000],,0,0,33,,,,,,,,,,,,,,
Image,13,,,,,,,,,,,,,,,,,,,,https://cdn.example.com/side.jpg,,FALSE
Image,14,,,,,,,,,,,,,,,,,,,,https://cdn.example.com/front.jpg,,TRUE
Product,20,Mug,physical,MUG,,none,0,0,9,,,0,,1,,,/mug/,7290000000017,TRUE,,,,
Product,30,Draft,physical,DR,,none,0,0,9,,,,,1,,,/dr/,,FALSE,,,,
"""  # noqa: E501
OLDER_BIGCOMMERCE = """Item Type,Product ID,Product Name,Product Type,Product Code/SKU,Brand Name,Product Description,Price,Cost Price,Retail Price,Sale Price,Allow Purchases?,Product Visible?,Track Inventory,Current Stock Level,Category,Product Image File - 1,Product Image URL - 1,Product URL,Product UPC/EAN
Product,10,Tee,P,TEE,Mill,Soft,30.00,9,0,0,Y,Y,by option,0,Clothes/Tees;Sale,a/1.jpg,https://cdn.example.com/1.jpg,/tee/,
  SKU,,"[RT]Size=Small,[CS]Color=Red:#ff0000",,TEE-S,,,,,,,,,,4,,,,,
  SKU,,"[RT]Size=Large,[CS]Color=Red:#ff0000",,TEE-L,,,,,,,,,,2,,,,,
  SKU,,"[RT]Size=Huge,[CS]Color=Red:#ff0000",,TEE-H,,,,,,,,,,2,,,,,
  SKU,,"[RT]Size=Odd,[CS]Color=Red:#ff0000",,TEE-O,,,,,,,,,,2,,,,,
  Rule,,,,TEE-L,,,[ADD]5,,,,Y,,,,,,,,
  Rule,,[RT]Size=Huge,,,,,[FIXED]50.00,,,,N,,,,,,,,
  Rule,,,,TEE-O,,,[TIMES]2,,,,Y,,,,,,,,
Product,20,Mug,P,MUG,,,9.00,,0,7.50,N,Y,none,0,,,,/mug/,
Product,30,Draft,P,DR,,,9.00,,0,0,Y,N,none,0,,,,/dr/,
"""  # noqa: E501


def shown(load, text, **options):
    report = load(text, currency="EUR", base_url="https://shop.example.com/", **options)
    return report, {product.sku: product for product in Product.objects.listed()}


@pytest.mark.parametrize(
    ("text", "name"),
    [(WIX, "wix"), (NEWER_WIX, "wix"), (SQUARESPACE, "squarespace"), (BIGCOMMERCE, "bigcommerce"),
     (OLDER_BIGCOMMERCE, "bigcommerce")],
)  # fmt: skip
def test_the_export_is_recognised_by_its_columns(tmp_path, text, name):
    file = tmp_path / "products.csv"
    file.write_text(text)

    assert format_of(open_source(file)) == name


def test_wix_adds_surcharges_takes_discounts_off_and_leaves_out_what_is_not_visible(load):
    report, found = shown(load, WIX)

    assert set(found) == {"SH-SR", "product_1-l-blue", "MUG"}
    small, large, mug = found["SH-SR"], found["product_1-l-blue"], found["MUG"]
    assert (small.name, small.options) == ("Linen shirt - S / Red", {"Size": "S", "Color": "Red"})
    assert (small.price, small.former_price, small.stock) == (36, 40, 4)
    assert (large.price, large.former_price, large.available) == (Decimal("40.5"), 45, False)
    assert (small.description, small.category, small.brand) == ("Cool", "Shirts", "Mill")
    assert small.image == "https://static.wixstatic.com/media/ab12~mv2.jpg"
    assert [sibling.sku for sibling in small.siblings()] == [large.sku]
    assert (mug.price, mug.former_price, mug.stock, mug.available, mug.group_id) == (
        10,
        Decimal("12.5"),
        None,
        True,
        "",
    )
    assert report.skipped == 2


def test_the_newer_wix_has_a_price_on_each_line(load):
    _report, found = shown(load, NEWER_WIX)

    assert set(found) == {"TEE-S", "TEE-M", "CUP"}
    small, medium = found["TEE-S"], found["TEE-M"]
    assert (small.price, small.former_price, small.stock, small.barcode) == (20, 25, 7, "7290000000017")
    assert (medium.price, medium.former_price, medium.available, medium.options) == (21, None, False, {"Size": "M"})
    assert (small.group_id, small.url) == ("tee", "https://shop.example.com/product-page/tee")
    assert small.image == "https://cdn.example.com/t.jpg"


def test_a_wix_variant_without_its_product_is_refused(load):
    report, found = shown(load, WIX + "product_9,Variant,,,,,LOST,,5,,true,,,1,,,,,S,,,,\n")

    assert "LOST" not in found
    assert [(entry.sku, entry.reason) for entry in report.refused] == [("LOST", "its product is not in the file")]


def test_squarespace_sells_what_is_visible_with_sales_that_are_on(load):
    report, found = shown(load, SQUARESPACE)

    assert set(found) == {"SQ1", "SQ2", "SQ3"}
    small, medium, mug = found["SQ1"], found["SQ2"], found["SQ3"]
    assert (small.name, small.price, small.former_price, small.stock) == ("Tee - S / Red", 20, 30, None)
    assert (medium.name, medium.price, medium.former_price, medium.stock) == ("Tee - M / Red", 30, None, 3)
    assert (medium.description, medium.category) == ("Soft", "clothes > tees")
    assert (medium.image, medium.group_id) == ("https://cdn.example.com/1.jpg", "p1")
    assert (mug.price, mug.stock, mug.options) == (9, 0, {})
    assert report.skipped == 2


def test_bigcommerce_gives_variants_what_their_product_says(load):
    report, found = shown(load, BIGCOMMERCE)

    assert set(found) == {"TEE-S", "TEE-L", "MUG"}
    small, large, mug = found["TEE-S"], found["TEE-L"], found["MUG"]
    assert (small.name, small.options) == ("Tee - Small / Red", {"Size": "Small", "Color": "Red"})
    assert (small.price, small.former_price, small.stock) == (25, 30, 4)
    assert (large.price, large.former_price, large.stock) == (33, None, 0)
    assert (small.image, large.image) == ("https://cdn.example.com/s.jpg", "https://cdn.example.com/front.jpg")
    assert (small.url, small.category, small.group_id) == ("https://shop.example.com/tee/", "", "TEE")
    assert (mug.price, mug.stock, mug.barcode) == (9, None, "7290000000017")
    assert report.skipped == 1


def test_rules_of_the_older_bigcommerce_change_prices_or_refuse_their_variant(load):
    report, found = shown(load, OLDER_BIGCOMMERCE)

    assert set(found) == {"TEE-S", "TEE-L", "TEE-H", "MUG"}
    assert {sku: product.price for sku, product in found.items()} == {
        "TEE-S": 30, "TEE-L": 35, "TEE-H": 50, "MUG": Decimal("7.5"),
    }  # fmt: skip
    assert {sku: product.available for sku, product in found.items()} == {
        "TEE-S": True, "TEE-L": True, "TEE-H": False, "MUG": False,
    }  # fmt: skip
    small = found["TEE-S"]
    assert (small.stock, small.category, small.brand, small.options["Color"]) == (4, "Clothes > Tees", "Mill", "Red")
    assert small.image == "https://cdn.example.com/1.jpg"
    assert found["MUG"].former_price == 9
    (refused,) = report.refused
    assert refused.sku == "TEE-O"
    assert "[TIMES]2" in refused.reason


@pytest.mark.parametrize("text", [WIX, SQUARESPACE, BIGCOMMERCE], ids=["wix", "squarespace", "bigcommerce"])
def test_a_visibility_that_nobody_knows_refuses_the_file(load, text):
    wrong = text.replace(",true,", ",Tuesday,").replace(",Yes,https", ",Tuesday,https").replace(",TRUE,", ",Tuesday,")

    with pytest.raises(Unreadable, match="“Tuesday”"):
        shown(load, wrong)
    assert not Product.objects.exists()
