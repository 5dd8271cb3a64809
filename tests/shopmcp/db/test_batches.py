"""Batches that take as long as one may wait for them."""

import gc

import pytest
from django.db import connection, transaction

from catalog.models import Store
from shopmcp.db.batches import Pace

on_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite has one lock for all, and this log")


def after(*turns):
    """A pace after turns that took so many seconds."""
    now = 1000.0
    pace = Pace(clock=lambda: now)
    for seconds in turns:
        with pace.turn():
            now += seconds
    return pace


def test_a_long_transaction_makes_the_next_batches_as_much_smaller(db):
    pace = after(0.12)

    assert pace.size == Pace().size // 2


def test_short_ones_make_them_larger_bit_by_bit(db):
    first = Pace().size

    assert first < after(0.001).size < 2 * first


@pytest.mark.parametrize(("seconds", "size"), [(0.0, 900), (30.0, 20)])
def test_there_is_a_largest_and_a_smallest_batch(db, seconds, size):
    assert after(*[seconds] * 30).size == size


def test_what_fails_within_a_turn_is_undone(db):
    store = Store.objects.create(slug="grocer", name="Grocer", currency="ILS")

    with pytest.raises(ZeroDivisionError), Pace().turn():
        Store.objects.update(name="Half")
        raise ZeroDivisionError

    store.refresh_from_db()
    assert store.name == "Grocer"


@on_sqlite
@pytest.mark.django_db(transaction=True)
def test_between_two_turns_the_lock_is_free_for_a_moment():
    waited = list[float]()
    pace = Pace(wait=waited.append)

    for _ in range(2):
        with pace.turn():
            pass

    assert waited[0] == 0
    assert 0 < waited[1] <= 0.03


@pytest.mark.django_db(transaction=True)
def test_garbage_is_looked_for_between_two_turns():
    pace = Pace()

    with pace.turn():
        assert not gc.isenabled()

    assert gc.isenabled()


@on_sqlite
@pytest.mark.django_db(transaction=True)
def test_what_was_logged_is_carried_over_when_the_lock_is_free_again():
    order = list[str]()

    def noting(execute, sql, *rest):
        if sql.startswith("PRAGMA wal"):
            order.append(sql.removeprefix("PRAGMA "))
        return execute(sql, *rest)

    with connection.execute_wrapper(noting), Pace().turn():
        transaction.on_commit(lambda: order.append("committed"))

    assert order == ["wal_autocheckpoint=0", "committed", "wal_autocheckpoint=1000", "wal_checkpoint(PASSIVE)"]


@on_sqlite
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("counts_later", "within"), [(False, 2), (True, 1)])  # FULL, NORMAL
def test_only_what_counts_later_does_not_wait_for_the_disk(counts_later, within):
    def synchronous():
        with connection.cursor() as cursor:
            return cursor.execute("PRAGMA synchronous").fetchone()[0]

    with pytest.raises(ZeroDivisionError), Pace(counts_later=counts_later).turn():
        assert synchronous() == within
        raise ZeroDivisionError

    assert synchronous() == 2


@on_sqlite
@pytest.mark.django_db(transaction=True)
def test_a_short_log_is_not_carried_over_after_each_turn():
    carried = list[str]()

    def noting(execute, sql, *rest):
        carried.extend([sql] if "wal_checkpoint" in sql else [])
        return execute(sql, *rest)

    pace = Pace()
    with connection.execute_wrapper(noting):
        for name in "abcd":
            with pace.turn():
                Store.objects.create(slug=name, name=name, currency="ILS")

    assert len(carried) == 1
