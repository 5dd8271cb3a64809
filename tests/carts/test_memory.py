"""Remembered lines: the same answers as without, and never stale."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.test import TestCase
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from carts import memory, tools
from carts.caller import Caller
from carts.models import Cart, Session
from carts.services.saving import save
from carts.tools import view_cart
from catalog.models import Product, Store
from catalog.search.index import reindex
from catalog.services.products import create_product, save_product
from catalog.services.stock import return_stock, take_stock
from maintenance.checks.carts import versions
from shopmcp.errors import ShopError
from shopmcp.mcp.call import Call
from tests.carts.answers import cart, codes, quantities, text
from tests.carts.chats import change

HOUR = timedelta(hours=1)


@pytest.fixture
def commit(call_tool):
    """Call a tool, and let what waits for its commit happen, as without a test's transaction."""

    def call(*args, **arguments):
        with TestCase.captureOnCommitCallbacks(execute=True):
            return call_tool(*args, **arguments)

    return call


def wait(hours):
    """Move all sales back, which is to them as if the clock went on; the catalogue does not change by it."""
    moved = timedelta(hours=hours)
    Product.objects.update(sale_begins=F("sale_begins") - moved, sale_ends=F("sale_ends") - moved)


def line_queries(action):
    with CaptureQueriesContext(connection) as captured:
        action()
    return sum('FROM "carts_cart"' in query["sql"] and "carts_line" in query["sql"] for query in captured)


def test_lines_are_read_once_until_the_cart_changes(commit, honey, tea):
    commit("add_to_cart", product_id="shop:honey")

    assert [line_queries(lambda: commit("view_cart")) for _ in range(2)] == [1, 0]
    # A change finds them, and leaves those that it saved.
    assert line_queries(lambda: commit("add_to_cart", product_id="shop:tea")) == 0
    assert line_queries(lambda: commit("view_cart")) == 0
    assert quantities(commit("view_cart")) == {"shop:honey": 1, "shop:tea": 1}


def test_an_edited_product_is_seen_at_once(commit, honey):
    commit("add_to_cart", product_id="shop:honey")
    commit("view_cart")
    honey.price, honey.name = Decimal(30), "Acacia honey"
    save_product(honey, ["price", "name"])

    assert "The price of Acacia honey changed from ₪20.00 to ₪30.00." in text(commit("view_cart"))


def test_a_withdrawn_product_is_seen_at_once(commit, honey):
    commit("add_to_cart", product_id="shop:honey")
    commit("view_cart")
    honey.withdrawn_at = timezone.now()
    save_product(honey, ["withdrawn_at"])

    assert codes(commit("view_cart")) == ["withdrawn"]


def test_a_sale_begins_and_ends_by_the_clock(commit, make_product):
    begins = timezone.now() + HOUR
    make_product("Kettle", "100", sale_price=Decimal(60), sale_begins=begins, sale_ends=begins + HOUR)
    commit("add_to_cart", product_id="shop:kettle")

    totals = []
    for _ in range(3):
        totals.append(cart(commit("view_cart"))["total"]["amount"])
        wait(1.5)
    assert totals == ["100.00", "60.00", "100.00"]


def test_an_order_sells_out_and_a_return_brings_back(commit, make_product):
    mug = make_product("Mug", "9", stock=1)
    commit("add_to_cart", product_id="shop:mug")
    assert codes(commit("view_cart")) == []

    assert take_stock({mug.identity_id: 1}, reference="1") is None
    assert codes(commit("view_cart")) == ["stock"]
    return_stock({mug.identity_id: 1}, reference="1")
    assert codes(commit("view_cart")) == []


def test_a_store_s_own_facts_are_seen_at_once(commit, honey):
    commit("add_to_cart", product_id="shop:honey")
    commit("view_cart")
    Store.objects.update(language="he")

    assert "20.00 ₪" in text(commit("view_cart"))


def test_each_language_has_its_answer(commit, honey):
    commit("add_to_cart", product_id="shop:honey")
    commit("view_cart")
    said = [text(commit("view_cart", meta={"openai/locale": locale})) for locale in ("en", "he", "en", "he")]

    assert said[0] == said[2] != said[1] == said[3]


def test_a_shop_that_takes_no_orders_now_says_so_at_once(commit, honey):
    commit("add_to_cart", product_id="shop:honey")
    assert "get_checkout_link" in text(commit("view_cart"))
    Store.objects.update(paused="we are away")

    assert "The shop takes no orders now: we are away" in text(commit("view_cart"))


def test_a_notice_is_told_beside_an_answer_that_was_shown_before(commit, honey):
    commit("add_to_cart", product_id="shop:honey")
    before = text(commit("view_cart"))
    Session.objects.update(expiry_untold=True)

    assert codes(commit("view_cart")) == ["cart_expired"]
    Session.objects.update(expiry_untold=False)
    assert text(commit("view_cart")) == before


def test_a_change_that_is_rolled_back_is_not_remembered(commit, honey, tea):
    commit("add_to_cart", product_id="shop:honey")
    commit("view_cart")
    caller = Caller(Call("add_to_cart", {"openai/session": "chat-1"}))

    with TestCase.captureOnCommitCallbacks(execute=True), pytest.raises(ZeroDivisionError), transaction.atomic():
        change(lambda state: (state.add(_sold(state), 5, state.store), save(state, "x", [], undo_to=1), 1 / 0), caller)
    assert quantities(commit("view_cart")) == {"shop:honey": 1}
    commit("add_to_cart", product_id="shop:tea")
    assert quantities(commit("view_cart")) == {"shop:honey": 1, "shop:tea": 1}


def test_lines_that_a_transaction_read_and_took_back_are_not_remembered(commit, honey, tea, settings):
    commit("add_to_cart", product_id="shop:honey")
    caller = Caller(Call("add_to_cart", {"openai/session": "chat-1"}))

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        change(lambda state: (state.add(_sold(state), 5, state.store), save(state, "x", [], undo_to=1)), caller)
        assert view_cart.function(caller.call).data["item_count"] == 6
        raise ZeroDivisionError
    # Another process makes another change, which gets the same version.
    settings.SHOPMCP_CACHE = False
    commit("add_to_cart", product_id="shop:tea")
    settings.SHOPMCP_CACHE = True

    assert quantities(commit("view_cart")) == {"shop:honey": 1, "shop:tea": 1}


def test_what_the_doctor_mends_is_seen_at_once(commit, honey, tea, settings):
    commit("add_to_cart", product_id="shop:honey")
    commit("view_cart")
    Cart.objects.update(version=2)
    commit("view_cart")

    for finding in versions():
        assert finding.mend is not None
        finding.mend()
    # Another process makes the change that gets the version of before.
    settings.SHOPMCP_CACHE = False
    commit("add_to_cart", product_id="shop:tea")
    settings.SHOPMCP_CACHE = True

    assert quantities(commit("view_cart")) == {"shop:honey": 1, "shop:tea": 1}


def _sold(state):
    return next(iter(state.lines.values())).product


def test_what_is_kept_is_bounded(commit, honey, tea, monkeypatch):
    monkeypatch.setattr(memory, "MOST", 5)
    for n in range(5):
        commit("add_to_cart", session=f"chat-{n}", items=[{"product_id": "shop:honey"}, {"product_id": "shop:tea"}])
        commit("view_cart", session=f"chat-{n}")

    assert memory.size() == 3


def test_empty_carts_are_bounded_too(commit, honey, monkeypatch):
    monkeypatch.setattr(memory, "MOST", 4)
    for n in range(5):
        commit("add_to_cart", session=f"chat-{n}", product_id="shop:honey")
        commit("clear_cart", session=f"chat-{n}")
        commit("view_cart", session=f"chat-{n}")

    assert memory.size() == 3


@pytest.mark.parametrize("cached", [True, False])
def test_the_setting_switches_it_off(commit, honey, settings, cached):
    settings.SHOPMCP_CACHE = cached
    commit("add_to_cart", product_id="shop:honey")
    commit("view_cart")

    assert line_queries(lambda: commit("view_cart")) == (0 if cached else 1)


SKUS = ["a", "b", "c"]
skus = st.sampled_from(SKUS)
ids = skus.map("shop:{}".format)
steps = st.one_of(
    st.tuples(st.just("add_to_cart"), st.fixed_dictionaries({"product_id": ids, "quantity": st.integers(1, 9)})),
    st.tuples(st.just("update_cart_item"), st.fixed_dictionaries({"product_id": ids, "quantity": st.integers(0, 9)})),
    st.tuples(st.just("remove_from_cart"), st.fixed_dictionaries({"product_id": ids})),
    st.tuples(st.sampled_from(["view_cart", "view_cart", "clear_cart", "undo_cart_change"]), st.just({})),
    st.tuples(
        st.just("edit"),
        st.fixed_dictionaries(
            {
                "sku": skus,
                "price": st.integers(1, 3).map(Decimal),
                "counted": st.none() | st.integers(0, 9),
                "available": st.booleans(),
                "sale_price": st.sampled_from([None, None, Decimal("0.5")]),
                "begins": st.sampled_from([None, 1, 2]),
            }
        ),
    ),
    st.tuples(st.just("order"), st.fixed_dictionaries({"sku": skus})),
    st.tuples(st.just("wait"), st.just({})),
)


@pytest.mark.django_db
@examples(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(played=st.lists(steps, min_size=5, max_size=25))
def test_answers_are_the_same_as_without(played, settings):
    with transaction.atomic():
        store = Store.objects.create(slug="shop", name="The Shop", currency="ILS")
        products = {sku: create_product(store, sku=sku, name=sku.upper(), price="2") for sku in SKUS}
        for tool, given_ in played:
            if tool == "wait":
                wait(1)
            elif tool == "order":
                take_stock({products[given_["sku"]].identity_id: 1}, reference="1")
            elif tool == "edit":
                fields = dict(given_)
                edited, begins = products[fields.pop("sku")], fields.pop("begins")
                fields["sale_begins"] = begins and timezone.now() + begins * HOUR - HOUR / 2
                Product.objects.filter(pk=edited.pk).update(**fields)
                reindex([edited.identity_id])
            else:
                assert answer(tool, given_, settings, cache=True) == answer(tool, given_, settings, cache=False)
        transaction.set_rollback(True)


def answer(tool: str, given_: dict[str, Any], settings, *, cache: bool):
    """What a chat with or without the memory is told; each of the two has a conversation of its own."""
    settings.SHOPMCP_CACHE = cache
    try:
        with TestCase.captureOnCommitCallbacks(execute=True):
            used, call = getattr(tools, tool), Call(tool, {"openai/session": f"cache {cache}"}, given=given_)
            told = (used.again(call) if used.again and not given_ else None) or used.function(call, **given_)
    except ShopError as refusal:
        return refusal.code, refusal.message, refusal.fix
    return told.text, told.data
