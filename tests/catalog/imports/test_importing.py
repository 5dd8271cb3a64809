from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.feeds import Refused, Unreadable
from catalog.imports.importing import load_demo
from catalog.models import Product, Store
from catalog.search.rebuild import optimise
from catalog.search.references import named
from catalog.services.products import create_product, save_product
from shopmcp.errors import InvalidArguments

FILE = 'sku,name,price,stock\na,"אורז 1 ק""ג",12.90,3\nb,<b>Rye</b> bread,,\nc,Baker\'s dozen,32,\n'


def counts(report):
    return (report.created, report.changed, report.unchanged, report.withdrawn, len(report.refused))


def rows():
    return list(Product.objects.order_by("identity_id").values())


def test_a_new_store_is_made_with_what_the_file_holds(load):
    assert counts(load(FILE, base_url="https://shop.example.com")) == (3, 0, 0, 0, 0)

    store = Store.objects.get()
    assert (store.slug, store.name, store.currency, store.language) == ("shop", "Shop", "ILS", "en")
    columns = ("public_id", "name", "price", "counted", "currency")
    assert list(Product.objects.order_by("identity_id").values_list(*columns)) == [
        ("shop:a", 'אורז 1 ק"ג', Decimal("12.90"), 3, "ILS"),
        ("shop:b", "<b>Rye</b> bread", None, None, "ILS"),
        ("shop:c", "Baker's dozen", Decimal(32), None, "ILS"),
    ]


def test_a_store_of_mostly_hebrew_names_speaks_hebrew(load):
    load("sku,name,price\n1,אורז,1\n2,קינואה,1\n3,Tea,1\n")

    assert Store.objects.get().language == "he"


def test_the_same_file_again_writes_no_product(load):
    load(FILE)
    before = rows()

    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert counts(load(FILE)) == (0, 0, 3, 0, 0)

    assert rows() == before
    assert not [q for q in queries if "catalog_product" in q["sql"] and not q["sql"].startswith("SELECT")]


def test_importing_again_changes_what_changed_withdraws_what_is_gone_and_keeps_ids(load):
    load(FILE)
    before = {row["sku"]: row for row in rows()}

    report = load("sku,name,price\na,Rice,13.90\nb,<b>Rye</b> bread,\nd,Dates,34.90\n")

    after = {row["sku"]: row for row in rows()}
    assert counts(report) == (1, 1, 1, 1, 0)
    assert after["a"]["identity_id"] == before["a"]["identity_id"]
    assert (after["a"]["name"], after["a"]["price"], after["a"]["stock"]) == ("Rice", Decimal("13.90"), None)
    assert after["b"] == before["b"]
    assert after["c"]["withdrawn_at"] is not None
    assert named("rice").sku == "a"


def test_what_returns_is_carried_again_under_its_old_id(load):
    load(FILE)
    identity = Product.objects.get(sku="c").identity_id
    without = FILE.replace("c,Baker's dozen,32,\n", "")
    assert counts(load(without)) == (0, 0, 2, 1, 0)
    withdrawn_at = Product.objects.get(identity=identity).withdrawn_at
    assert counts(load(without)) == (0, 0, 2, 0, 0)
    assert Product.objects.get(identity=identity).withdrawn_at == withdrawn_at

    assert counts(load(FILE)) == (0, 1, 2, 0, 0)

    assert Product.objects.get(sku="c").identity_id == identity
    assert Product.objects.get(identity=identity).for_sale


def test_a_product_whose_row_is_refused_stays_as_it_was(load):
    load(FILE)
    before = rows()

    report = load(FILE.replace("12.90", "-1").replace("<b>Rye</b> bread", ""))

    assert counts(report) == (0, 0, 1, 0, 2)
    assert report.refused == [Refused(2, "its price is negative", "a"), Refused(3, "it has no name", "b")]
    assert rows() == before


def test_a_sku_that_repeats_keeps_its_first_priced_row_and_names_the_others(load):
    report = load("sku,name,price\nx,First,\nx,Second,5\nx,Third,4\ny,Fourth,\ny,Fifth,\n")

    assert dict(Product.objects.values_list("sku", "name")) == {"x": "Second", "y": "Fourth"}
    assert report.refused == []
    assert report.warnings == [
        Refused(2, "its SKU x is that of line 3, which stays as it is", "x"),
        Refused(4, "its SKU x is that of line 3, which stays as it is", "x"),
        Refused(6, "its SKU y is that of line 5, which stays as it is", "y"),
    ]


@pytest.mark.parametrize(
    "text", ["", "[", "[]", '{"products": []}', "sku,name\n", "sku,name\n,Rice\n", 'sku,name\n1,One\n2,"open\n']
)
def test_a_file_without_products_changes_nothing(load, text):
    load(FILE)
    before = rows()

    with pytest.raises(Unreadable):
        load(text)

    assert rows() == before


def test_an_unreadable_file_makes_no_store(load):
    with pytest.raises(Unreadable):
        load("[", slug="new")

    assert not Store.objects.exists()


def test_a_dry_run_reports_the_same_and_changes_nothing(load):
    assert counts(load(FILE, dry_run=True)) == (3, 0, 0, 0, 0)
    assert not Store.objects.exists()

    load(FILE)
    before = rows()
    assert counts(load("sku,name,price\na,Rice,\nd,Dates,7\n", dry_run=True, base_url="https://new.example.com")) == (
        1,
        1,
        0,
        2,
        0,
    )
    assert rows() == before
    assert Store.objects.get().base_url == ""


@pytest.mark.parametrize(
    "options",
    [
        {"slug": ""},
        {"slug": "Ö"},
        {"slug": "a:b"},
        {"slug": "x" * 41},
        {"currency": "XYZ"},
        {"currency": "USD"},
        {"base_url": "shop"},
    ],
)
def test_a_store_that_cannot_be_had_is_refused_and_nothing_changes(load, options):
    load(FILE)
    before = rows()

    with pytest.raises(InvalidArguments) as refusal:
        load("sku,name\nz,Z\n", **options)

    assert refusal.value.fix
    assert rows() == before


def test_the_base_url_is_kept_for_the_next_import(load):
    load("sku,name,price,url\na,Rice,1,p/a\n", base_url="https://shop.example.com/he/")
    load("sku,name,price,url\na,Rice,1,p/a\nb,Rye,1,p/b\n")

    assert list(Product.objects.order_by("sku").values_list("url", flat=True)) == [
        "https://shop.example.com/he/p/a",
        "https://shop.example.com/he/p/b",
    ]


def test_stores_do_not_touch_each_other(load):
    load(FILE)
    load("sku,name,price\na,Other,1\n", slug="other")

    assert Product.objects.for_sale().filter(store__slug="shop").count() == 2
    assert Product.objects.get(public_id="other:a").name == "Other"


@pytest.mark.django_db(transaction=True)
def test_an_import_takes_no_more_queries_for_more_rows(load):
    def file(n):
        return "sku,name,price\n" + "".join(f"s{i},Product {i},{i}\n" for i in range(n))

    def queries(n, slug):
        optimise()  # so that no piece of the index is left from before, which would have to be merged
        with CaptureQueriesContext(connection) as captured:
            load(file(n), slug=slug)
        return len(captured)

    assert queries(2, "few") == queries(30, "many")  # both in one batch


def test_more_rows_than_a_batch_are_written_and_withdrawn(load):
    lines = [f"s{i},Product {i},1" for i in range(450)]
    assert counts(load("\n".join(["sku,name,price", *lines]))) == (450, 0, 0, 0, 0)

    assert counts(load("\n".join(["sku,name,price", *(line + ".50" for line in lines[:1])]), force=True)) == (
        0,
        1,
        0,
        449,
        0,
    )
    assert Product.objects.listed().get().price == Decimal("1.50")


def test_progress_is_told_while_reading_and_saving(load):
    told = []

    def watch(steps, what, total=None):
        for step in steps:
            told.append(what)
            yield step

    load(FILE, progress=watch)

    assert told == ["Reading"] * 3 + ["Saving"]


def test_a_product_saved_by_hand_is_found_by_what_it_says_now(grocer):
    product = create_product(grocer, sku="x", name="Tea", price="9")
    product.name, product.url = "Coffee", "https://shop.example.com/coffee"

    save_product(product, ["name", "url"])

    assert named("coffee").pk == named("https://shop.example.com/coffee").pk == product.pk


def test_the_demo_goes_only_into_an_empty_catalogue(db):
    report = load_demo()
    before = rows()

    assert report is not None
    assert report.created >= 60
    assert load_demo() is None
    assert rows() == before


def test_the_demo_stays_away_from_a_shop(shelf):
    assert load_demo() is None
    assert Product.objects.count() == 5
