"""Work that takes longer than its caller waits: who is answered when, and what becomes of the work."""

import asyncio
from threading import Event
from time import monotonic
from typing import Any

import pytest
from django.db import connection

from carts.models import Line
from catalog.models import Store
from catalog.services.products import create_product
from shopmcp.composition import toolbox
from shopmcp.data_dir import PrivateConnection
from shopmcp.db.outcome import CutShort
from shopmcp.db.waiting import Wait, current_wait
from shopmcp.db.workers import lanes
from tests.lateness import Lateness
from tests.shopmcp.db.playing import served

pytestmark = [
    pytest.mark.usefixtures("shared_database"),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL ends what takes too long by itself"),
]
# It counts for many seconds.
ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 300000000) SELECT count(*) FROM n"


class SlowDisk:
    """A disk that hangs in each COMMIT until `free` is set, as no disk of a test does by itself."""

    def __init__(self, monkeypatch):
        self.free, self.reached = Event(), Event()
        commit = PrivateConnection.commit

        def wait_and_commit(connection):
            self.reached.set()
            assert self.free.wait(20)
            commit(connection)

        monkeypatch.setattr(PrivateConnection, "commit", wait_and_commit)


async def call(tool, session, *, seconds, **arguments):
    current_wait.set(Wait(seconds=seconds))
    return await toolbox.answer(tool, arguments, {"openai/session": session}, "test")


@pytest.fixture
def goods(shared_database):
    create_product(Store.objects.create(slug="shop", name="Shop", currency="ILS"), sku="tea", name="Tea", price="1")


@pytest.mark.parametrize("others", [0, 3])
def test_a_disk_that_hangs_in_a_commit_lets_no_caller_wait_beyond_its_time(goods, monkeypatch, others):
    disk = SlowDisk(monkeypatch)

    async def add(name, seconds=1.5):
        answer: Any = await call("add_to_cart", name, seconds=seconds, product_id="shop:tea")
        return answer["structuredContent"].get("error"), answer["content"][0]["text"]

    async def play():
        try:
            first = asyncio.ensure_future(add("first"))
            await asyncio.to_thread(disk.reached.wait, 60)
            began = monotonic()
            late = await asyncio.gather(*(add(f"late-{n}") for n in range(others)))
            told = await first
            took = monotonic() - began
        finally:
            disk.free.set()
        return told, late, took, await add("after", 8)

    with Lateness() as machine:
        (error, text), late, took, (refused, _) = served(play)

    assert took < 1.6 + machine.seconds
    assert error["code"] == "uncertain"
    assert "Look at the cart with view_cart" in text
    # What had not begun never is done.
    assert [(refusal["code"], "The cart is unchanged." in words) for refusal, words in late] == [
        ("busy", True)
    ] * others
    assert refused is None
    assert Line.objects.count() == 2


@pytest.mark.parametrize("lane", ["read", "browse"])
def test_reading_that_takes_too_long_is_ended_and_its_thread_reads_on(lane):
    def read(statement):
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchone()[0]

    async def play():
        began = monotonic()
        with pytest.raises(CutShort):
            await lanes.run(lane, lambda: read(ENDLESS), Wait(seconds=1.5))
        took = monotonic() - began
        return took, await asyncio.gather(*(lanes.run(lane, lambda: read("SELECT 7"), Wait(seconds=8)) for _ in "abc"))

    with Lateness() as late:
        took, after = served(play)

    assert took < 1.5 + late.seconds
    assert after == [7, 7, 7]


def test_a_caller_whose_reading_was_ended_is_told_to_try_again(goods, monkeypatch):
    entry = toolbox.tools["list_stores"]

    def endless(call, **arguments):
        with connection.cursor() as cursor:
            cursor.execute(ENDLESS)

    fields = {name: getattr(entry, name) for name in entry.__dataclass_fields__}
    monkeypatch.setitem(toolbox.tools, "list_stores", entry.__class__(**{**fields, "function": endless}))

    answer: Any = served(lambda: call("list_stores", "chat", seconds=1.5))

    assert answer["structuredContent"]["error"]["code"] == "busy"
    assert answer["structuredContent"]["error"]["retry_after"] == 5
