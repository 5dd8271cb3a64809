"""A change in the transaction that a lane shares among changes."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection, connections, transaction

from catalog.models import Store
from shopmcp.db.prepared import keep_connection
from shopmcp.db.savepoint import change

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def in_a_lane():
    """Run work on a thread that keeps its connection, as those of the lanes do."""
    with ThreadPoolExecutor(1) as pool:

        def run(work):
            return pool.submit(work).result(30)

        def begin():
            keep_connection(connections["default"])

        def end():
            connections["default"].close()

        run(begin)
        yield run
        run(end)


def make(slug):
    Store.objects.create(slug=slug, name=slug, currency="ILS")


def slugs():
    return sorted(Store.objects.values_list("slug", flat=True))


def test_a_refused_change_leaves_the_others_of_its_transaction_alone(in_a_lane):
    def work():
        with transaction.atomic():
            with change():
                make("first")
            with pytest.raises(ZeroDivisionError), change():
                make("refused")
                raise ZeroDivisionError
            with change():
                make("last")

    in_a_lane(work)

    assert slugs() == ["first", "last"]


def test_an_error_of_the_database_undoes_only_its_own_change(in_a_lane):
    def work():
        with transaction.atomic():
            with change():
                make("first")
            with pytest.raises(IntegrityError), change():
                make("second")
                make("first")
            with change():
                make("last")

    in_a_lane(work)

    assert slugs() == ["first", "last"]


def test_what_a_change_leaves_for_after_the_commit_is_done_unless_it_was_refused(in_a_lane):
    done = []

    def work():
        with transaction.atomic():
            with change():
                transaction.on_commit(lambda: done.append("kept"))
            with pytest.raises(ZeroDivisionError), change():
                transaction.on_commit(lambda: done.append("refused"))
                raise ZeroDivisionError
            assert done == []

    in_a_lane(work)

    assert done == ["kept"]


def test_if_the_database_has_rolled_back_everything_nothing_is_committed(in_a_lane):
    def work():
        with transaction.atomic():
            with change():
                make("first")
            with pytest.raises(ZeroDivisionError), change():
                connection.connection.execute("ROLLBACK")  # as SQLite does when the disk is full
                raise ZeroDivisionError
            return transaction.get_rollback()

    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL shares no transaction among changes")
    assert in_a_lane(work)
    assert slugs() == []


def test_alone_a_change_is_a_transaction_of_its_own(in_a_lane):
    def work():
        with pytest.raises(ZeroDivisionError), change():
            make("refused")
            raise ZeroDivisionError
        with change():
            make("done")

    in_a_lane(work)

    assert slugs() == ["done"]
