"""Columns that say whether a product is shown are known by their words, and by cells that say yes or no."""

import pytest

from catalog.feeds.records import Unreadable
from catalog.feeds.visibility import is_marked, says_yes_or_no, state_of
from catalog.models import Product


@pytest.mark.parametrize(
    "name",
    [
        "Published on", "Visible?", "באתר", "Online Store Status", "isVisibleOnline", "product_is_online",
        "מוצג לציבור",
        "Im Shop anzeigen", "Online aktiv", "Produktstatus", "Affiché sur le site", "Mostrar en la tienda", "Statut",
        "Widoczny w sklepie", "Показывать на сайте", "Отображать", "Zobrazit v obchodě", "Näkyvissä verkossa",
        "Sitede görünür", "تم النشر", "公開済み", "Yayımlanmış",
        "上架状态", "公開ステータス", "진열상태", "Active (yes/no)", "Active yes/no", "פעיל באתר?",
    ],
)  # fmt: skip
def test_headings_of_many_languages_mean_published(name):
    assert state_of(name) == ("published", True)


@pytest.mark.parametrize(
    "name", ["Hidden on website", "Not visible", "Do not show", "Nicht sichtbar", "מוסתר באתר", "Скрыть", "下架"]
)
def test_others_mean_hidden(name):
    assert state_of(name) == ("hidden", True)


@pytest.mark.parametrize("name", ["Online price", "Active ingredients", "Stock status", "Order status",
                                  "Published date", "Visible stock", "Size", "Shelf", "", "✓", "enable_checkout",
                                  "Enable reviews",
                                  "Show on homepage", "Active discount", "הצג בעמוד הבית"])  # fmt: skip
def test_what_is_counted_or_described_is_no_such_column(name):
    assert state_of(name) is None


@pytest.mark.parametrize("name", ["Display", "Draft", "Hide", "Shown in the spring booklet", "Shop", "Web"])
def test_a_heading_that_may_mean_something_else_needs_cells_that_say_it(name):
    assert state_of(name) in (("published", False), ("hidden", False))


def test_marks_are_one_sign_or_nothing_and_yes_and_no_are_words():
    assert is_marked(["✓", "", "✓"])
    assert not is_marked(["✓", "✓"])
    assert not is_marked(["yes", ""])
    assert says_yes_or_no(["yes", "", "No"])
    assert not says_yes_or_no(["yes", "maybe"])
    assert not says_yes_or_no(["", ""])


def names():
    return set(Product.objects.values_list("name", flat=True))


@pytest.mark.parametrize(
    ("column", "yes", "no"),
    [
        ("Published on", "yes", "no"), ("Online Store Status", "Visible", "Hidden"), ("באתר", "כן", "לא"),
        ("Im Shop", "ja", "nein"), ("Widoczny", "tak", "nie"), ("Shown in spring booklet", "1", "0"),
        ("公開", "公開", "非公開"),
        ("Verkossa", "kyllä", "ei"), ("Web", "TRUE", "FALSE"), ("Not visible", "no", "yes"), ("Display", "Y", "N"),
        ("published_at", "2026-01-01 10:00:00", ""), ("Published", "✓", ""), ("Online", "x", ""), ("Active", "✔", "✘"),
    ],
)  # fmt: skip
def test_products_that_such_a_column_hides_are_left_out(load, column, yes, no):
    report = load(f"sku,name,price,{column}\na,Rice,1,{yes}\nb,Draft,2,{no}\nc,Rye,3,{yes}\n")

    assert names() == {"Rice", "Rye"}
    assert report.skipped == 1


@pytest.mark.parametrize(("column", "said"), [("Online Store Status", "Tuesday"), ("Shop visibility", "level 2")])
def test_such_a_column_that_says_something_else_refuses_the_file_with_its_columns(load, column, said):
    with pytest.raises(Unreadable, match=f"“{said}”") as refusal:
        load(f"sku,name,price,Shelf,{column}\na,Rice,1,x,{said}\n")

    assert column in refusal.value.message
    assert "“Shelf”" in refusal.value.message
    assert "--map published=" in refusal.value.fix
    assert not Product.objects.exists()


@pytest.mark.parametrize("column", ["Display", "Hide", "Web", "Active ingredients"])
def test_a_column_that_only_sounds_alike_is_not_read(load, column):
    load(f"sku,name,price,{column}\na,Rice,1,6.1 inch\n")

    assert names() == {"Rice"}


def test_a_product_in_json_without_a_moment_of_publication_is_left_out(load):
    load('[{"sku":"a","name":"Rice","price":1,"published_at":"2026-01-01T10:00:00Z"},'
         '{"sku":"b","name":"Draft","price":1,"published_at":null}]', name="products.json")  # fmt: skip

    assert names() == {"Rice"}


def test_a_mark_in_a_column_that_hides_products_hides_them(load):
    load("sku,name,price,Hide from shop\na,Rice,10,x\nb,Rye,20,\n")

    assert names() == {"Rye"}


def test_the_words_of_the_catalogue_of_woocommerce_count_under_any_heading(load):
    load("sku,name,price,Ŝildo\na,Rice,10,visible\nb,Rye,20,hidden\nc,Oats,20,search\n")

    assert names() == {"Rice", "Oats"}


def test_a_feed_for_search_without_a_checkout_is_shown(load):
    load("enable_search,enable_checkout,id,title,link,price\ntrue,false,a,Rice,https://shop.example.com/a,9 USD\n")

    assert names() == {"Rice"}


def test_a_mark_that_is_missing_hides_a_product_that_another_column_shows(load):
    load("sku,name,price,Status,Published on\na,Rice,10,active,✓\nb,Rye,20,active,\nc,Oats,30\n")

    assert names() == {"Rice"}


@pytest.mark.parametrize(
    ("yes", "no"),
    [
        ("WAHR", "FALSCH"),
        ("VRAI", "FAUX"),
        ("VERDADERO", "FALSO"),
        ("ИСТИНА", "ЛОЖЬ"),
        ("publish", "draft"),
        ("J", "N"),
        ("Д", "Н"),
    ],
)
def test_what_spreadsheets_make_of_true_and_false_is_understood(load, yes, no):
    load(f"sku,name,price,post_status\na,Rice,10,{yes}\nb,Rye,20,{no}\n")

    assert names() == {"Rice"}
