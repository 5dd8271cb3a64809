"""WooCommerce writes its headings in the site's language: they are understood as a whole, or the file is refused."""

import csv
import io

import pytest

from catalog.feeds import format_of, open_source
from catalog.feeds.options import FeedOptions
from catalog.feeds.records import Unreadable
from catalog.models import Product

ENGLISH = [
    "ID", "Type", "SKU", "Name", "Published", "Is featured?", "Visibility in catalog", "Short description",
    "Description", "Date sale price starts", "Date sale price ends", "Tax status", "Tax class", "In stock?", "Stock",
    "Low stock amount", "Backorders allowed?", "Sold individually?", "Weight (kg)", "Length (cm)", "Width (cm)",
    "Height (cm)", "Allow customer reviews?", "Purchase note", "Sale price", "Regular price", "Categories", "Tags",
    "Shipping class", "Images", "Download limit", "Download expiry days", "Parent", "Grouped products", "Upsells",
    "Cross-sells", "External URL", "Button text", "Position", "Attribute 1 name", "Attribute 1 value(s)",
    "Attribute 1 visible", "Attribute 1 global",
]  # fmt: skip
GERMAN = {
    "Type": "Typ", "SKU": "Artikelnummer", "Published": "Veröffentlicht", "Is featured?": "Ist hervorgehoben?",
    "Visibility in catalog": "Sichtbarkeit im Katalog", "Short description": "Kurzbeschreibung",
    "Description": "Beschreibung", "In stock?": "Vorrätig?", "Stock": "Lager", "Sale price": "Angebotspreis",
    "Regular price": "Regulärer Preis", "Categories": "Kategorien", "Images": "Bilder",
    "Parent": "Übergeordnetes Produkt",
    "Attribute 1 name": "Attribut 1 Name", "Attribute 1 value(s)": "Attribut 1 Wert(e)",
}  # fmt: skip
SPANISH = {
    "Type": "Tipo", "Name": "Nombre", "Published": "Publicado", "Visibility in catalog": "Visibilidad en el catálogo",
    "Description": "Descripción", "In stock?": "¿Existencias?", "Stock": "Inventario", "Sale price": "Precio rebajado",
    "Regular price": "Precio normal", "Categories": "Categorías", "Images": "Imágenes", "Parent": "Superior",
    "Attribute 1 name": "Nombre del atributo 1", "Attribute 1 value(s)": "Valor(es) del atributo 1",
}  # fmt: skip
ROWS = [
    {"ID": "1", "Type": "simple", "SKU": "HN", "Name": "Honey", "Published": "1", "Visibility in catalog": "visible",
     "Description": "From <b>flowers</b>", "Date sale price ends": "2020-02-01 23:59:59", "Tax status": "taxable",
     "In stock?": "1", "Stock": "5", "Weight (kg)": "0.5", "Sale price": "30", "Regular price": "32",
     "Categories": "Food",
     "Images": "https://cdn.example.com/h.jpg", "Position": "0"},
    {"ID": "2", "Type": "variable", "SKU": "SH", "Name": "Shirt", "Published": "1", "Visibility in catalog": "visible",
     "Tax status": "taxable", "In stock?": "1", "Categories": "Clothes", "Position": "0", "Attribute 1 name": "Colour",
     "Attribute 1 value(s)": "Red, Blue", "Attribute 1 visible": "1", "Attribute 1 global": "1"},
    {"ID": "3", "Type": "variation", "SKU": "SH-R", "Name": "Shirt - Red", "Published": "1",
     "Visibility in catalog": "visible", "Tax status": "taxable", "Tax class": "parent", "In stock?": "1",
     "Weight (kg)": "0.2", "Regular price": "79.90", "Parent": "SH", "Position": "1", "Attribute 1 name": "Colour",
     "Attribute 1 value(s)": "Red", "Attribute 1 global": "1"},
    {"ID": "4", "Type": "simple", "SKU": "DR", "Name": "Draft", "Published": "-1", "Visibility in catalog": "visible",
     "Tax status": "taxable", "In stock?": "1", "Regular price": "10", "Position": "0"},
    {"ID": "5", "Type": "simple", "SKU": "HI", "Name": "Wrap", "Published": "1", "Visibility in catalog": "hidden",
     "Tax status": "taxable", "In stock?": "1", "Regular price": "10", "Position": "0"},
]  # fmt: skip


def export(names, columns=ENGLISH, rows=ROWS):
    """The rows with each heading as `names` calls it."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([names.get(column, column) for column in columns])
    writer.writerows([row.get(column, "") for column in columns] for row in rows)
    return text.getvalue()


FOREIGN = {name: f"Ŝildo{chr(97 + place % 26)}{chr(97 + place // 26)}" for place, name in enumerate(ENGLISH[:39])}
FOREIGN |= {name: f"Atribŭto {name.split()[1]} {name.split()[2]}x" for name in ENGLISH[39:]}


@pytest.mark.parametrize("names", [{}, GERMAN, SPANISH, FOREIGN], ids=["English", "German", "Spanish", "unknown"])
def test_an_export_in_any_language_sells_what_the_english_one_does(load, names):
    load(export(names), currency="ILS")

    found = {product.sku: product for product in Product.objects.all()}
    assert set(found) == {"HN", "SH-R"}
    honey, shirt = found["HN"], found["SH-R"]
    assert (honey.name, honey.price, honey.sale_price, honey.stock) == ("Honey", 32, 30, 5)
    assert (honey.category, honey.image) == ("Food", "https://cdn.example.com/h.jpg")
    assert (str(shirt.price), shirt.sale_price, shirt.group_id) == ("79.900", None, "SH")
    assert shirt.options == {"Colour": "Red"}


PART = ["Type", "SKU", "Name", "Published", "Visibility in catalog", "Weight (kg)", "Regular price", "Categories"]


@pytest.mark.parametrize(
    ("columns", "option"),
    [
        (PART, "--map price="),  # two columns of numbers, in words that nobody knows
        ([name for name in ENGLISH if name not in ("Sale price", "Regular price")], "--map price="),
        ([name for name in ENGLISH if name != "Published"], "--map published="),
    ],
)
def test_what_may_be_read_in_two_ways_is_refused_as_a_whole(load, columns, option):
    rows = [row for row in ROWS if "Weight (kg)" in row] if columns is PART else ROWS

    with pytest.raises(Unreadable, match="WooCommerce") as refusal:
        load(export(FOREIGN, columns, rows), currency="ILS")

    assert option in refusal.value.fix
    assert "Ŝildo" in refusal.value.message
    assert not Product.objects.exists()


def test_the_owner_can_say_which_columns_they_are(load):
    mapped = {"price": FOREIGN["Regular price"], "published": FOREIGN["Published"], "sale_price": "", "stock": ""}

    load(export(FOREIGN, PART, ROWS[:1]), currency="ILS", options=FeedOptions(mapped=mapped))

    assert Product.objects.get().price == 32


def test_an_english_export_without_prices_is_refused(load):
    with pytest.raises(Unreadable, match="no column for the price"):
        load(export({}, [name for name in ENGLISH if "price" not in name]), currency="ILS")

    assert not Product.objects.exists()


def test_a_value_of_published_that_nobody_knows_refuses_the_file(load):
    rows = [{**ROWS[0], "Published": "perhaps"}]

    with pytest.raises(Unreadable, match=r"“perhaps” .* column “Published”"):
        load(export({}, rows=rows), currency="ILS")

    assert not Product.objects.exists()


def test_a_plain_table_with_a_type_is_not_taken_for_an_export(tmp_path):
    file = tmp_path / "plain.csv"
    file.write_text("sku,name,price,type\na,Rice,9,simple\nb,Rye,8,simple\n")

    assert format_of(open_source(file)) == "csv"


def test_dates_of_sales_are_known_by_what_they_hold(load):
    columns = [*ENGLISH[:13], "In stock?", "Sale price", "Regular price", "Categories"]
    dated = {**ROWS[0], "Date sale price starts": "2026-11-01", "Date sale price ends": "2099-12-31"}

    dates = {name: FOREIGN[name] for name in ("Date sale price starts", "Date sale price ends")}
    load(export(GERMAN | dates, columns, [dated]), currency="ILS")

    product = Product.objects.get()
    assert (product.sale_price, product.sale_ends.year) == (30, 2100)


POLISH = {
    "Type": "Rodzaj", "Name": "Nazwa", "Published": "Opublikowano", "Visibility in catalog": "Widoczność w katalogu",
    "Date sale price ends": "Data zakończenia promocji", "In stock?": "Na stanie?", "Stock": "Stan magazynowy",
    "Sale price": "Cena promocyjna", "Regular price": "Cena regularna", "Parent": "Nadrzędny",
    "Attribute 1 name": "Nazwa atrybutu 1", "Attribute 1 value(s)": "Wartość(ci) atrybutu 1",
}  # fmt: skip
TURKISH = {
    "Type": "Tür", "Name": "İsim", "Published": "Yayımlanmış", "Visibility in catalog": "Katalogda görünürlük",
    "Date sale price ends": "İndirimli fiyatın bittiği tarih", "In stock?": "Stokta?", "Stock": "Stok",
    "Sale price": "İndirimli satış fiyatı", "Regular price": "Normal fiyat", "Parent": "Ebeveyn",
    "Attribute 1 name": "Nitelik 1 ismi", "Attribute 1 value(s)": "Nitelik 1 değer(ler)i",
}  # fmt: skip
CHOSEN = ["ID", "Type", "SKU", "Name", "Published", "Date sale price ends", "Sale price", "Regular price", "Parent",
          "Attribute 1 name", "Attribute 1 value(s)"]  # fmt: skip


@pytest.mark.parametrize("names", [{}, GERMAN, SPANISH, POLISH, TURKISH], ids=["en", "de", "es", "pl", "tr"])
def test_a_few_chosen_columns_sell_no_parent_no_draft_and_no_sale_that_is_over(load, names):
    load(export(names, CHOSEN, ROWS[:4]), currency="ILS")

    found = {product.sku: product for product in Product.objects.all()}
    assert set(found) == {"HN", "SH-R"}
    assert (found["HN"].price, found["HN"].sale_price, found["SH-R"].group_id) == (32, 30, "SH")


@pytest.mark.parametrize("names", [{}, POLISH, TURKISH], ids=["en", "pl", "tr"])
def test_without_the_type_the_columns_are_those_of_a_plain_table(load, names):
    columns = ["SKU", "Name", "Published", "Visibility in catalog", "Sale price", "Regular price", "In stock?", "Stock"]
    rows = [row for row in ROWS if row["Type"] == "simple"]

    load(export(names, columns, rows), currency="ILS")

    product = Product.objects.get()
    assert (product.sku, product.price, product.former_price, product.stock) == ("HN", 30, 32, 5)
