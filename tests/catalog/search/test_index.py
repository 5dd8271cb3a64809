"""The index beside the rows: in step within the transaction, and in two versions while an import runs."""

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from catalog.imports.pruning import discard
from catalog.models import Entry, ImportRun, Product, ProductIdentity, Store, Word
from catalog.search.engines import rows_of
from catalog.search.index import reindex, revise
from catalog.search.query import Search
from catalog.search.rebuild import Turns, is_outdated, optimise
from catalog.search.searching import search
from catalog.services.products import create_product


def skus(query):
    return [product.sku for product in search(Search(query)).products]


@pytest.fixture
def run(grocer):
    return ImportRun.objects.create(slug="grocer")


def staged(product, run, **changes):
    """Write a version of a product as an import does that is not published yet."""
    Product.objects.filter(pk=product.pk).update(leaving=run.pk)
    version = Product.versions.get(pk=product.pk)
    version.pk, version.arriving, version.leaving = None, run.pk, None
    for name, value in changes.items():
        setattr(version, name, value)
    version.index()
    version.save()
    reindex([product.identity_id])


def over(run):
    ImportRun.objects.filter(pk=run.pk).update(state=ImportRun.State.PUBLISHED, hidden=False, ended_at=timezone.now())
    revise(Store.objects.values_list("pk", flat=True))


def test_a_changed_product_is_found_by_what_it_says_now(shelf):
    product = shelf["A5"]
    product.name = "Sourdough"
    product.index()
    product.save()
    reindex([product.identity_id])

    assert (skus("sourdough"), skus("rye")) == (["A5"], [])


def test_what_is_rolled_back_was_never_indexed(shelf):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        Product.objects.filter(sku="A5").update(search_text=" okapi ")
        reindex([shelf["A5"].identity_id])
        raise ZeroDivisionError

    assert (skus("okapi"), skus("rye")) == ([], ["A5"])


def test_what_did_not_change_is_not_written_again(shelf, django_assert_num_queries):
    with django_assert_num_queries(5):  # versions, entries, revision, and a savepoint around them
        reindex([product.identity_id for product in shelf.values()])


def test_a_withdrawn_product_leaves_the_index_and_comes_back(shelf):
    Product.objects.filter(sku="A5").update(withdrawn_at=timezone.now())
    reindex([shelf["A5"].identity_id])
    assert not Entry.objects.filter(product=shelf["A5"].identity).exists()

    Product.objects.filter(sku="A5").update(withdrawn_at=None)
    reindex([shelf["A5"].identity_id])
    assert skus("rye") == ["A5"]


def test_while_an_import_runs_searches_see_what_was_and_afterwards_what_is(shelf, run):
    staged(shelf["A5"], run, name="Spelt bread")

    assert (skus("rye"), skus("spelt")) == (["A5"], [])

    over(run)

    assert (skus("rye"), skus("spelt")) == ([], ["A5"])
    assert Entry.objects.filter(product=shelf["A5"].identity).count() == 2


def test_two_versions_that_searches_see_alike_share_an_entry(shelf, run):
    before = list(Entry.objects.order_by("key").values_list("key", "digest"))

    staged(shelf["A5"], run, image="https://shop.example.com/rye.jpg")

    assert list(Entry.objects.order_by("key").values_list("key", "digest")) == before
    assert skus("rye") == ["A5"]
    over(run)
    assert skus("rye") == ["A5"]


def test_what_a_failed_import_wrote_leaves_the_index_as_it_was(shelf, run):
    before = list(Entry.objects.order_by("key").values())
    staged(shelf["A5"], run, name="Spelt bread")
    staged(shelf["A4"], run, withdrawn_at=timezone.now())

    discard(run)

    assert list(Entry.objects.order_by("key").values()) == before
    assert (skus("rye"), skus("spelt"), skus("cola")) == (["A5"], [], ["A4"])


def test_a_new_product_of_an_import_arrives_when_it_is_published(shelf, grocer, run):
    create_product(grocer, sku="new", name="Okapi", price="1", arriving=run.pk)

    assert skus("okapi") == []
    over(run)
    assert skus("okapi") == ["new"]


def test_a_product_that_an_import_withdraws_stays_until_it_is_published(shelf, run):
    staged(shelf["A5"], run, withdrawn_at=timezone.now())

    assert skus("rye") == ["A5"]
    over(run)
    assert skus("rye") == []


def test_the_index_is_rebuilt_from_the_rows_by_a_command(shelf, capsys):
    Entry.objects.all().delete()
    Word.objects.create(text="quagga", stem="quagga", reversed="aggauq")
    Product.objects.update(search_text="")
    assert is_outdated()

    call_command("rebuild_search")

    assert not is_outdated()
    assert "5 products indexed." in capsys.readouterr().out
    assert (skus("rye"), skus("קינואה"), skus("bakery")) == (["A5"], ["A2"], ["A3", "A5"])
    assert not Word.objects.filter(text="quagga").exists()


@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite merges in the transaction that writes")
def test_pieces_of_the_index_are_merged_between_batches_and_never_within(grocer):
    pace = Turns()
    for n in range(40):
        with pace.turn():
            create_product(grocer, sku=str(n), name=f"Okapi {n}", price="1")
        # Each batch leaves a piece; SQLite itself would merge sixteen of them in whatever transaction adds the last.
        assert pieces() < 16

    assert skus("okapi 7")[0] == "7"
    optimise()
    assert pieces() == 1
    assert len(skus("okapi")) == 10


@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite keeps its index in pieces")
@pytest.mark.django_db(transaction=True)
def test_a_batch_leaves_one_piece_whatever_the_order_of_its_prices(grocer):
    optimise()
    with transaction.atomic():
        identities = ProductIdentity.objects.bulk_create(ProductIdentity(store=grocer, sku=str(n)) for n in range(20))
        rows = [
            Product(
                identity=identity,
                store=grocer,
                public_id=f"grocer:{n}",
                sku=str(n),
                name=f"Okapi {n}",
                currency="ILS",
                price=100 - n,
            )
            for n, identity in enumerate(identities)
        ]
        for row in rows:
            row.index()
        Product.versions.bulk_create(rows)
        reindex([identity.pk for identity in identities])

    assert pieces() == 1


@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite merges in the transaction that writes")
def test_an_index_of_which_much_is_deleted_shrinks_on_the_way(grocer):
    products = [create_product(grocer, sku=str(n), name=f"Okapi {n} {'x' * (n % 30)}", price="1") for n in range(300)]
    optimise()
    pace, sizes = Turns(), [size()]
    for product in products[:290]:
        Product.objects.filter(pk=product.pk).update(withdrawn_at=timezone.now())
        with pace.turn():
            reindex([product.identity_id])
        sizes.append(size())

    # Never much more than what is left, and as much again for what was deleted since, and for its deletion.
    assert max(sizes) < 2 * sizes[0]
    assert sizes[-1] < sizes[0] / 3
    assert sorted(skus("okapi")) == sorted(str(n) for n in range(290, 300))


def size():
    return rows_of("SELECT sum(length(block)) FROM catalog_entry_text_data")[0][0]


def pieces():
    return rows_of("SELECT count(DISTINCT segid) FROM catalog_entry_text_idx")[0][0]


def test_what_an_import_brought_stays_as_it_was_written_and_counts(load):
    def entries():
        return list(Entry.objects.order_by("key").values_list("key", "digest"))

    load("sku,name,price\na,Okapi,1\nb,Tapir,2\n")
    brought = Entry.objects.values_list("arriving", flat=True)
    standing = entries()

    assert None not in brought
    assert [product.sku for product in search(Search("okapi")).products] == ["a"]
    load("sku,name,price\na,Okapi,1\nb,Tapir,2\n")
    assert entries() == standing
