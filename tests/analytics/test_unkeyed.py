"""Chats without a conversation id, and the tools for research, count as all others do."""

from datetime import timedelta

from django.utils import timezone

from analytics.models import Fact, Tally
from analytics.schemas import FruitlessOut
from analytics.services import catch_up
from carts.models import Cart, Session
from tests.analytics.test_services import products, stages, told

__all__ = ["told"]


def test_sessions_and_calls_without_an_id_are_counted_with_the_others_and_told_apart(make_session, make_call, told):
    by_cart = make_session(1, source="cart_id")
    Cart.objects.create(public_id="c_1", session=by_cart, currency="ILS", item_count=2)
    make_call(by_cart, tool="search_products", words=["x"], results=0)
    make_call(tool="search_products", words=["x"], results=0)
    make_call(make_session(2))
    catch_up()
    found = told()

    assert (found.sessions, found.unkeyed, found.filled, found.calls) == (2, 1, 1, 3)
    assert Tally.objects.get(kind="unkeyed_calls", grain="day", everybody=True, name="").count == 2
    assert found.fruitless_searches == [FruitlessOut(words="x", searches=2)]
    assert stages(found)["searched"] == 1


def test_what_an_earlier_version_counted_without_the_sessions_is_taken_back_as_it_was(make_session, make_call, told):
    session = make_session(source="cart_id", ago=timedelta(days=2))
    make_call(session, ago=timedelta(days=2), tool="search_products")
    catch_up()
    # As it was left: an unkeyed session, and no session.
    Fact.objects.update(whole=False)
    Tally.objects.exclude(kind__in=("unkeyed", "unkeyed_calls")).delete()
    assert (told().sessions, told().unkeyed) == (0, 1)

    Session.objects.update(last_seen_at=timezone.now())
    make_call(session, tool="add_to_cart", products=["shop:honey"])
    catch_up()

    assert (told().sessions, told().unkeyed, products(told())) == (1, 1, [("shop:honey", 100, 100)])
    assert not Tally.objects.filter(count__lt=0).exists()


def test_what_search_and_fetch_reach_counts_as_what_the_other_tools_do(make_session, make_call, told):
    make_call(make_session(1), tool="search")
    make_call(make_session(2), tool="fetch", products=["shop:honey"])

    assert (stages(told())["searched"], stages(told())["viewed"]) == (2, 1)
    assert products(told()) == [("shop:honey", 50, 0)]
