"""A conversation that was a test leaves all numbers; and numbers that start afresh."""

from datetime import timedelta

import pytest
from django.utils import timezone

from analytics.leaving_out import leave_out
from analytics.models import Fact, Tally
from analytics.reset import reset_numbers
from analytics.services import catch_up, roll_up
from carts.models import CallRecord, Cart, Session


def counts():
    """All tallies that are not 0."""
    rows = Tally.objects.exclude(count=0).order_by("everybody", "client", "kind", "grain", "start", "name")
    return list(rows.values_list("everybody", "client", "kind", "grain", "start", "name", "count"))


@pytest.fixture
def chats(make_session, make_call):
    """A real conversation, which is counted, and a test with a cart, which is not yet."""
    real, test = make_session(1), make_session(2)
    make_call(real, tool="search_products", words=["tea"], results=0)
    catch_up()
    return real, test


def play(test, make_call, letter=""):
    Cart.objects.create(public_id=f"c_test{letter}", session=test, currency="ILS", item_count=2)
    make_call(test, tool="search_products", words=["honey"], results=0)
    make_call(test, tool="add_to_cart", products=["shop:honey"])
    make_call(test, tool="add_to_cart", outcome="not_found")


def test_what_a_test_contributed_is_taken_back(chats, make_call):
    _real, test = chats
    before = counts()
    play(test, make_call)
    catch_up()
    assert counts() != before

    leave_out(test)

    assert counts() == before
    assert not Fact.objects.filter(session=test.pk).exists()


def test_calls_that_are_not_counted_yet_and_later_ones_are_left_out_too(chats, make_call):
    _real, test = chats
    before = counts()
    play(test, make_call)

    leave_out(test)
    make_call(test, tool="view_cart")
    catch_up()

    assert counts() == before
    assert CallRecord.objects.filter(session=test.pk).count() == 4


def test_leaving_out_twice_takes_back_once(chats, make_call):
    _real, test = chats
    before = counts()
    play(test, make_call)
    catch_up()

    leave_out(test)
    leave_out(test)

    assert counts() == before


def test_numbers_that_start_afresh_count_what_comes_then(chats, make_call, make_session):
    real, _test = chats
    reset_numbers()
    assert counts() == []

    make_call(real, tool="view_cart")
    Session.objects.filter(pk=real.pk).update(last_seen_at=timezone.now() + timedelta(seconds=1))
    while roll_up():
        pass

    found = {(kind, count) for everybody, _client, kind, grain, _start, _name, count in counts() if everybody}
    assert ("calls", 1) in found and ("sessions", 1) in found
    assert all(count > 0 for *_rest, count in counts())
