"""What an upgrade makes of numbers that were counted before it."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.utils import timezone

from analytics.models import Fact, Tally
from analytics.services import catch_up, roll_up
from carts.models import Cart

LATER = ("carts", "nameless")


@pytest.fixture
def upgrade():
    """Forget what older versions did not count, and upgrade."""

    class Then:
        @staticmethod
        def get_model(app, name):
            return apps.get_model(app, "Checkpoint" if name == "Progress" else name)

    def run():
        Tally.objects.filter(kind__in=LATER).delete()
        Fact.objects.update(cart=0)
        import_module("analytics.migrations.0002_opened_carts_and_nameless_calls").fill_in(Then, None)

    return run


def counted():
    found = Tally.objects.filter(kind__in=LATER)
    return sorted(found.values_list("everybody", "client", "kind", "grain", "start", "name", "count"))


def test_the_last_day_has_its_carts_and_nameless_calls_after_an_upgrade(make_session, make_call, upgrade):
    for n in range(6):
        ago = timedelta(hours=4 * n)
        session = make_session(n, ago=ago, client=f"client {n % 2}")
        Cart.objects.create(public_id=f"c_{n}", session=session, created_at=session.created_at)
        make_call(session, ago=ago)
        make_call(ago=ago, warning="unkeyed")
    catch_up()
    before = counted()
    make_call(make_session(7), source="default", warning="unkeyed")

    upgrade()

    assert counted() == before
    assert len(before) > 8
    # Whoever comes again is not counted again.
    make_call(session)
    roll_up()
    assert sum(row[-1] for row in counted() if row[:4] == (True, "", "carts", "day")) == 6
    assert sum(row[-1] for row in counted() if row[:4] == (True, "", "nameless", "day")) == 7


def test_an_upgrade_of_an_empty_shop_counts_nothing(db, upgrade):
    upgrade()

    assert not Tally.objects.exists()


def test_an_old_cart_is_counted_when_its_session_comes_again(make_session, make_call, upgrade):
    ago = timedelta(days=4)
    session = make_session(ago=ago)
    Cart.objects.create(public_id="c_1", session=session, created_at=timezone.now() - ago)
    make_call(session, ago=ago)
    catch_up()
    upgrade()
    assert counted() == []

    make_call(session)
    catch_up()

    assert [row[-1] for row in counted()] == [1, 1, 1, 1]
