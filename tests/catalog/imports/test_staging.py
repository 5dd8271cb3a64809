"""Imports beside live traffic: publishing, the lock, what is kept of them."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from carts.models import Line
from catalog.feeds import Unreadable
from catalog.imports import staging
from catalog.imports.download import Fetched
from catalog.imports.lock import ImportRunning
from catalog.imports.publishing import publish
from catalog.imports.staging import TooManyGone
from catalog.models import Entry, FeedAddress, ImportRun, Product, ProductIdentity, Store
from catalog.search import cache
from catalog.search.categories import shelves
from catalog.search.index import reindex, stage_entries
from catalog.search.memory import Memory
from catalog.search.query import Search
from catalog.search.references import named
from catalog.search.searching import search
from shopmcp.errors import NotFound

OLD = "sku,name,price\na,Rice,10\nb,Rye,20\nc,Corn,30\ng,Gone,5\n"
NEW = "sku,name,price\na,Rice,11\nb,Rye,21\nc,Maize,31\nd,Dates,40\n"


def everything():
    """Every row that an import writes."""
    return [list(model.objects.order_by("pk").values()) for model in (ProductIdentity, Entry)] + [
        list(Product.versions.order_by("pk").values())
    ]


def shown():
    """What chats are shown, by every way they have."""
    listed = {p.sku: (p.name, str(p.price and p.price.normalize())) for p in Product.objects.listed()}
    found = {p.sku: (p.name, str(p.price and p.price.normalize())) for p in search(Search(), limit=50).products}
    assert listed == found
    return listed


@pytest.fixture
def watched(monkeypatch):
    """Look at what chats are shown after every batch, with batches of a single row."""
    seen = []
    monkeypatch.setattr("shopmcp.db.batches.FIRST", 1)
    monkeypatch.setattr("shopmcp.db.batches.MOST", 1)

    def watched(pks):
        stage_entries(pks)
        seen.append(shown())

    monkeypatch.setattr(staging, "stage_entries", watched)
    return seen


def test_chats_see_the_old_catalogue_or_the_new_one_and_never_half(load, watched):
    load(OLD)
    old = shown()
    watched.clear()

    load(NEW)

    new = shown()
    assert new == {"a": ("Rice", "11"), "b": ("Rye", "21"), "c": ("Maize", "31"), "d": ("Dates", "4E+1")}
    assert [state for state in watched if state != old] == []
    assert len(watched) > 3


def test_a_cart_shows_the_old_prices_until_the_import_is_published(load, call_tool, monkeypatch):
    load(OLD)
    call_tool("add_to_cart", items=[{"product_id": "shop:a"}, {"product_id": "shop:b"}])
    totals, refused = [], []

    def looking(*args, **kwargs):
        totals.append(call_tool("view_cart").structured_content["total"]["amount"])
        refused.append(call_tool("add_to_cart", product_id="shop:d").is_error)
        publish(*args, **kwargs)

    monkeypatch.setattr("catalog.imports.importing.publish", looking)
    load(NEW)

    assert totals == ["30.00"]
    assert refused == [True]
    assert call_tool("view_cart").structured_content["total"]["amount"] == "32.00"
    assert Line.objects.count() == 2


def test_facets_and_shelves_turn_over_when_the_import_is_published(load, monkeypatch):
    load("sku,name,price,category\na,Rice,10,Grains\nb,Rye,20,Bakery\n")
    counted = []

    def looking(pks):
        stores = stage_entries(pks)
        monkeypatch.setattr(cache, "memory", Memory(200))  # as a process that starts in the middle of an import
        counted.append((search(Search()).facets.categories, shelves()[0].categories))
        return stores

    monkeypatch.setattr(staging, "stage_entries", looking)
    load("sku,name,price,category\na,Rice,10,Cereals\nb,Rye,20,Bakery\n")

    old = ([("Bakery", 1), ("Grains", 1)], ["Bakery", "Grains"])
    assert counted == [old]
    assert search(Search()).facets.categories == [("Bakery", 1), ("Cereals", 1)]
    assert shelves()[0].categories == ["Bakery", "Cereals"]


def test_the_version_before_is_kept_until_the_next_import(load):
    load(OLD)
    load(NEW)

    assert Product.versions.count() == 9  # all four are changed or gone, and one is new
    assert Product.objects.get(sku="g").withdrawn_at is not None
    load(NEW)
    assert Product.versions.count() == Product.objects.count() == 5
    assert Entry.objects.count() == 4


@pytest.mark.parametrize("fails_at", [1, 2, 4])
def test_an_import_that_fails_midway_leaves_everything_as_it_was(load, watched, monkeypatch, fails_at):
    load(OLD)
    before = everything()
    calls = []

    def failing(pks):
        calls.append(pks)
        if len(calls) == fails_at:
            raise RuntimeError("the plug was pulled")
        stage_entries(pks)

    monkeypatch.setattr(staging, "stage_entries", failing)
    with pytest.raises(RuntimeError):
        load(NEW)

    assert everything() == before
    assert ImportRun.objects.latest("id").state == "failed"
    monkeypatch.setattr(staging, "stage_entries", stage_entries)
    load(NEW)
    assert shown()["c"] == ("Maize", "31")


def test_a_first_import_that_fails_leaves_no_store(load, monkeypatch):
    def failing(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr("catalog.imports.importing.publish", failing)
    with pytest.raises(RuntimeError):
        load(OLD)

    assert not Store.objects.exists()
    assert not Product.objects.exists()


def test_a_second_import_of_a_store_is_refused_in_words_even_of_a_new_one(load):
    ImportRun.objects.create(slug="shop")

    with pytest.raises(ImportRunning, match="Another import into the store shop is running") as refusal:
        load(OLD)

    assert refusal.value.fix
    assert not Product.objects.exists()
    load(OLD, slug="other")
    assert ImportRun.objects.filter(slug="shop", state="staging").count() == 1


def test_an_import_that_died_is_undone_and_makes_room(load):
    load(OLD)
    died = ImportRun.objects.create(slug="shop", alive_at=timezone.now() - timedelta(hours=1))
    store = Store.objects.get()
    rice, rye = Product.objects.get(sku="a"), Product.objects.get(sku="b")
    Product.objects.filter(sku__in=["a", "b"]).update(leaving=died.pk)
    new = ProductIdentity.objects.create(store=store, sku="z")
    for product, sku, name in ((rice, "a", "Half"), (rye, "b", "Rye"), (Product(store=store, identity=new), "z", "Z")):
        product.pk, product.sku, product.name, product.public_id = None, sku, name, f"shop:{sku}"
        product.withdrawn_at = timezone.now() if sku == "b" else None
        product.price, product.currency, product.arriving = 1, "ILS", died.pk
        product.index()
        product.save()
    reindex(ProductIdentity.objects.values_list("pk", flat=True))
    with pytest.raises(NotFound):
        named("shop:z")
    assert named("shop:a").price == Decimal(10)

    report = load(OLD)

    assert (report.unchanged, report.created, report.changed) == (4, 0, 0)
    assert not ProductIdentity.objects.filter(sku="z").exists()
    died.refresh_from_db()
    assert died.state == "failed"


def test_an_import_that_died_while_the_clock_was_ahead_makes_room_too(load):
    load(OLD)
    died = ImportRun.objects.create(slug="shop", alive_at=timezone.now() + timedelta(days=2))

    assert load(OLD).unchanged == 4

    died.refresh_from_db()
    assert died.state == "failed"
    assert "in the future" in died.failure


def test_an_import_whose_clock_is_a_little_ahead_is_alive(load):
    load(OLD)
    other = ImportRun.objects.create(slug="shop", alive_at=timezone.now() + timedelta(minutes=1))

    with pytest.raises(ImportRunning):
        load(OLD)

    other.refresh_from_db()
    assert other.state == "staging"


def test_more_than_half_withdrawn_needs_force(load):
    load(OLD)
    before = list(Product.objects.values())

    with pytest.raises(TooManyGone, match="3 of the 4 products") as refusal:
        load("sku,name,price\na,Rice,10\n")

    assert "--force" in refusal.value.fix
    assert list(Product.objects.values()) == before
    assert load("sku,name,price\na,Rice,10\n", dry_run=True).needs_force
    assert load("sku,name,price\na,Rice,10\nb,Rye,20\n").withdrawn == 2  # half is not more than half
    assert load("sku,name,price\nx,Tea,1\n", force=True).withdrawn == 2


def test_a_repeated_sku_takes_from_the_others_what_it_lacks(load):
    report = load(
        "sku,name,price,brand,stock,image\nx,First,,Mill,,\nx,Second,5,,,https://a.example.com/1.jpg\nx,Third,4,Other,7,\n"
    )

    product = Product.objects.get()
    assert (product.name, product.price, product.brand, product.stock) == ("Second", Decimal(5), "Mill", 7)
    assert product.image == "https://a.example.com/1.jpg"
    assert [(warning.line, warning.reason) for warning in report.warnings] == [
        (2, "its SKU x is that of line 3, which stays and takes what it lacked: brand"),
        (4, "its SKU x is that of line 3, which stays and takes what it lacked: stock"),
    ]


def test_the_report_is_kept_and_shown_in_the_admin(load, admin_client):
    load('sku,name,price,image\na,Rice,1,https://a.example.com/1.jpg\na,Again,2,\nb,Rye,-1,\n"<b>",Tea,3,\n')

    run = ImportRun.objects.get()
    assert (run.created, run.refused, run.warned, run.source, run.format) == (2, 1, 2, "products.csv", "csv")
    assert admin_client.get("/admin/catalog/importrun/").status_code == 200
    page = admin_client.get(f"/admin/catalog/importrun/{run.pk}/change/").content.decode()
    assert "its price is negative" in page
    assert "its SKU a is that of line 2" in page
    assert "Products without an image: 1." in page


def test_a_feed_is_asked_for_again_only_when_it_has_changed(db, monkeypatch, tmp_path, capsys):
    asked = []

    def fetch_feed(url, folder, known, watched):
        asked.append(known and known.etag)
        if known:
            return Fetched(None)
        (folder / "feed").write_text(OLD)
        return Fetched(folder / "feed", '"v1"', "")

    monkeypatch.setattr("catalog.imports.importing.fetch_feed", fetch_feed)
    url = "https://shop.example.com/feed.csv?key=secret"
    for arguments in (("--currency", "ILS"), (), ("--force",)):
        call_command("import_products", url, *arguments)

    assert asked == [None, '"v1"', None]
    assert capsys.readouterr().out.splitlines()[1] == "shop: the address holds nothing new since the last import."
    assert FeedAddress.objects.get().etag == '"v1"'
    assert {run.source for run in ImportRun.objects.all()} == {"https://shop.example.com/feed.csv"}
    assert [run.state for run in ImportRun.objects.order_by("id")] == ["published", "not_modified", "published"]


def test_a_failed_import_does_not_remember_the_address(db, monkeypatch):
    def fetch_feed(url, folder, known, watched):
        (folder / "feed").write_text("[")
        return Fetched(folder / "feed", '"v1"', "")

    monkeypatch.setattr("catalog.imports.importing.fetch_feed", fetch_feed)
    with pytest.raises(CommandError):
        call_command("import_products", "https://shop.example.com/feed.json")

    assert not FeedAddress.objects.exists()


def test_a_store_tells_its_ways(load, call_tool):
    load(OLD)
    Store.objects.update(shipping="Two days, 20 ₪.", contact="shop@example.com")

    info = call_tool("get_store_info")
    listed = call_tool("list_stores").structured_content["stores"][0]

    assert info.structured_content["shipping"] == "Two days, 20 ₪."
    assert "Two days, 20 ₪." in info.content[0].text
    assert "The store says nothing about: returns." in info.content[0].text
    assert listed["contact"] == "shop@example.com"
    load(OLD, slug="other")
    assert {c["store"] for c in call_tool("get_store_info").structured_content["error"]["candidates"]} == {
        "shop",
        "other",
    }
    assert call_tool("get_store_info", store="other").structured_content["slug"] == "other"


def test_an_unreadable_end_of_a_long_file_changes_nothing(load):
    load(OLD)
    before = list(Product.objects.values())

    with pytest.raises(Unreadable):
        load(json.dumps([{"sku": f"n{n}", "name": "N"} for n in range(300)])[:-3], name="products.json")

    assert list(Product.objects.values()) == before
