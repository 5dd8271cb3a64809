"""Counting: once, in steps, and for good."""

from datetime import timedelta

import pytest
from django.utils import timezone

from analytics.models import Fact, Progress, Tally
from analytics.reports import summary
from analytics.services import catch_up, forget, roll_up
from carts import services
from carts.models import CallRecord, Cart, Session


@pytest.fixture
def told(db):
    def ask(**asked):
        now = timezone.now()
        return summary(now - timedelta(days=29), now, **asked)

    return ask


def test_each_call_is_counted_once_however_often_and_in_whatever_steps(make_session, make_call, told):
    for n in range(5):
        session = make_session(n)
        make_call(session, tool="search_products")
        make_call(session, tool="add_to_cart", outcome="not_found")

    assert [roll_up(4) for _ in range(4)] == [4, 4, 2, 0]
    found = told()

    assert (found.sessions, found.calls) == (5, 10)
    assert found.stages == {"searched": 5, "viewed": 0, "added": 0}
    assert found.refusals == [("add_to_cart", "not_found", 5)]


def test_a_session_that_comes_again_is_one_session_at_its_last_call(make_session, make_call, told):
    session = make_session(ago=timedelta(days=3))
    make_call(session, ago=timedelta(days=3), tool="search_products")
    catch_up()
    now = timezone.now()
    Session.objects.update(last_seen_at=now)
    Cart.objects.create(public_id="c_1", session=session, currency="ILS", item_count=2)
    make_call(session, tool="add_to_cart", products=["shop:honey"])
    catch_up()

    assert (told().sessions, told().filled, told().popular) == (1, 1, [("shop:honey", 1, 1)])
    assert summary(now - timedelta(days=4), now - timedelta(days=1)).sessions == 0
    assert summary(now - timedelta(days=1), now).stages == {"searched": 1, "viewed": 1, "added": 1}


def test_a_call_that_is_committed_late_is_counted_once(make_session, make_call, told):
    session = make_session()
    first = make_call(session)
    make_call(session, pk=first.pk + 2)
    catch_up()
    make_call(session, pk=first.pk + 1)
    catch_up()
    catch_up()

    assert told().calls == 3
    assert Progress.objects.get().missing == []


def test_a_call_that_never_comes_is_forgotten_after_an_hour(make_session, make_call):
    first = make_call(make_session())
    make_call(pk=first.pk + 2)
    catch_up()
    progress = Progress.objects.get()
    assert [key for key, _ in progress.missing] == [first.pk + 1]
    progress.missing = [[key, at - 3601] for key, at in progress.missing]
    progress.save()
    make_call()
    catch_up()

    assert Progress.objects.get().missing == []


def test_the_cleanup_keeps_the_numbers_of_what_it_deletes_counted_or_not(make_session, make_call, told):
    ago = timedelta(days=27)
    for n in range(3):
        make_call(make_session(n, ago=ago), ago=ago, tool="get_product", products=["shop:honey"])
    # Nobody had counted them yet.
    assert not Tally.objects.exists()

    services.clean_up()

    assert not Session.objects.exists()
    CallRecord.objects.all().delete()
    assert (told().sessions, told().calls, told().popular) == (3, 3, [("shop:honey", 3, 0)])
    assert forget() == 3
    assert not Fact.objects.exists()
    assert told().sessions == 3


def test_unkeyed_sessions_and_calls_are_counted_apart(make_session, make_call, told):
    make_call(make_session(1, source="cart_id"), tool="search_products", words=["x"], results=0)
    make_call(tool="search_products")
    make_call(make_session(2))
    catch_up()
    found = told()

    assert (found.sessions, found.unkeyed, found.calls, found.unkeyed_calls) == (1, 1, 1, 2)
    assert (found.fruitless, found.stages["searched"]) == ([], 0)


def test_a_step_that_fails_leaves_nothing_behind(make_session, make_call, monkeypatch, told):
    make_call(make_session())

    def fail(*args):
        raise RuntimeError

    with monkeypatch.context() as broken:
        broken.setattr("analytics.services._pass_over", fail)
        with pytest.raises(RuntimeError):
            roll_up()
    assert told().calls == 0
    catch_up()
    assert told().calls == 1
