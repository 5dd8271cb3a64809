"""Exports of shop systems: what is sold, at which price, and what is left out."""

from decimal import Decimal

import pytest
from django.utils import timezone

from catalog.feeds import format_of, open_source
from catalog.feeds.options import FeedOptions
from catalog.feeds.records import Unreadable
from catalog.models import Product

MAGENTO = """sku,store_view_code,attribute_set_code,product_type,categories,name,product_online,visibility,price,special_price,special_price_from_date,special_price_to_date,url_key,base_image,qty,is_in_stock,allow_backorders,manage_stock,additional_attributes
TEE,,Top,configurable,Default Category/Clothes,Tee,1,"Catalog, Search",,,,,tee,/t/e/tee.jpg,0,1,0,1,
TEE-R,,Top,simple,Default Category/Clothes,Tee red,1,Not Visible Individually,34.0000,,,,tee-r,/t/e/red.jpg,7.0000,1,0,1,"color=Red,size=M"
BAG,,Bag,simple,"Default Category/Gear/Bags,Default Category/Sale",Bag,1,"Catalog, Search",34.0000,20.0000,2020-01-01,2020-02-01 00:00:00,bag,,100.0000,1,0,1,
BAG,he,Bag,simple,,תיק,1,,,,,,,,,,,,
OFF,,Bag,simple,Default Category/Gear,Off,2,"Catalog, Search",34.0000,,,,off,,5,1,0,1,
PART,,Bag,simple,Default Category/Gear,Inner part,1,Not Visible Individually,3,,,,part,,5,1,0,1,
OUT,,Bag,simple,Default Category/Gear,Out,1,"Catalog, Search",9,,,,out,,5.0000,0,0,1,
BACK,,Bag,virtual,Default Category/Gear,Back,1,"Catalog, Search",9,,,,back,,0,1,1,1,
"""  # noqa: E501
PRESTASHOP = """"Product ID";"Image";"Name";"Reference";"Category";"Price (tax excl.)";"Price (tax incl.)";"Quantity";"Status"
"1";"12";"Cup";"CUP-1";"Kitchen";"10,00 €";"11,70 €";"5";"1"
"2";"13";"Old cup";"CUP-0";"Kitchen";"10,00 €";"11,70 €";"5";"0"
"""  # noqa: E501
ODOO = """"External ID","Internal Reference","Name","Sales Price","Cost","Product Category","Quantity On Hand","Can be Sold","Product Type","Barcode"
"__export__.p_1","DESK","Desk","129.5","70","All / Saleable / Office","4.0","True","Goods","7290000000015"
"__export__.p_2","HOUR","Work","80","0","All","0.0","False","Service",""
"__export__.p_3","","Lamp","30","9","All / Saleable","2.5","True","Goods",""
"""  # noqa: E501
OPENCART = """product_id,name(en-gb),categories,sku,model,quantity,manufacturer,image_name,price,status,date_available,description(en-gb)
42,Monitor,"20,28",,M-15,990,Sun,catalog/demo/monitor.jpg,100.00,true,2009-02-04,&lt;p&gt;Big &amp;amp; flat&lt;/p&gt;
43,Gone,"20",SKU-43,M-16,1,Sun,,10.00,false,2009-02-04,
"""  # noqa: E501


def shown(load, text, **options):
    load(text, currency="EUR", base_url="https://shop.example.com/", **options)
    return {product.sku: product for product in Product.objects.listed().select_related("store")}


def test_magento_sells_what_is_enabled_and_visible_with_days_of_its_sales(load):
    found = shown(load, MAGENTO)

    assert set(found) == {"TEE-R", "BAG", "OUT", "BACK"}
    tee, bag, back = found["TEE-R"], found["BAG"], found["BACK"]
    assert (tee.price, tee.stock, tee.options) == (34, 7, {"Color": "Red", "Size": "M"})
    assert tee.image == "https://shop.example.com/media/catalog/product/t/e/red.jpg"
    assert (bag.name, bag.category, bag.url) == ("Bag", "Gear > Bags", "https://shop.example.com/bag.html")
    assert (bag.price, bag.sale_price) == (34, 20)
    # Midnight is the whole last day.
    assert bag.sale_ends.astimezone(bag.store.zone).isoformat() == "2020-02-02T00:00:00+00:00"
    assert bag.price_at(timezone.now()) == 34
    assert not found["OUT"].available
    assert (back.stock, back.available) == (None, True)


def test_magento_sells_the_variants_that_its_products_name_and_nothing_else_that_is_hidden(load):
    text = """sku,attribute_set_code,product_type,name,product_online,visibility,price,additional_attributes,configurable_variations
TEA-M,Tea,simple,Mint tea,1,Not Visible Individually,20,,
TEA-L,Tea,simple,Lemon tea,1,Not Visible Individually,21,"color=Yellow,gift=No",
PART,Tea,simple,Spare part,1,Not Visible Individually,3,"activity=Gym,gift=No",
CUT,Tea,simple,Cut off
OLD-M,Tea,simple,Old mint tea,1,Not Visible Individually,9,gift=No,
TEA,Tea,configurable,Tea,1,"Catalog, Search",,,"sku=TEA-M,flavour=Mint|sku=TEA-L,flavour=Lemon"
OLD,Tea,configurable,Old tea,2,"Catalog, Search",,,"sku=OLD-M,flavour=Mint"
"""  # noqa: E501
    found = shown(load, text)

    assert {sku: (product.group_id, product.options) for sku, product in found.items()} == {
        "CUT": ("", {}),
        "TEA-M": ("TEA", {"Flavour": "Mint"}),
        "TEA-L": ("TEA", {"Flavour": "Lemon"}),
    }


def test_prestashop_sells_with_tax_what_is_enabled_by_its_reference(load):
    found = shown(load, PRESTASHOP)

    assert set(found) == {"CUP-1"}
    cup = found["CUP-1"]
    assert (cup.price, cup.currency, cup.stock, cup.category, cup.image) == (Decimal("11.70"), "EUR", 5, "Kitchen", "")


def test_prestashop_without_prices_with_tax_needs_the_rate(load):
    lines = [line.rsplit(";", 3) for line in PRESTASHOP.splitlines()]
    text = "\n".join(f"{start};{quantity};{status}" for start, _gross, quantity, status in lines)

    with pytest.raises(Unreadable, match="prices before tax") as refusal:
        shown(load, text)
    assert "--add-tax" in refusal.value.fix
    assert not Product.objects.exists()

    assert shown(load, text, options=FeedOptions(add_tax=Decimal(17)))["CUP-1"].price == Decimal("11.70")


def test_odoo_sells_what_can_be_sold_at_its_sales_price(load):
    found = shown(load, ODOO)

    assert set(found) == {"DESK", "__export__.p_3"}
    desk = found["DESK"]
    assert (desk.price, desk.stock, desk.category) == (Decimal("129.5"), 4, "Saleable > Office")
    assert found["__export__.p_3"].stock == 2


def test_opencart_sells_what_is_enabled_by_its_model(load):
    found = shown(load, OPENCART)

    assert set(found) == {"M-15"}
    monitor = found["M-15"]
    assert (monitor.name, monitor.price, monitor.stock, monitor.category) == ("Monitor", 100, 990, "")
    assert monitor.image == "https://shop.example.com/image/catalog/demo/monitor.jpg"


@pytest.mark.parametrize(
    ("text", "form"),
    [(MAGENTO, "magento"), (PRESTASHOP, "prestashop"), (ODOO, "odoo"), (OPENCART, "opencart")],
)
def test_each_is_recognised_also_with_a_byte_order_mark(tmp_path, text, form):
    file = tmp_path / "export.csv"
    file.write_bytes(text.encode("utf-8-sig"))

    assert format_of(open_source(file)) == form


@pytest.mark.parametrize(
    "heading",
    [
        '"ID";"Image";"Nom";"Référence";"Catégorie";"Prix (HT)";"Prix (TTC)";"Quantité";"État"',
        '"ID";"Bild";"Name";"Artikelnr.";"Kategorie";"Preis (zzgl. MwSt.)";"Preis (inkl. MwSt.)";"Menge";"Status"',
        '"ID";"Foto";"Nome";"Riferimento";"Gruppo";"Prezzo (tasse escl.)";"Prezzo (tasse incl.)";"Quantità";"Stato"',
        '"ID";"Zdjęcie";"Nazwa";"Indeks";"Kategoria";"Cena (netto)";"Cena (brutto)";"Ilość";"Status"',
    ],
)
def test_prestashop_writes_its_list_in_the_language_of_the_admin(load, heading):
    found = shown(load, "\n".join([heading, *PRESTASHOP.splitlines()[1:]]))

    assert {sku: (product.name, product.price, product.stock) for sku, product in found.items()} == {
        "CUP-1": ("Cup", Decimal("11.70"), 5)
    }


@pytest.mark.parametrize("name", ["Preis in EUR", "Price in USD"])
def test_a_price_may_name_its_currency_in_the_heading(load, name):
    load(f"sku;name;{name}\na;Cup;10\n")

    assert Product.objects.get().price == 10


@pytest.mark.parametrize("name", ["Prezzo (tasse escl.)", "Price (exkl. moms)", "Prix (hors taxes)", "Цена (без НДС)"])
def test_a_price_before_tax_alone_is_refused_in_any_language(load, name):
    with pytest.raises(Unreadable, match="before tax"):
        load(f"sku;name;{name}\na;Cup;10\n")


@pytest.mark.parametrize(("base", "final"), [("Base price", "Final price"), ("price", "price_final")])
def test_an_older_list_of_prestashop_has_the_price_with_tax_as_the_final_one(load, base, final):
    heading = f"id_product;image;Name;Reference;Category;{base};{final};Quantity;Status"
    found = shown(load, "\n".join([heading, *PRESTASHOP.splitlines()[1:]]))

    assert {sku: product.price for sku, product in found.items()} == {"CUP-1": Decimal("11.70")}


@pytest.mark.parametrize(
    "heading",
    [
        "Externe ID,Interne Referenz,Name,Verkaufspreis,Kosten,Kategorie,Verfügbare Menge,Kann verkauft werden",
        "Identifiant externe,Référence interne,Nom,Prix de vente,Coût,Catégorie,Quantité en stock,Peut être vendu",
    ],
)
def test_odoo_in_another_language_leaves_out_what_cannot_be_sold(load, heading):
    rows = ODOO.replace("True", "WAHR").replace("False", "FALSCH").splitlines()[1:3]
    found = shown(load, "\n".join([f'{heading},"Art","Strichcode"', *rows]))

    assert {sku: (product.price, product.stock) for sku, product in found.items()} == {"DESK": (Decimal("129.5"), 4)}


def test_the_json_of_magento_is_refused_as_that(load):
    with pytest.raises(Unreadable, match="Magento"):
        load('[{"id":1,"sku":"a","name":"Cup","price":9,"status":1,"visibility":4,"type_id":"simple"}]', name="m.json")

    assert not Product.objects.exists()
