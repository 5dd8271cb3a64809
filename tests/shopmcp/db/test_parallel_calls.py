"""Calls of many conversations at once, on the threads that tools run on, with real commits."""

import asyncio
from threading import current_thread
from typing import Any

import pytest

from carts.models import Cart, Line, Session
from catalog.models import Store
from catalog.services.products import create_product
from shopmcp.composition import toolbox
from shopmcp.errors import ShopError
from shopmcp.mcp.call import Answer, Call, WriteNeeded
from tests.shopmcp.db.playing import served

pytestmark = pytest.mark.usefixtures("shared_database")


def call(name, session="chat", **arguments):
    return toolbox.answer(name, arguments, {"openai/session": session}, "test")


def test_parallel_additions_of_one_conversation_add_up():
    create_product(Store.objects.create(slug="shop", name="Shop", currency="ILS"), sku="tea", name="Tea", price="1")

    async def play():
        return await asyncio.gather(*(call("add_to_cart", product_id="shop:tea") for _ in range(60)))

    results = served(play)

    assert not [result for result in results if result["isError"]]
    assert sorted(result["structuredContent"]["version"] for result in results) == list(range(1, 61))
    for result in results:  # each answer is that of one moment
        assert result["structuredContent"]["item_count"] == result["structuredContent"]["version"]
    assert Line.objects.get().quantity == 60
    assert (Session.objects.count(), Cart.objects.count()) == (1, 1)


def test_a_conversation_sees_its_own_changes_at_once():
    create_product(Store.objects.create(slug="shop", name="Shop", currency="ILS"), sku="tea", name="Tea", price="1")

    async def one(name):
        for number in range(1, 6):
            await call("add_to_cart", name, product_id="shop:tea")
            seen = await call("view_cart", name)
            assert seen["structuredContent"]["item_count"] == number

    async def play():
        await asyncio.gather(*(one(f"chat-{n}") for n in range(6)))

    served(play)
    assert Session.objects.count() == 6


def test_refusals_among_parallel_changes_leave_the_others_alone():
    create_product(Store.objects.create(slug="shop", name="Shop", currency="ILS"), sku="tea", name="Tea", price="1")

    async def play():
        ids = ["shop:tea" if n % 3 else "shop:ghost" for n in range(30)]
        return await asyncio.gather(*(call("add_to_cart", f"c{n % 5}", product_id=i) for n, i in enumerate(ids)))

    results = served(play)

    assert sum(result["isError"] for result in results) == 10
    assert sum(Line.objects.values_list("quantity", flat=True)) == 20


def test_a_look_that_has_to_write_first_is_moved_to_where_changes_run(monkeypatch):
    places = []

    def look(call: Call) -> Answer[Any]:
        places.append((current_thread().name.split("-")[0], call.may_write))
        if not call.may_write:
            raise WriteNeeded
        raise ShopError("seen enough")

    entry = toolbox.tools["view_cart"]
    monkeypatch.setitem(toolbox.tools, "view_cart", entry.__class__(**{**_fields(entry), "function": _plain(look)}))

    async def play():
        return await call("view_cart")

    assert served(play)["structuredContent"]["error"]["message"] == "seen enough"
    assert places == [("read", False), ("write", True)]


def test_the_first_looks_of_a_conversation_leave_one_session_behind():
    async def play():
        return await asyncio.gather(*(call("view_cart") for _ in range(10)))

    results = served(play)

    assert [result["structuredContent"]["version"] for result in results] == [0] * 10
    assert Session.objects.count() == 1


def _fields(entry):
    return {name: getattr(entry, name) for name in entry.__dataclass_fields__}


def _plain(look):
    return lambda call, **arguments: look(call)
