"""Remembered answers: the same as new ones, and never stale."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog import memory
from catalog.imports.importing import load_demo
from catalog.models import Store, Synonyms
from catalog.services.products import create_product, save_product
from catalog.services.stock import return_stock, take_stock

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def ask(call_tool):
    def ask(**arguments):
        result = call_tool("search_products", **arguments)
        assert not result.is_error, result.content[0].text
        return result.structured_content, result.content[0].text

    return ask


@pytest.fixture
def at(monkeypatch):
    return lambda moment: monkeypatch.setattr(timezone, "now", lambda: moment)


def queries_of(action):
    with CaptureQueriesContext(connection) as captured:
        action()
    return [query["sql"] for query in captured if "catalog_" in query["sql"] and "carts_" not in query["sql"]]


def test_an_equal_search_reads_the_moment_alone(ask, shelf):
    ask(query="cola")

    assert len(queries_of(lambda: ask(query="cola"))) == 1
    assert len(queries_of(lambda: ask(query="juice"))) > 1


@pytest.mark.parametrize("query", ["kettle", ""])
def test_a_sale_begins_and_ends_between_equal_searches(ask, grocer, at, query):
    sale: dict[str, Any] = {"sale_price": Decimal(60), "sale_begins": NOON, "sale_ends": NOON + HOUR}
    create_product(grocer, sku="k", name="Kettle", price="100", **sale)

    told = []
    for moment in (NOON - HOUR, NOON - HOUR / 2, NOON, NOON + HOUR / 2, NOON + HOUR):
        at(moment)
        found, text = ask(query=query)
        told.append((found["products"][0]["price"]["amount"], "₪60.00 instead of ₪100.00" in text))
        assert ask(query=query, max_price=60)[0]["total"] == told[-1][1]

    assert told == [("100.00", False)] * 2 + [("60.00", True)] * 2 + [("100.00", False)]


def test_stock_sells_out_and_comes_back_between_equal_searches(ask, grocer):
    mug = create_product(grocer, sku="m", name="Mug", price="9", stock=2)

    def told():
        return next(line for line in ask(query="mug")[1].splitlines() if line.startswith("-")).rpartition(" · ")[2]

    said = [told()]
    for move in (lambda: take_stock({mug.identity_id: 1}, reference="1"),) * 2:
        assert move() is None
        said.append(told())
    assert ask(query="mug", in_stock_only=True)[0]["total"] == 0
    return_stock({mug.identity_id: 2}, reference="1")

    assert [*said, told()] == ["2 left", "1 left", "not in stock", "2 left"]
    assert ask(query="mug", in_stock_only=True)[0]["total"] == 1


def test_variants_that_sell_out_are_seen_too(ask, grocer):
    for size in "SL":
        shirt = create_product(grocer, sku=size, name="Shirt", price="9", stock=1, group_id="s", options={"Size": size})
    assert "L · grocer:L · ₪9.00 · 1 left" in ask(query="shirt")[1]

    take_stock({shirt.identity_id: 1}, reference="1")

    assert "L · grocer:L · ₪9.00 · not in stock" in ask(query="shirt")[1]


def test_edits_of_products_stores_and_synonyms_are_seen(ask, grocer):
    mug = create_product(grocer, sku="m", name="Mug", price="9", image="https://example.com/1.png")
    image = ask(query="mug")[0]["products"][0]["image"]
    mug.image = "https://example.com/2.png"
    save_product(mug, ["image"])
    assert ask(query="mug")[0]["products"][0]["image"] != image

    assert ask(query="becher")[0]["total"] == 0
    Synonyms.objects.create(words="becher, mug")
    assert ask(query="becher")[0]["total"] == 1

    assert "₪9.00" in ask(query="mug")[1]
    Store.objects.update(language="he")
    assert "9.00 ₪" in ask(query="mug")[1]


def test_each_language_has_its_answer(ask, grocer):
    create_product(grocer, sku="m", name="Mug", price="9", stock=0)

    said = [ask(query="12345 mug", meta={"openai/locale": locale})[1] for locale in ("en", "he", "en", "he")]

    assert said[0] == said[2] != said[1] == said[3]


def test_what_is_kept_is_bounded(ask, shelf, monkeypatch):
    monkeypatch.setattr(memory, "MOST", 3)
    memory.forget()

    for n in range(9):
        ask(query=f"cola {n}")

    assert memory.size() == 3


ASKED = [
    dict(zip(("query", "sort", "limit", "in_stock_only", "max_price"), values, strict=True))
    for values in product(
        ["", "tea", "אורז", "rice, tea and cheese", "shirt XXL", "zzz"],
        ["relevance", "price_asc"],
        [3, 10],
        [False, True],
        [None, 20],
    )
]


@pytest.mark.slow
@pytest.mark.parametrize("cache", [True, False])
def test_answers_are_the_same_without_memory(ask, db, settings, cache):
    load_demo()
    settings.SHOPMCP_CACHE = False
    new = [ask(**asked) for asked in ASKED]
    settings.SHOPMCP_CACHE = cache

    assert [ask(**asked) for asked in ASKED] == new
