"""How long calls wait for SQLite's lock: each until its own time is up."""

import asyncio
import sqlite3
from contextlib import closing, contextmanager
from functools import partial
from time import monotonic
from typing import Any

import pytest
from django.db import connection

from carts.models import Line
from catalog.models import Store
from catalog.services.products import create_product
from shopmcp.composition import toolbox
from shopmcp.db.waiting import Wait, current_wait
from tests.lateness import Lateness
from tests.shopmcp.db.playing import served

pytestmark = [
    pytest.mark.usefixtures("shared_database"),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite has one lock for all"),
]


@pytest.fixture(autouse=True)
def goods(shared_database):
    create_product(Store.objects.create(slug="shop", name="Shop", currency="ILS"), sku="tea", name="Tea", price="1")


@contextmanager
def locked():
    """Hold the lock for writing, as another process may."""
    with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


async def add(session, *, seconds, receive=None):
    current_wait.set(Wait(receive, seconds))
    answer: Any = await toolbox.answer("add_to_cart", {"product_id": "shop:tea"}, {"openai/session": session}, "test")
    return answer["structuredContent"].get("error"), answer["content"][0]["text"]


def test_waiting_for_the_lock_counts_for_every_call_however_many_wait():
    async def play():
        began = monotonic()
        with locked():
            told = await asyncio.gather(*(add(f"c{n}", seconds=2) for n in range(100)))
        return told, monotonic() - began

    with Lateness() as late:
        told, took = served(play)

    assert took < 2.5 + late.seconds
    assert {error["code"] for error, _ in told} == {"busy"}
    assert {error["retry_after"] for error, _ in told} == {5}
    text = "The shop has too much to do right now. Try again in a moment. The cart is unchanged."
    assert {said for _, said in told} == {text}
    assert not Line.objects.exists()


@pytest.mark.parametrize("others", [1, 5])
def test_a_call_whose_time_is_up_takes_nobody_with_it(others):
    async def play():
        with locked():
            short = asyncio.ensure_future(add("short", seconds=1.3))
            long = [asyncio.ensure_future(add(f"long-{n}", seconds=8)) for n in range(others)]
            error, _ = await short
        return error, await asyncio.gather(*long)

    error, told = served(play)

    assert error["code"] == "busy"
    assert [error for error, _ in told] == [None] * others
    assert Line.objects.count() == others


def test_a_lone_call_begins_when_the_lock_is_free():
    async def play():
        with locked():
            waiting = asyncio.ensure_future(add("lone", seconds=8))
            done, _ = await asyncio.wait([waiting], timeout=0.4)
            assert not done
        return await waiting

    error, _ = served(play)

    assert error is None
    assert Line.objects.get().quantity == 1


def test_a_call_whose_client_is_gone_does_not_begin():
    async def hang_up():
        return {"type": "http.disconnect"}

    async def play():
        with locked():
            stays = asyncio.ensure_future(add("stays", seconds=8))
            error, _ = await add("gone", seconds=8, receive=hang_up)
        return error, await stays

    error, (other, _) = served(play)

    assert error["code"] == "busy"
    assert other is None
    assert Line.objects.count() == 1


def test_one_that_has_ended_holds_its_call_no_longer():
    wait = Wait()
    wait.if_undelivered = partial(asyncio.sleep, 0, None)
    wait.end()

    assert wait.if_undelivered is None
