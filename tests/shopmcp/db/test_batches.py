"""Batches that take as long as one may wait for them."""

import gc
from contextlib import nullcontext

import pytest
from django.db import transaction

from catalog.models import Store
from shopmcp.db.batches import Pace


@pytest.fixture
def clock(monkeypatch):
    """Time that passes when it is told to."""
    now = [1000.0]
    monkeypatch.setattr("shopmcp.db.batches.monotonic", lambda: now[0])

    def passes(seconds):
        now[0] += seconds

    return passes


def after(pace, clock, *turns):
    for seconds in turns:
        with pace.turn():
            clock(seconds)
    return pace.size


def test_a_long_transaction_makes_the_next_batches_as_much_smaller(db, clock):
    pace = Pace()
    first = pace.size

    assert after(pace, clock, 0.6) == first // 10


def test_short_ones_make_them_larger_bit_by_bit(db, clock):
    pace = Pace()
    first = pace.size

    assert first < after(pace, clock, 0.001) < 2 * first


@pytest.mark.parametrize(("seconds", "size"), [(0.0, 900), (30.0, 5)])
def test_there_is_a_largest_and_a_smallest_batch(db, clock, seconds, size):
    assert after(Pace(), clock, *[seconds] * 30) == size


def test_what_fails_within_a_turn_is_undone(db):
    store = Store.objects.create(slug="grocer", name="Grocer", currency="ILS")

    with pytest.raises(ZeroDivisionError), Pace().turn():
        Store.objects.update(name="Half")
        raise ZeroDivisionError

    store.refresh_from_db()
    assert store.name == "Grocer"


@pytest.mark.django_db(transaction=True)
def test_between_two_turns_the_lock_is_free_for_a_moment(monkeypatch):
    slept = list[float]()
    monkeypatch.setattr("shopmcp.db.batches.sleep", slept.append)
    monkeypatch.setattr("shopmcp.db.batches.connection.vendor", "sqlite")
    monkeypatch.setattr("shopmcp.db.batches._own_log", nullcontext)
    pace = Pace()

    for _ in range(2):
        with pace.turn():
            pass

    assert slept[0] == 0
    assert 0 < slept[1] <= 0.03


@pytest.mark.django_db(transaction=True)
def test_garbage_is_looked_for_between_two_turns():
    pace = Pace()

    with pace.turn():
        assert not gc.isenabled()

    assert gc.isenabled()


@pytest.mark.django_db(transaction=True)
def test_what_was_logged_is_carried_over_when_the_lock_is_free_again(monkeypatch):
    order = list[str]()
    monkeypatch.setattr("shopmcp.db.batches._pragma", order.append)
    monkeypatch.setattr("shopmcp.db.batches.connection.vendor", "sqlite")

    with Pace().turn():
        transaction.on_commit(lambda: order.append("committed"))

    assert order == ["wal_autocheckpoint=0", "committed", "wal_autocheckpoint=1000", "wal_checkpoint(PASSIVE)"]
