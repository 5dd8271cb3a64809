"""What an import has written and not published is seen nowhere; what counted before the last one can count again."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from carts.models import Cart, Line
from catalog.imports import staging
from catalog.imports.lock import ImportRunning
from catalog.imports.publishing import publish, undo_import
from catalog.models import Entry, FeedAddress, ImportRun, Product, ProductIdentity, Store
from catalog.search.index import stage_entries
from catalog.search.query import Search
from catalog.search.references import named
from catalog.search.rows import glance
from catalog.search.searching import search
from catalog.services import save_product
from shopmcp.errors import InvalidArguments, NotFound

HEAD = "sku,name,price,stock,url,barcode,category\n"
RICE = "a,Long red rice,20,5,https://x.example.com/red,7290000000015,Grains\n"
RYE = "b,Rye bread loaf,10,,,,Bakery\n"
OLD = HEAD + RICE + RYE
NEW = HEAD + "a,Short brown rice,99,0,https://x.example.com/brown,7290000000022,Cereals\nd,Dried pitted dates,40,,,,\n"
OLD_NAMES = ("Long red rice", "https://x.example.com/red", "7290000000015", "a", "shop:a")
NEW_NAMES = ("Short brown rice", "https://x.example.com/brown", "7290000000022", "d", "shop:d")


@pytest.fixture
def beside(load, monkeypatch):
    """Import, and look around when all is written and nothing is published."""

    def beside(text, look, **options):
        def looking(*args, **kwargs):
            look()
            publish(*args, **kwargs)

        with monkeypatch.context() as patched:
            patched.setattr("catalog.imports.importing.publish", looking)
            return load(text, **options)

    return beside


@pytest.fixture
def edit(admin_client):
    """Open a product's form in the admin as a browser does; what it returns sends it with some fields changed."""

    def edit(product, *, hidden=True):
        url = reverse("admin:catalog_product_change", args=[product.identity_id])
        form = admin_client.get(url).context["adminform"].form
        values = {name: "" if form.initial.get(name) is None else form.initial[name] for name in form.fields}
        if hidden:
            values |= {f"initial-{name}": value for name, value in values.items()}
        return lambda **changes: admin_client.post(url, {**values, **changes})

    return edit


def fails(reference):
    with pytest.raises(NotFound):
        named(reference)
    return True


def test_an_import_that_is_not_published_is_seen_by_no_name_address_code_or_search(load, beside):
    load(OLD)

    def look():
        assert {named(name).price for name in OLD_NAMES} == {Decimal(20)}
        assert all(map(fails, NEW_NAMES))
        identity = Product.objects.get(sku="a").identity_id
        assert [glance(name).exact for name in OLD_NAMES] == [[identity]] * 5
        assert [glance(name).exact for name in NEW_NAMES] == [[]] * 5
        assert [product.price for product in search(Search("red rice")).products] == [Decimal(20)]
        assert not search(Search("dates")).products
        assert [p.sku for p in search(Search()).products] == ["a", "b"]
        assert search(Search()).facets.categories == [("Bakery", 1), ("Grains", 1)]

    beside(NEW, look)

    assert {named(name).sku for name in NEW_NAMES} == {"a", "d"}
    assert all(map(fails, OLD_NAMES[:3]))
    assert named("shop:b").withdrawn_at is not None


def test_the_owners_pages_and_the_api_show_what_counts(load, beside, admin_client, call_tool):
    load(OLD)
    call_tool("add_to_cart", items=[{"product_id": "shop:a", "quantity": 2}, {"product_id": "shop:b"}])
    cart = Cart.objects.get().public_id

    def look():
        product = Product.objects.get(sku="a")
        page = admin_client.get(reverse("dashboard"))
        assert page.context["now"].values == [("ILS", 50)]
        assert [str(row.value) for row in page.context["rows"]] == ["50.000"]
        assert "Long red rice" in page.content.decode()
        catalogue = admin_client.get(reverse("dashboard-products"))
        assert catalogue.context["stores"][0].counts == {
            "": 2, "withdrawn": 0, "unpriced": 0, "imageless": 2, "sold_out": 0,
        }  # fmt: skip
        assert [(row.sku, row.stock) for row in catalogue.context["rows"]] == [("b", None), ("a", 5)]
        assert not admin_client.get(reverse("dashboard-products"), {"q": "brown"}).context["rows"]
        assert [row["name"] for row in admin_client.get("/api/products").json()["products"]] == [
            "Long red rice",
            "Rye bread loaf",
        ]
        assert admin_client.get("/api/products/shop:a").json()["stock"] == 5
        assert admin_client.get("/api/products/shop:d").status_code == 404
        assert admin_client.get(f"/api/carts/{cart}").json()["total"]["amount"] == "50.00"
        listed = admin_client.get(reverse("admin:catalog_product_changelist"))
        assert {row.name for row in listed.context["cl"].result_list} == {"Long red rice", "Rye bread loaf"}
        form = admin_client.get(reverse("admin:catalog_product_change", args=[product.identity_id]))
        assert (form.context["original"].name, form.context["original"].stock) == ("Long red rice", 5)

    beside(NEW, look)

    assert admin_client.get(reverse("dashboard")).context["now"].values == [("ILS", 208)]
    assert admin_client.get(reverse("dashboard-products")).context["stores"][0].counts["sold_out"] == 1


def test_a_price_in_another_currency_counts_nothing_on_the_owners_pages(load, admin_client, call_tool):
    load(OLD)
    call_tool("add_to_cart", items=[{"product_id": "shop:a"}, {"product_id": "shop:b"}])
    Product.objects.filter(sku="a").update(currency="USD")

    page = admin_client.get(reverse("dashboard"))

    assert page.context["now"].values == [("ILS", 10)]
    assert [str(row.value) for row in page.context["rows"]] == ["10.000"]


def test_a_cart_is_filled_beside_an_import_with_what_counts(load, beside, call_tool):
    load(OLD)
    call_tool("add_to_cart", product_id="shop:a")

    def look():
        added = call_tool("add_to_cart", product_id="shop:a", quantity=4).structured_content
        assert (added["total"]["amount"], added["item_count"]) == ("100.00", 5)
        assert call_tool("add_to_cart", product_id="shop:d").is_error
        assert call_tool("remove_from_cart", product_id="Long red rice").structured_content["lines"] == []
        assert call_tool("undo_cart_change").structured_content["item_count"] == 5

    beside(NEW, look)

    shown = call_tool("view_cart").structured_content
    assert shown["lines"][0]["name"] == "Short brown rice"
    assert [notice["code"] for notice in shown["notices"]] == ["price_changed", "stock"]


def test_publishing_and_undoing_are_an_update_of_one_row_and_a_token(load, monkeypatch):
    load(OLD)
    queries = list[str]()

    def counted(*args, **kwargs):
        with CaptureQueriesContext(connection) as captured:
            publish(*args, **kwargs)
        queries.extend(query["sql"] for query in captured if not query["sql"].startswith(("SAVEPOINT", "RELEASE")))

    monkeypatch.setattr("catalog.imports.importing.publish", counted)
    load(NEW)

    assert [sql.split()[:3] for sql in queries] == [
        ["UPDATE", '"catalog_importrun"', "SET"],
        ["INSERT", "INTO", "catalog_revision"],
    ]


@pytest.mark.parametrize("hidden", [True, False])
def test_an_edit_beside_an_import_loses_neither_the_owners_name_nor_the_imports_price(load, beside, edit, hidden):
    load(OLD)

    def look():
        assert edit(Product.objects.get(sku="a"), hidden=hidden)(name="Rice of the house").status_code == 302
        assert (named("rice of the house").price, glance("short brown rice").exact) == (Decimal(20), [])

    beside(NEW, look)

    product = named("rice of the house")
    assert (product.price, product.url, product.stock) == (Decimal(99), "https://x.example.com/brown", 0)
    assert [found.sku for found in search(Search("house")).products] == ["a"]


def test_a_form_that_was_open_while_an_import_was_published_changes_what_the_owner_changed(load, edit, admin_client):
    load(OLD)
    send = edit(Product.objects.get(sku="a"))
    load(NEW)

    answer = send(name="Rice of the house", available="on", **{"initial-available": "True"})

    assert answer.status_code == 302
    product = Product.objects.get(sku="a")
    assert (product.name, product.price, product.stock) == ("Rice of the house", Decimal(99), 0)
    history = admin_client.get(reverse("admin:catalog_product_history", args=[product.identity_id]))
    assert [entry.object_id for entry in history.context["action_list"]] == [str(product.identity_id)]


def test_an_edit_of_a_product_that_an_import_has_compared_and_not_written_yet_is_kept(load, monkeypatch):
    load(OLD)
    monkeypatch.setattr("shopmcp.db.batches.FIRST", 1)
    monkeypatch.setattr("shopmcp.db.batches.MOST", 1)
    edits = iter(["a", "b"])

    def editing(pks):
        stage_entries(pks)
        for sku in edits:
            product = Product.objects.get(sku=sku)
            product.name, product.stock = f"By hand {sku}", 8
            save_product(product, ["name", "stock"])

    monkeypatch.setattr(staging, "stage_entries", editing)
    load(HEAD + "c,First,1,,,,\na,Red rice,21,4,,,\nb,Rye,11,,,,\n")

    assert [(row.name, row.price, row.stock) for row in Product.objects.order_by("sku")] == [
        ("By hand a", Decimal(21), 7),  # five were shown and eight wanted: three came, and the file counted four
        ("By hand b", Decimal(11), 8),
        ("First", Decimal(1), None),
    ]


@pytest.mark.parametrize("row", ["a,Short brown rice,99,4,,,Cereals\n", RICE], ids=["changed", "as it was"])
def test_an_edit_of_a_product_that_a_running_import_has_not_compared_yet_is_kept(load, edit, row):
    load(OLD)

    def watching(steps, what, total=None):
        for number, step in enumerate(steps):
            if what == "Reading" and not number:
                edit(Product.objects.get(sku="a"))(name="Rice of the house", price="33", stock="8")
            yield step

    load(HEAD + row + RYE, progress=watching)

    product = Product.objects.get(sku="a")
    assert (product.name, product.price, product.stock) == ("Rice of the house", Decimal(33), 8)
    assert product.category == row.strip().rpartition(",")[2]
    # The next import has the last word, as the form says.
    load(HEAD + row + RYE)
    assert Product.objects.get(sku="a").name == row.split(",")[1]


def test_the_largest_stock_may_be_counted_and_set_by_hand_again_and_again(load, edit):
    text = "sku,name,price,stock\na,Rice,1,2147483647\n"
    for _ in range(3):
        load(text)
        assert edit(Product.objects.get(sku="a"))(stock="0").status_code == 302
        assert Product.objects.get(sku="a").stock == 0
    load(text)

    assert Product.objects.get(sku="a").stock == 2147483647


def test_a_store_that_never_had_a_product_may_take_another_currency(load):
    Store.objects.create(slug="shop", name="Shop", currency="USD")

    load(OLD, currency="ILS")

    assert Store.objects.get().currency == "ILS"
    assert set(Product.objects.values_list("currency", flat=True)) == {"ILS"}


@pytest.mark.parametrize(
    ("counts", "edited", "left"),
    [
        (("5", "4"), 8, 7),
        (("5", "4"), 0, 0),
        (("5", "4"), None, None),
        (("", "4"), 8, 8),
        (("5", ""), 8, 8),
        (("", ""), 8, 8),
    ],
)
def test_a_stock_that_was_set_beside_an_import_is_a_move(load, beside, edit, counts, edited, left):
    load(f"sku,name,price,stock\na,Rice,1,{counts[0]}\n")

    def look():
        edit(Product.objects.get(sku="a"))(stock="" if edited is None else edited)
        assert Product.objects.get(sku="a").stock == edited

    beside(f"sku,name,price,stock\na,Rice,2,{counts[1]}\n", look)

    assert Product.objects.get(sku="a").stock == left
    report = load(f"sku,name,price,stock\na,Rice,2,{counts[1]}\n")
    assert Product.objects.get(sku="a").stock == (int(counts[1]) if counts[1] else None)
    assert report.changed + report.unchanged == 1


def test_of_two_imports_of_a_store_that_interleave_the_one_that_was_taken_for_dead_changes_nothing(load, monkeypatch):
    load(OLD)
    monkeypatch.setattr("shopmcp.db.batches.FIRST", 1)
    monkeypatch.setattr("shopmcp.db.batches.MOST", 1)
    turns = iter([True])

    def sleeping(pks):
        stage_entries(pks)
        if next(turns, False):
            ImportRun.objects.running().update(alive_at=timezone.now() - timedelta(hours=1))
            load(HEAD + "a,Wild rice,30,7,,,\nb,Rye bread loaf,10,,,,\n", name="second.csv")

    monkeypatch.setattr(staging, "stage_entries", sleeping)
    with pytest.raises(ImportRunning):
        load(NEW)

    assert [(row.sku, row.name, row.price, row.stock) for row in Product.objects.order_by("sku")] == [
        ("a", "Wild rice", Decimal(30), 7),
        ("b", "Rye bread loaf", Decimal(10), None),
    ]
    assert [run.state for run in ImportRun.objects.order_by("id")] == ["published", "failed", "published"]
    assert not ImportRun.objects.hidden().exists()
    assert [p.name for p in search(Search()).products] == ["Wild rice", "Rye bread loaf"]
    load(NEW)
    assert named("short brown rice").price == Decimal(99)
    assert Entry.objects.count() == 4  # two of rice, the bread that is withdrawn now, dates


def test_two_imports_take_turns_even_where_the_first_comes_back_after_the_second_began(load, beside):
    """Each has written everything when the other one goes on."""
    load(OLD)
    seen = []

    def second():
        ImportRun.objects.running().update(alive_at=timezone.now() - timedelta(hours=1))
        beside(HEAD + "a,Wild rice,30,7,,,\n" + RYE, lambda: seen.append(named("shop:a").name), name="second.csv")

    with pytest.raises(ImportRunning):
        beside(NEW, second)

    assert seen == ["Long red rice"]
    assert [p.name for p in search(Search()).products] == ["Wild rice", "Rye bread loaf"]
    assert not ProductIdentity.objects.filter(sku="d").exists()


def newest():
    return ImportRun.objects.latest("id")


def test_an_import_is_undone_at_once_and_everything_is_as_it_was(load, call_tool):
    load(OLD)
    call_tool("add_to_cart", items=[{"product_id": "shop:a"}, {"product_id": "shop:b"}])
    load(NEW)
    assert named("short brown rice").price == Decimal(99)

    undo_import(newest())

    assert newest().state == "undone"
    assert {named(name).price for name in OLD_NAMES} == {Decimal(20)}
    assert all(map(fails, NEW_NAMES))
    assert [p.sku for p in search(Search()).products] == ["a", "b"]
    assert not search(Search("dates")).products
    assert call_tool("view_cart").structured_content["total"]["amount"] == "30.00"
    report = load(NEW)
    assert (report.created, report.changed, report.withdrawn) == (1, 1, 1)
    assert [p.sku for p in search(Search()).products] == ["a", "d"]


def test_stock_that_moved_and_edits_outlast_an_undo(load, edit):
    load(OLD)
    load(OLD.replace(",20,5,", ",22,9,"))
    edit(Product.objects.get(sku="a"))(name="Rice of the house", stock=7)

    undo_import(newest())

    product = Product.objects.get(sku="a")
    assert (product.name, product.price, product.stock) == ("Rice of the house", Decimal(20), 3)


def test_what_an_undone_import_brought_stays_in_carts_as_withdrawn(load, call_tool, admin_client):
    load(OLD)
    load(OLD + "d,Dates,40,,,,\n")
    call_tool("add_to_cart", items=[{"product_id": "shop:d", "quantity": 2}, {"product_id": "shop:b"}])

    def held():
        shown = call_tool("view_cart").structured_content
        assert [(line["name"], line["quantity"]) for line in shown["lines"]] == [("Dates", 2), ("Rye bread loaf", 1)]
        assert [notice["code"] for notice in shown["notices"]] == ["withdrawn"]
        page = admin_client.get(reverse("dashboard"))
        assert "Dates" in page.content.decode()
        assert admin_client.get(f"/api/carts/{shown_id}").json()["lines"] == shown["lines"]
        return True

    shown_id = Cart.objects.get().public_id
    undo_import(newest())
    assert held()
    load(OLD.replace("Long", "Longer"))
    assert held()
    assert named("shop:d").withdrawn_at is not None
    call_tool("clear_cart")
    restored = call_tool("undo_cart_change").structured_content
    assert [line["quantity"] for line in restored["lines"]] == [2, 1]
    load(OLD + "d,Dates,40,,,,\n")
    assert call_tool("view_cart").structured_content["total"]["amount"] == "90.00"


def test_a_line_whose_product_no_version_shows_is_put_back_by_an_undo(load, call_tool):
    load(OLD)
    load(OLD + "d,Dates,40,,,,\n")
    call_tool("add_to_cart", product_id="shop:d", quantity=2)
    call_tool("clear_cart")

    undo_import(newest())

    restored = call_tool("undo_cart_change").structured_content
    assert [(line["product_id"], line["quantity"]) for line in restored["lines"]] == [("shop:d", 2)]
    assert Line.objects.get().shown.withdrawn_at is not None


@pytest.mark.parametrize("later", ["the same", "failed", "running"])
def test_an_import_cannot_be_undone_after_another_began(load, later):
    load(OLD)
    load(NEW)
    run = newest()
    if later == "the same":
        load(NEW)
    elif later == "failed":
        with pytest.raises(staging.TooManyGone):
            load("sku,name\nx,Tea\n")
    else:
        ImportRun.objects.create(slug="shop")
    before = list(ImportRun.objects.order_by("id").values())

    with pytest.raises(ImportRunning if later == "running" else InvalidArguments) as refusal:
        undo_import(run)

    assert refusal.value.fix
    assert list(ImportRun.objects.order_by("id").values()) == before
    assert named("shop:a").price == Decimal(99)


def test_an_address_that_held_nothing_new_leaves_the_import_before_to_be_undone(load):
    load(OLD)
    load(NEW)
    run = newest()
    ImportRun.objects.create(slug="shop", state=ImportRun.State.UNCHANGED, hidden=False)

    undo_import(run)

    assert named("shop:a").price == Decimal(20)
    with pytest.raises(InvalidArguments):
        undo_import(run)
    assert not FeedAddress.objects.exists()
