"""What was searched for most, and what followed."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from carts.models import Cart
from orders.models import Order

PAGE = reverse("dashboard-searches")


@pytest.fixture
def search(make_call):
    def make(session, words, results=1, tool="search_products", **fields):
        return make_call(session, tool=tool, words=words.split(), results=results, **fields)

    return make


@pytest.fixture
def order(honey):
    def place(session, **fields):
        cart = Cart.objects.create(public_id=f"c_{session.pk}", session=session, currency="ILS", store=honey.store)
        of = {"cart": cart, "session": session, "store": honey.store, "request_key": str(session.pk), "currency": "ILS"}
        return Order.objects.create(number=f"N{session.pk}", goods=1, total=1, first_total=1, **of, **fields)

    return place


def told(owner, **asked):
    rows = owner.get(PAGE, asked).context["found"].rows
    return {row.words: (row.searches, row.fruitless, row.added, row.ordered) for row in rows}


def test_a_search_leads_to_what_is_added_before_the_next_search(owner, make_session, make_call, search, order):
    first, second, third = (make_session(n) for n in range(3))
    search(first, "honey")
    search(first, "honey jar", tool="search")
    make_call(first, tool="get_product")
    make_call(first, tool="add_to_cart")
    order(first, placed_at=timezone.now())
    search(second, "honey jar")
    make_call(second, tool="add_to_cart", outcome="not_for_sale")
    search(third, "honey")
    make_call(third, tool="add_to_cart")
    order(third, placed_at=timezone.now(), state="cancelled")
    search(None, "gold", results=0)
    search(second, "")
    search(second, "old", ago=timedelta(days=20))

    assert told(owner) == {"honey": (2, 0, 1, 0), "honey jar": (2, 0, 1, 1), "gold": (1, 1, 0, 0)}
    assert told(owner, client="nobody") == {}
    page = owner.get(PAGE).text
    assert f"{reverse('dashboard-synonyms')}?words=gold" in page
    assert f"{reverse('dashboard-product-new')}?name=gold" in page
    assert "?words=honey" not in page


def test_an_order_before_the_search_does_not_count(owner, make_session, make_call, search, order):
    session = make_session()
    order(session, placed_at=timezone.now() - timedelta(hours=1))
    search(session, "tea")
    make_call(session, tool="add_to_cart")

    assert told(owner) == {"tea": (1, 0, 1, 0)}


def test_the_file_holds_the_same(owner, make_session, search):
    search(make_session(), "=1+1", results=0)
    answer = owner.get(reverse("dashboard-searches-export"))

    assert answer.content.decode().strip().split("\r\n")[1] == "'=1+1,1,1,0,0"


@pytest.mark.parametrize("n", [1, 25])
def test_the_page_costs_the_same_for_one_search_and_for_many(owner, django_assert_num_queries, make_session, search, n):
    for number in range(n):
        search(make_session(number), f"word{number}")

    with django_assert_num_queries(4):
        owner.get(PAGE)
