"""The analytics page's numbers in the JSON API."""

from datetime import timedelta

import pytest
from django.utils import timezone

from carts.models import Session


@pytest.fixture
def shopping(call_tool, honey):
    """Chats that search in vain, find honey and add it, are refused once; and one that only searches."""

    def shop(chats=1):
        for n in range(chats):
            chat = f"buyer-{n}"
            call_tool("search_products", session=chat, query="ghost")
            call_tool("get_product", session=chat, product_id="shop:honey")
            call_tool("add_to_cart", session=chat, product_id="shop:honey")
            call_tool("add_to_cart", session=chat, product_id="shop:ghost")
        call_tool("search_products", session="looker")
        call_tool("view_cart", session=None)

    return shop


def test_the_summary_tells_what_shoppers_did(api, shopping):
    shopping()

    found = api.get("analytics/summary")

    assert (found["sessions"], found["filled"], found["abandoned"], found["lost"]) == (2, 1, 0, 0)
    assert (found["filled_share"], found["conversion"], found["abandonment"], found["waiting"]) == (0.5, 0, 0.0, 0)
    assert [(stage["stage"], stage["sessions"], stage["share"]) for stage in found["funnel"]] == [
        ("searched", 2, 1.0),
        ("viewed", 1, 0.5),
        ("added", 1, 0.5),
        ("handed_over", 0, 0.0),
        ("ordered", 0, 0.0),
    ]
    assert found["fruitless_searches"] == [{"words": "ghost", "searches": 1}]
    assert found["refusals"] == [
        {"tool": "add_to_cart", "code": "not_found", "calls": 1},
        {"tool": "view_cart", "code": "session_needed", "calls": 1},
    ]
    assert {tool["tool"]: tool["calls"] for tool in found["tools"]} == {
        "search_products": 2,
        "add_to_cart": 2,
        "get_product": 1,
        "view_cart": 1,
    }


def test_products_are_told_per_hundred_sessions(api, shopping):
    shopping()

    assert api.get("analytics/products")["products"] == [
        {"product_id": "shop:honey", "name": "Honey", "seen": 50.0, "added": 50.0}
    ]


@pytest.mark.parametrize("address", ["analytics/summary", "analytics/products"])
def test_a_filter_leaves_out_what_does_not_fit(api, shopping, address):
    shopping()
    Session.objects.update(last_seen_at=timezone.now() - timedelta(days=8))

    assert api.get(address)["sessions"] == 0
    month = (timezone.now() - timedelta(days=30)).isoformat()
    assert api.get(address, since=month)["sessions"] == 2
    assert api.get(address, since=month, client="nobody")["sessions"] == 0


@pytest.mark.parametrize("address", ["analytics/summary", "analytics/products"])
def test_a_range_that_ends_before_it_begins_is_refused(api, address):
    assert api.get(address, 422, since="2026-02-01", until="2026-01-01")["code"] == "invalid_arguments"
    api.get(address, until="0001-01-02T00:00:00Z")


@pytest.mark.parametrize("chats", [1, 8])
@pytest.mark.parametrize(("address", "queries"), [("analytics/summary", 14), ("analytics/products", 14)])
def test_the_numbers_cost_the_same_queries_however_many_chats_there_were(
    api, shopping, django_assert_num_queries, address, queries, chats
):
    shopping(chats)

    # The key; how far counting has come, the latest calls, what is known of their sessions, the sessions; the tallies,
    # lively carts, whether counting went on meanwhile; what went on outside of the chat, orders, linked sessions;
    # products.
    with django_assert_num_queries(queries):
        assert api.get(address)["sessions"] == chats + 1
