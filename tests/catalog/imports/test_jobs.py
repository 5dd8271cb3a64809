"""Imports that are begun on the owner's pages, and the process that works on each."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone, translation

from catalog.feeds.options import FeedOptions
from catalog.imports import jobs, queue
from catalog.imports.working import work_on
from catalog.models import DailyImport, ImportJob, ImportRun, Product, SourceOptions, Store
from catalog.models.jobs import uploads
from catalog.services.products import create_product
from shopmcp.errors import InvalidArguments, Kept
from tests.catalog.imports.files import HEAD, NEW, OLD, RICE, RYE

ODD = "Artikel,Was es ist,Kostet,Halde\n1,Brot,12.90,5\n2,Kuchen,20.00,0\n3,,5.00,\n"
LONG_AGO = timedelta(minutes=2)


@pytest.fixture(autouse=True)
def data(settings, tmp_path):
    """A data folder of the test's own."""
    settings.DATA_DIR = tmp_path


def given(text=OLD, slug="shop", name="goods.csv", **options):
    return jobs.begin_with_file(slug, name, [text.encode()], **options)


def worked(job):
    """The job after a process worked on it."""
    taken = queue.claim()
    assert taken is not None and taken.pk == job.pk
    work_on(taken.pk, taken.token)
    job.refresh_from_db()
    return job


def imported(job):
    jobs.start(worked(job))
    return worked(job)


def files():
    return [file for file in uploads().rglob("*") if file.is_file()]


def test_a_file_is_previewed_before_anything_changes(db):
    imported(given())
    job = worked(given(NEW + RYE + "e,,1,,,,\nf,,2,,,,\n"))

    assert job.state == "ready"
    preview = job.preview
    assert [preview[kind] for kind in ("created", "changed", "unchanged", "withdrawn", "refused")] == [1, 1, 1, 0, 2]
    assert preview["examples"]["created"] == [["d", "Dried pitted dates", []]]
    ((sku, name, fields),) = preview["examples"]["changed"]
    assert (sku, name) == ("a", "Short brown rice") and {"name", "price", "stock"} <= set(fields)
    assert [(row["count"], [line["line"] for line in row["lines"]]) for row in preview["reasons"]] == [(2, [5, 6])]
    assert set(Product.objects.values_list("name", flat=True)) == {"Long red rice", "Rye bread loaf"}


def test_what_was_previewed_is_imported_and_its_file_goes(db):
    job = imported(given())

    assert job.state == "done"
    assert ImportRun.objects.get(pk=job.run).source == "goods.csv"
    assert Product.objects.count() == 2
    assert files() == []


def test_odd_columns_are_mapped_and_remembered(db):
    job = worked(given(ODD))
    assert job.state == "refused"
    assert job.preview["columns"] == ["Artikel", "Was es ist", "Kostet", "Halde"]
    assert "--" not in job.failure and job.failure

    mapped = {"sku": "Artikel", "name": "Was es ist", "price": "Kostet", "stock": "Halde"}
    jobs.look_again(job, FeedOptions(mapped=mapped))
    assert worked(job).preview["held"]["price"] == "Kostet"
    jobs.start(job)
    worked(job)

    assert [(p.name, p.price, p.stock) for p in Product.objects.order_by("sku")] == [
        ("Brot", Decimal("12.90"), 5),
        ("Kuchen", Decimal(20), 0),
    ]
    assert SourceOptions.objects.get().options["mapped"] == mapped
    assert worked(given(ODD)).preview["unchanged"] == 2


def test_more_than_half_is_withdrawn_only_at_the_owners_word(db):
    imported(given(HEAD + RICE + RYE + "c,Tea,3,,,,\n"))
    job = worked(given(HEAD + RICE))
    assert (job.preview["needs_force"], job.preview["withdrawn"], job.preview["carried"]) == (True, 2, 3)

    jobs.start(job)
    assert worked(job).state == "failed"
    assert Product.objects.listed().count() == 3

    jobs.begin_again(job)
    jobs.start(worked(job), force=True)
    assert worked(job).state == "done"
    assert Product.objects.listed().count() == 1


def test_reasons_are_in_the_language_of_whoever_began(db):
    with translation.override("he"):
        job = given(OLD + "e,,1,,,,\n")

    (row,) = worked(job).preview["reasons"]

    assert any("א" <= sign <= "ת" for sign in row["reason"])


def test_a_job_whose_process_was_killed_says_so_and_begins_again(db):
    job = imported(given())
    job = worked(given(NEW + RYE))
    jobs.start(job)
    taken = queue.claim()
    ImportJob.objects.filter(pk=job.pk).update(alive_at=timezone.now() - LONG_AGO)
    run = ImportRun.objects.create(slug="shop", source="goods.csv", alive_at=timezone.now() - LONG_AGO)
    job.refresh_from_db()
    assert job.has_died

    jobs.begin_again(job)
    work_on(job.pk, taken.token)  # should it live after all
    assert worked(job).state == "done"

    assert ImportRun.objects.get(pk=run.pk).state == "failed"
    assert Product.objects.get(sku="a").name == "Short brown rice"


def test_a_job_waits_while_another_import_holds_the_store(db):
    job = worked(given())
    jobs.start(job)
    other = ImportRun.objects.create(slug="shop", source="other.csv")

    assert queue.claim() is None

    other.delete()
    assert worked(job).state == "done"


def test_a_job_is_taken_once(db):
    given()

    assert queue.claim() is not None
    assert queue.claim() is None


def test_a_job_of_another_token_is_left_alone(db):
    job = given()
    queue.claim()

    work_on(job.pk, "stolen")

    job.refresh_from_db()
    assert (job.state, job.preview) == ("reading", {})


def test_a_file_that_is_gone_is_said_to_be(db):
    job = given()
    for file in files():
        file.unlink()

    assert "Upload it once more." in worked(job).failure


@pytest.mark.parametrize("name", ["../../evil.csv", "..", "/etc/passwd", "a\0b.csv", "ש" * 300 + ".csv", ""])
def test_no_name_of_a_file_leads_out_of_its_folder(db, name):
    job = worked(given(name=name))

    (file,) = files()
    assert file.parent.parent == uploads()
    assert job.state == "ready"


def test_a_file_that_is_too_large_is_refused_and_leaves_nothing(db, monkeypatch):
    monkeypatch.setattr(jobs, "LARGEST_FILE", 10)

    with pytest.raises(jobs.TooLarge):
        given()

    assert files() == [] and list(uploads().iterdir()) == []
    assert not ImportJob.objects.exists()


@pytest.mark.parametrize(("slug", "currency"), [("No Slug", ""), ("shop", "XXXX"), ("", "")])
def test_a_store_that_cannot_be_is_refused_and_leaves_nothing(db, slug, currency):
    with pytest.raises(InvalidArguments):
        given(slug=slug, currency=currency)

    assert files() == []
    assert not ImportJob.objects.exists()


def test_a_double_click_imports_once(db):
    job = worked(given())

    jobs.start(job)
    jobs.start(job)

    assert worked(job).state == "done"
    with pytest.raises(InvalidArguments):
        jobs.start(job)
    assert ImportRun.objects.count() == 1


def test_what_is_under_way_is_not_forgotten(db):
    job = given()
    queue.claim()
    job.refresh_from_db()

    with pytest.raises(Kept):
        jobs.discard(job)

    assert ImportJob.objects.exists() and files()


def test_what_is_not_imported_is_forgotten_with_its_file(db):
    jobs.discard(worked(given()))

    assert files() == [] and not ImportJob.objects.exists()


def test_old_jobs_and_stray_files_are_cleaned_up(db):
    old, fresh = worked(given()), given()
    ImportJob.objects.filter(pk=old.pk).update(created_at=timezone.now() - jobs.KEPT - timedelta(hours=1))

    jobs.clean_up()

    assert list(ImportJob.objects.all()) == [fresh]
    assert len(files()) == 1


class TestDaily:
    @pytest.fixture(autouse=True)
    def store(self, db):
        store = Store.objects.create(slug="shop", name="Shop", currency="ILS", time_zone="Asia/Jerusalem")
        create_product(store, sku="h", name="Honey", price="1")
        return store

    def test_an_address_is_imported_once_a_day_after_its_hour(self):
        daily = jobs.set_daily("shop", "https://example.com/feed.csv?key=secret", 0)
        queue.begin_daily()
        assert not ImportJob.objects.exists()  # the hour of today had passed when it was set

        DailyImport.objects.filter(pk=daily.pk).update(begun_on=timezone.now().date() - timedelta(days=2))
        queue.begin_daily()
        queue.begin_daily()

        job = ImportJob.objects.get()
        assert (job.state, job.source) == ("importing", "https://example.com/feed.csv")

    def test_it_is_not_begun_before_its_hour_of_the_stores_own_time(self, store):
        if timezone.now().astimezone(store.zone).hour == 23:
            store.time_zone = "America/New_York"
            store.save()
        hour = timezone.now().astimezone(store.zone).hour
        DailyImport.objects.create(slug="shop", url="https://example.com/feed.csv", hour=hour + 1)

        queue.begin_daily()

        assert not ImportJob.objects.exists()

    @pytest.mark.parametrize(("slug", "hour"), [("nowhere", 3), ("shop", 24), ("shop", -1)])
    def test_what_cannot_be_is_refused(self, slug, hour):
        with pytest.raises(InvalidArguments):
            jobs.set_daily(slug, "https://example.com/feed.csv", hour)

        assert not DailyImport.objects.exists()


def test_no_connection_is_kept_while_the_process_of_an_import_works(shared_database, monkeypatch):
    given()
    kept = []

    class Process:
        returncode = 0

        def __init__(self, command, **given):
            pass

        def poll(self):
            kept.append(connection.connection is not None)
            return 0

    monkeypatch.setattr("catalog.imports.queue.subprocess.Popen", Process)
    waits = iter([False, True])

    queue.work(lambda: next(waits))

    assert kept == [False]
