"""Each number means the same on every surface: pages, JSON API, `/healthz`, `/metrics`, and what chats are told."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from analytics.services import roll_up
from carts.models import Session
from catalog.models import Product
from catalog.services.products import save_product
from tests.api import script


@pytest.fixture
def shop(call_tool, make_product):
    """Some chats in a shop where not everything can be bought; the unkeyed calls that `/metrics` had counted before."""
    honey, tea, soap = make_product("Honey"), make_product("Tea", "9.90"), make_product("Soap", "3.00")
    make_product("Bread", None)
    gone = make_product("Gone")
    gone.withdrawn_at = timezone.now()
    save_product(gone, ["withdrawn_at"])
    before = scrape()["shopmcp_unkeyed_calls_total"]
    call_tool("search_products", session="a", query="honey")
    call_tool("add_to_cart", session="a", product_id=honey.public_id, quantity=2)
    call_tool("search", session="b", query="unobtainium")
    call_tool("fetch", session="c", id=tea.public_id)
    call_tool("add_to_cart", session="c", product_id=tea.public_id)
    call_tool("add_to_cart", session="c", product_id=soap.public_id, quantity=5)
    handle = call_tool("add_to_cart", session=None, product_id=tea.public_id).structured_content["cart_id"]
    call_tool("view_cart", session=None, cart_id=handle)
    call_tool("view_cart", session=None)
    call_tool("search_products", session=None, query="tea")
    soap.available = False
    save_product(soap, ["available"])
    Product.objects.filter(pk=tea.pk).update(sale_price=Decimal("4.90"), sale_begins=timezone.now() - timedelta(days=1))
    return before


def scrape():
    lines = Client(HTTP_HOST="localhost").get("/metrics").content.decode().splitlines()
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if line and line[0] != "#"}


@pytest.mark.parametrize("counted", [False, True])
def test_pages_api_monitoring_and_chats_tell_the_same_numbers(owner, shop, call_tool, counted):
    if counted:
        roll_up()
    live = owner.get("/dashboard/").context
    analytics = owner.get("/dashboard/analytics/").context
    api = script(Client())
    numbers, metrics = api.get("analytics/summary"), scrape()

    # Products for sale: honey and tea.
    (of_store,) = owner.get("/healthz").json()["stores"]
    (told,) = call_tool("list_stores", session="a").structured_content["stores"]
    (listed,) = api.get("stores")["stores"]
    assert (live["health"].products, of_store["products"], told["products"], listed["products"]) == (2, 2, 2, 2)

    # Sessions: a, b, c and the one without an id that has a cart.
    (over_time,) = analytics["found"].course.of("sessions")
    by_client = sum(row.sessions for row in analytics["found"].clients)
    assert (analytics["numbers"].sessions, numbers["sessions"], over_time.total, by_client) == (4, 4, 4, 4)
    assert (live["now"].active, metrics["shopmcp_active_sessions"]) == (4, 4)
    assert call_tool("debug_session", session="a").structured_content["active_sessions"] == 4

    # `search` and `fetch` count: all but the one without an id searched or looked, which reached a later stage.
    assert [stage["sessions"] for stage in numbers["funnel"]][:3] == [4, 3, 3]
    assert [stage.sessions for stage in analytics["numbers"].funnel] == [row["sessions"] for row in numbers["funnel"]]
    assert [row["words"] for row in numbers["fruitless_searches"]] == ["unobtainium"]

    # Calls that name neither a conversation nor a cart.
    (sign,) = (sign for sign in live["signs"] if sign.kind == "unkeyed")
    assert (live["day"].unkeyed, sign.calls, metrics["shopmcp_unkeyed_calls_total"] - shop) == (3, 3, 3)

    # Money: what can be bought, at today's prices.
    sums = [cart["total"]["amount"] for cart in api.get("carts")["carts"] if cart["lines"]]
    (held,) = analytics["found"].held_sums
    assert dict(live["now"].values) == {"ILS": Decimal("49.80")}
    assert (held.amount, held.carts, sum(map(Decimal, sums))) == (Decimal("49.80"), 3, Decimal("49.80"))
    chats = [call_tool("view_cart", session=name).structured_content["total"]["amount"] for name in ("a", "c")]
    pages = [owner.get(f"/dashboard/sessions/{pk}/").context["total"] for pk in _ids()]
    assert (chats, sum(pages)) == (["40.00", "4.90"], Decimal("49.80"))


def _ids():
    return Session.objects.real().exclude(carts=None).values_list("public_id", flat=True)
