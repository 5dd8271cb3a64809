"""What is remembered of entries and products: call for call the same as what is read anew."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import SystemRandom

import pytest
from django.db import transaction
from django.test import override_settings
from django.utils import timezone, translation
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from catalog.imports.importing import load_demo
from catalog.models import Product, ProductIdentity, Store, Synonyms
from catalog.search import entries
from catalog.search.memory import forgetting
from catalog.services.products import create_product, save_product
from catalog.services.stock import take_stock
from catalog.tools import search_products
from shopmcp.errors import ShopError
from shopmcp.mcp.call import Call

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
HEAD = "sku,name,price,category,description\n"

words = st.sampled_from(
    ["tea", "green tea", "tea 100 g", "mug", "tea mug", "blue mug", "cheap", "תה", "ספל כחול", "mug, tea and rye",
     "teas", "rye tea", "mugg", "", "a mug for tea in blue", "tea up to 12"]
)  # fmt: skip
asks = st.fixed_dictionaries(
    {"query": words},
    optional={
        "sort": st.sampled_from(["relevance", "price_asc", "price_desc", "name", "newest"]),
        "max_price": st.sampled_from([Decimal(8), Decimal(12)]),
        "min_price": st.sampled_from([Decimal(6), Decimal(8)]),
        "in_stock_only": st.booleans(),
        "category": st.sampled_from(["Tea", "Mugs"]),
        "limit": st.integers(1, 4),
        "store": st.sampled_from(["grocer", "shop"]),
    },
)
sku = st.sampled_from(["t1", "t2", "m1", "m2"])
changes = st.one_of(
    st.tuples(st.just("name"), sku, st.sampled_from(["Green tea", "Tea mug", "Rye", "ספל כחול"])),
    st.tuples(st.just("price"), sku, st.sampled_from([Decimal(5), Decimal(12), None])),
    st.tuples(st.just("available"), sku, st.booleans()),
    st.tuples(st.just("sell"), sku, st.integers(1, 2)),
    st.tuples(st.just("clock"), st.integers(-2, 2)),
    st.tuples(st.just("sale"), sku, st.integers(-1, 1)),
    st.tuples(st.just("import"), st.lists(st.sampled_from(["Green tea", "Blue mug", "Rye tea"]), max_size=3)),
    st.tuples(st.just("synonym"), st.sampled_from(["cheap, tea", "mugg, rye"])),
    st.tuples(st.just("store"), st.sampled_from([{"language": "he"}, {"name": "Shop"}, {"language": "en"}])),
)


@pytest.fixture
def shop(grocer):
    for sku, name, rest in (
        ("t1", "Green tea 100 g", {"category": "Tea", "stock": 5}),
        ("t2", "תה ירוק", {"category": "Tea", "description": "In a blue mug"}),
        ("m1", "Blue mug", {"category": "Mugs", "group_id": "m", "options": {"Size": "S"}, "stock": 3}),
        ("m2", "Blue mug", {"category": "Mugs", "group_id": "m", "options": {"Size": "L"}}),
    ):
        create_product(grocer, sku=sku, name=name, price="8", **rest)


def ask(arguments, *, memory):
    """Ask as a tool does, from memory or from the database alone; a refusal is its words."""
    with override_settings(SHOPMCP_CACHE=memory), translation.override("en"):
        try:
            answer = search_products.function(Call("search_products", {}, spoken="en"), **arguments)
        except ShopError as refusal:
            return refusal.message, refusal.fix
    return answer.text, answer.data


def changed(change, load, clock):
    what, *values = change
    if what == "clock":
        clock.append(clock[-1] + timedelta(hours=values[0]))
    elif what == "import":
        rows = "".join(f"i{n},{name},{n + 7},Tea,For a mug\n" for n, name in enumerate(values[0]))
        load(f"{HEAD}i9,Rye,9,,\n{rows}", force=True)
    elif what == "synonym":
        Synonyms.objects.create(words=values[0])
    elif what == "store":
        Store.objects.filter(slug="grocer").update(**values[0])
    elif what == "sell":
        take_stock({ProductIdentity.objects.get(sku=values[0]).pk: values[1]}, reference="1")
    else:
        product = Product.objects.get(sku=values[0])
        fields = {what: values[1]}
        if what == "sale":
            begins = NOON + timedelta(hours=values[1])
            fields = {"sale_price": Decimal(6), "sale_begins": begins, "sale_ends": begins + timedelta(hours=1)}
        for name, value in fields.items():
            setattr(product, name, value)
        save_product(product, fields)


@pytest.mark.slow
@pytest.mark.parametrize("small", [0, 5000])
def test_whatever_changes_between_searches_memory_answers_as_the_database_does(shop, load, monkeypatch, small):
    clock = [NOON]
    monkeypatch.setattr(entries, "SMALL", small)
    monkeypatch.setattr(timezone, "now", lambda: clock[-1])
    # Hypothesis begins each example with the same chance, which would give two changes one token.
    monkeypatch.setattr("catalog.search.index.getrandbits", SystemRandom().getrandbits)

    @examples(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.one_of(asks, asks, changes), min_size=2, max_size=12), st.lists(asks, min_size=2, max_size=3))
    def play(steps, again):
        del clock[1:]
        with transaction.atomic():
            for step in (*again, *steps, *again):
                if isinstance(step, tuple):
                    changed(step, load, clock)
                    continue
                told = ask(step, memory=True)
                with forgetting():
                    assert told == ask(step, memory=False), step
            transaction.set_rollback(True)

    play()


@pytest.mark.slow
def test_a_small_shop_in_memory_finds_what_the_index_finds(db, monkeypatch):
    load_demo()
    queries = [
        "rice",
        "red rice",
        "olive oil soap",
        "rice, tea and cheese",
        "shirt XXL",
        "zzz tea",
        "אורז מלא",
        "choc",
        "1 kg",
    ]
    asked = [
        {"query": query, "limit": limit, **rest}
        for query in queries
        for limit in (3, 20)
        for rest in (
            {},
            {"in_stock_only": True},
            {"sort": "price_desc"},
            {"max_price": Decimal(20)},
            {"category": "Tea"},
        )
    ]
    found = []
    for small in (5000, 0):
        monkeypatch.setattr(entries, "SMALL", small)
        with forgetting() if not small else monkeypatch.context():
            found.append([ask(arguments, memory=False) for arguments in asked])

    assert found[0] == found[1]
