"""`manage.py copy_to`."""

import os
from contextlib import closing

import psycopg
import pytest

from tests.live import LiveServer
from tests.maintenance.backups import chat, tables

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(not os.environ.get("TEST_DATABASE_URL"), reason="it needs PostgreSQL"),
]


# An order that was paid online, of which a part went back: its tables come before those that they point at.
PAID = """
from datetime import timedelta
from django.utils import timezone
from carts.models import Cart
from orders.models import OnlinePayment, Order, ProviderEvent, Refund
now = timezone.now()
cart = Cart.objects.exclude(store=None).earliest("id")
sums = {"currency": "ILS", "goods": 5, "total": 5, "first_total": 5, "paid": 5, "refunded": 1}
order = Order.objects.create(
    number="K7M29QXFM", store=cart.store, session=cart.session, cart=cart, request_key="k", payment="dummy", **sums)
payment = OnlinePayment.objects.create(
    order=order, provider="dummy", session="s", reference="r", amount=5, currency="ILS", state="paid", received=5,
    received_currency="ILS", outcome="counted", paid_at=now, expires_at=now + timedelta(minutes=31))
Refund.objects.create(order=order, payment=payment, amount=1, currency="ILS", state="succeeded")
ProviderEvent.objects.create(provider="dummy", event="e", kind="paid", payment=payment)
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory, shop, backup):
    """A shop on SQLite, whatever the tests run on."""
    with closing(LiveServer(tmp_path_factory.mktemp("small") / "data", DATABASE_URL="")) as live:
        live.data_dir.mkdir(mode=0o700)
        live.manage("restore", str(backup))
        yield live


@pytest.fixture
def large(empty):
    """An empty database of PostgreSQL."""
    return empty("large")


def is_empty(live):
    with psycopg.connect(live.env["DATABASE_URL"]) as database:
        return not database.execute("SELECT 1 FROM pg_tables WHERE schemaname = 'public'").fetchone()


def test_a_copied_shop_has_every_row_and_serves_each_chat_its_cart(small, large, tmp_path):
    small.manage("shell", "-c", PAID)
    small.manage("backup", str(tmp_path / "before"))

    said = small.manage("copy_to", COPY_TO_URL=large.env["DATABASE_URL"]).stdout

    assert "carts.session" in said
    assert "Copied and compared. Set DATABASE_URL to the new database" in said
    small.manage("backup", str(tmp_path / "after"))
    assert tables(tmp_path / "after") == tables(tmp_path / "before")
    same = {"SHOPMCP_DATA_DIR": str(small.data_dir)}
    large.manage("backup", str(tmp_path / "copy"), **same)
    assert tables(tmp_path / "copy") == tables(tmp_path / "before")
    large.env |= same
    large.start()
    assert large.call_tool("view_cart", meta=chat("chat-3"))["structuredContent"]["item_count"] == 4
    assert (
        large.call_tool("add_to_cart", meta=chat("new"), product_id="shop:honey")["structuredContent"]["version"] == 1
    )
    assert large.call_tool("search_products", meta=chat("x"), query="wild honey")["structuredContent"]["total"] == 1


def test_nothing_is_copied_into_a_database_that_is_not_empty(shop, small):
    refused = small.manage("copy_to", shop.env["DATABASE_URL"], check=False)

    assert refused.returncode == 1
    assert "The database is not empty: there are rows of " in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_nothing_is_copied_while_a_server_runs_on_either(small, large):
    small.start()
    refused = small.manage("copy_to", large.env["DATABASE_URL"], check=False)
    small.stop()
    assert "A server runs on the database. Stop it first." in refused.stderr
    assert is_empty(large)

    large.start()
    refused = small.manage("copy_to", large.env["DATABASE_URL"], check=False)

    assert "A server runs on the database. Stop it first." in refused.stderr
    assert large.get("/healthz").json["stores"] == []


def test_an_address_that_is_none_is_refused_without_repeating_it(small):
    for address, words in (
        ("mysql://user:secret@host/name", "The address must be like postgres://"),
        ("sqlite:////tmp/other.sqlite3", "A shop is copied to PostgreSQL."),
    ):
        refused = small.manage("copy_to", address, check=False)
        assert refused.returncode == 1
        assert words in refused.stderr
        assert "secret" not in refused.stderr
    assert "Give the address of the new database" in small.manage("copy_to", check=False).stderr
