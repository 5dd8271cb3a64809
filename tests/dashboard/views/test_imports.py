"""Importing on the owner's pages: what they show, and what they pass on. Processes work on it in test_jobs.py."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from catalog.imports import jobs, queue
from catalog.imports.working import work_on
from catalog.models import DailyImport, ImportJob, ImportRun, Product

LIST = reverse("dashboard-imports")
CSV = "sku,name,price,Regal\na,Rice,20,3\nb,Bread,10,4\n,No SKU,3,1\n"


@pytest.fixture(autouse=True)
def data(settings, tmp_path):
    """A data folder of the test's own."""
    settings.DATA_DIR = tmp_path


def page(job):
    return reverse("dashboard-import", args=[job.pk])


def act(job, action):
    return reverse("dashboard-import-act", args=[job.pk, action])


def upload(owner, text=CSV, **fields):
    file = SimpleUploadedFile("goods.csv", text.encode())
    return owner.post(LIST, {"file": file, "slug": "bakery", "currency": "ils", **fields})


def worked(owner):
    taken = queue.claim()
    work_on(taken.pk, taken.token)
    return ImportJob.objects.get(pk=taken.pk)


def test_a_file_is_uploaded_looked_at_imported_and_undone(owner, db):
    answer = upload(owner)
    job = ImportJob.objects.get()
    assert answer["Location"] == page(job)
    assert "The file is being read" in owner.get(page(job)).text

    worked(owner)
    text = owner.get(page(job)).text
    assert "This would change" in text and "1 row is refused" in text and "Regal" in text
    assert not Product.objects.exists()

    owner.post(act(job, "start"))
    assert "The products are being imported" in owner.get(page(job)).text
    worked(owner)
    assert "Undo the last import" in owner.get(page(job)).text
    assert Product.objects.filter(public_id="bakery:a", currency="ILS").exists()

    owner.post(reverse("dashboard-import-undo", args=["bakery"]))
    assert not Product.objects.exists()
    assert "This import was undone" in owner.get(page(job)).text


def test_columns_are_mapped_by_drop_downs(owner, db):
    upload(owner, "Nr,Was,Kostet\n1,Brot,12.90\n")
    job = worked(owner)
    text = owner.get(page(job)).text
    assert "It cannot be read as it is" in text and '<option value="Kostet">' in text and "--map" not in text

    owner.post(page(job), {"of-sku": "Nr", "of-name": "Was", "of-price": "Kostet"})
    worked(owner)

    text = owner.get(page(job)).text
    assert '<option value="Kostet" selected>' in text and "This would change" in text


def test_what_hides_half_of_the_store_needs_a_tick(owner, db):
    upload(owner)
    job = worked(owner)
    owner.post(act(job, "start"))
    worked(owner)
    upload(owner, "sku,name,price\nz,Other,1\n", store="bakery")
    job = worked(owner)
    assert "2 of the 2 products" in owner.get(page(job)).text

    owner.post(act(job, "start"), {"force": "on"})
    worked(owner)

    assert [product.sku for product in Product.objects.listed()] == ["z"]


def test_an_import_that_broke_off_says_so_and_begins_again(owner, db):
    upload(owner)
    queue.claim()
    ImportJob.objects.update(alive_at=timezone.now() - timedelta(minutes=1))
    job = ImportJob.objects.get()
    assert "It broke off" in owner.get(page(job)).text
    assert "broke off" in owner.get(LIST).text

    owner.post(act(job, "again"))

    assert "It waits for its turn" in owner.get(page(job)).text
    assert worked(owner).state == "ready"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "Choose a file, or give an address."),
        ({"address": "http://example.com/feed"}, "is no address that a feed can be read from"),
        ({"address": "https://example.com/feed", "slug": ""}, "Name the store."),
        ({"address": "https://example.com/feed", "currency": "XYZ"}, "Use the code of a currency"),
        ({"address": "https://example.com/feed", "slug": "No slug"}, "slug"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_begun(owner, db, fields, said):
    answer = owner.post(LIST, {"slug": "bakery", **fields})

    assert answer.status_code == 200
    assert said in answer.text
    assert not ImportJob.objects.exists()


def test_an_address_is_imported_each_day_until_that_is_ended(owner, store):
    address = "https://example.com/feed.csv?key=secret"
    owner.post(LIST, {"address": address, "store": store.slug, "hour": "3"})

    assert DailyImport.objects.get().hour == 3
    text = owner.get(LIST).text
    assert "https://example.com/feed.csv" in text and "3:00" in text and "secret" not in text
    owner.post(reverse("dashboard-import-daily-end", args=[store.slug]))
    assert not DailyImport.objects.exists()


def test_a_file_is_not_imported_each_day(owner, store):
    answer = upload(owner, store=store.slug, hour="3")

    assert "Only an address is imported each day" in answer.text
    assert not DailyImport.objects.exists() and not ImportJob.objects.exists()


@pytest.mark.parametrize("path", ["start", "again", "discard"])
def test_who_may_only_look_changes_nothing(client, db, django_user_model, path):
    client.force_login(django_user_model.objects.create_user("looker", is_staff=True))
    job = jobs.begin_with_file("shop", "goods.csv", [CSV.encode()])
    worked(client)

    for address in (act(job, path), page(job), LIST, reverse("dashboard-import-undo", args=["shop"])):
        assert client.post(address).status_code == 403
    assert ImportJob.objects.get().state == "ready"
    assert client.get(LIST).status_code == client.get(page(job)).status_code == 200


def test_what_cannot_be_undone_is_said_so(owner, store):
    ImportRun.objects.create(slug=store.slug, state="undone")

    answer = owner.post(reverse("dashboard-import-undo", args=[store.slug]), follow=True)

    assert "There is no import into" in answer.text


@pytest.mark.parametrize("count", [1, 9])
def test_the_list_costs_the_same_for_one_import_and_for_many(owner, db, django_assert_num_queries, count):
    for n in range(count):
        jobs.begin_with_address(f"shop{n}", "https://example.com/feed.csv")

    with django_assert_num_queries(6):  # session, user; stores of the form, imports, daily ones; warnings
        owner.get(LIST)
