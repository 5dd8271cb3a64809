"""A write with a request_id happens once, however often it is sent."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from carts.models import AnsweredRequest, Cart, Change, Line
from carts.services import requests
from catalog.models import Product
from tests.carts.answers import cart, changes, codes, error, quantities, text

SINCE = (
    "\nThis repeats the first answer to this request_id, version {}; nothing was done again. "
    "The cart has changed since: its lines and total are those of now, version {}."
)


def told(result):
    """What a repeated answer tells as the first one did."""
    return {key: cart(result).get(key) for key in ("version", "changes", "notices")}


@pytest.fixture
def add(call_tool, honey, tea):
    def add(**arguments):
        arguments.setdefault("product_id", "shop:honey")
        return call_tool("add_to_cart", **{"request_id": "r1", **arguments})

    return add


def test_a_repeated_request_gets_the_identical_answer_and_adds_nothing(add, call_tool):
    first, again = add(quantity=2), add(quantity="2")

    assert again.structured_content == first.structured_content
    assert text(again) == text(first)
    assert quantities(call_tool("view_cart")) == {"shop:honey": 2}
    assert Change.objects.count() == 1


def test_what_was_told_first_is_told_again_with_the_cart_as_it_is_now(add, call_tool):
    Product.objects.filter(sku="honey").update(counted=1)
    first = add(quantity=2)
    call_tool("clear_cart")
    call_tool("add_to_cart", product_id="shop:tea")
    Product.objects.update(price="1.00")
    Product.objects.filter(sku="honey").update(counted=0)

    again = add(quantity=2)
    assert told(again) == told(first)
    assert (cart(again)["version"], changes(again), codes(again)) == (1, ["Honey: 0 → 1"], ["stock"])
    assert quantities(again) == {"shop:tea": 1}
    assert cart(again)["total"]["amount"] == "1.00"
    assert text(again).startswith("Honey: 0 → 1.\nThe cart holds 1 item (version 3):\n- 1 × Tea")
    assert text(again).endswith(SINCE.format(1, 3))
    assert quantities(call_tool("view_cart")) == {"shop:tea": 1}
    assert Change.objects.count() == 3


def test_a_request_is_remembered_beyond_an_order_and_says_that_the_cart_is_another(add, call_tool):
    first = add()
    Cart.objects.update(ordered_at=timezone.now())

    again = add()

    assert told(again) == told(first)
    assert quantities(again) == {}
    assert text(again).endswith(SINCE.format(1, 0))
    assert Cart.objects.count() == 1


def test_the_same_id_with_other_arguments_is_refused(add, call_tool):
    add()

    for other in ({"quantity": 2}, {"product_id": "shop:tea"}, {"product_id": None, "items": [{"product_id": "x"}]}):
        result = add(**other)
        assert error(result)["code"] == "request_id_reused"
        assert "Use a new request_id for a new change." in text(result)
    assert quantities(call_tool("view_cart")) == {"shop:honey": 1}


def test_a_list_is_repeated_like_a_single_product(add, call_tool):
    items = [{"product_id": "shop:honey", "quantity": 2}, {"product_id": "shop:tea"}]
    first, again = add(product_id=None, items=items), add(product_id=None, items=items)

    assert again.structured_content == first.structured_content
    assert quantities(call_tool("view_cart")) == {"shop:honey": 2, "shop:tea": 1}


@pytest.mark.parametrize("session", ["chat", None])
def test_a_change_asks_the_database_nothing_after_its_end(call_tool, ask, honey, session):
    """Work that fails after its commit would be done again, or be told as not done."""
    handle = {} if session else {"cart_id": cart(ask("add_to_cart", {}, product_id="shop:honey"))["cart_id"]}
    changes: list[tuple[str, dict[str, Any]]] = [
        ("add_to_cart", {"product_id": "shop:honey"}),
        ("update_cart_item", {"product_id": "shop:honey", "quantity": 2}),
        ("remove_from_cart", {"product_id": "shop:honey"}),
        ("remove_from_cart", {"product_id": "shop:honey"}),
        ("undo_cart_change", {}),
        ("clear_cart", {}),
        ("clear_cart", {}),
    ]
    for name, arguments in changes:
        with CaptureQueriesContext(connection) as asked:
            assert not call_tool(name, session=session, **arguments, **handle).is_error
        words = [query["sql"].split()[0] for query in asked]
        # What follows is the record of the call, in a transaction of its own.
        assert words[words.index("RELEASE") + 1] == "SAVEPOINT", (name, words)


def test_conversations_do_not_share_request_ids(add, call_tool):
    add()

    assert quantities(add(session="chat-2", quantity=5)) == {"shop:honey": 5}


def test_a_refused_request_may_be_tried_again(add, call_tool):
    Product.objects.filter(sku="honey").update(counted=0)
    assert error(add())["code"] == "not_for_sale"
    Product.objects.filter(sku="honey").update(counted=None)

    assert quantities(add()) == {"shop:honey": 1}
    assert quantities(add()) == {"shop:honey": 1}


def test_a_request_that_changed_nothing_is_remembered_too(add, call_tool):
    call_tool("add_to_cart", product_id="shop:honey")
    Product.objects.filter(sku="honey").update(counted=1)
    first = add()
    Product.objects.filter(sku="honey").update(counted=None)

    assert changes(first) == []
    assert cart(first)["version"] == 1
    assert add().structured_content == first.structured_content
    assert quantities(call_tool("view_cart")) == {"shop:honey": 1}
    assert quantities(call_tool("undo_cart_change")) == {}


@pytest.mark.parametrize(("hours", "quantity"), [(23, 1), (25, 2)])
def test_an_id_is_free_again_after_a_day(add, call_tool, hours, quantity):
    add()
    AnsweredRequest.objects.update(created_at=timezone.now() - timedelta(hours=hours))

    add()

    assert quantities(call_tool("view_cart")) == {"shop:honey": quantity}
    assert quantities(add(quantity=1)) == {"shop:honey": quantity}


def test_a_request_is_remembered_though_its_change_was_deleted(add):
    first = add()
    Change.objects.all().delete()

    assert add().structured_content == first.structured_content


def test_a_chat_that_is_known_by_its_handle_may_repeat_too(add, call_tool):
    minted = cart(call_tool("add_to_cart", session=None, product_id="shop:tea"))["cart_id"]
    first, again = (add(session=None, cart_id=minted) for _ in range(2))

    assert again.structured_content == first.structured_content
    assert quantities(call_tool("view_cart", session=None, cart_id=minted)) == {"shop:tea": 1, "shop:honey": 1}


@pytest.mark.parametrize(
    ("tool", "arguments", "other"),
    [
        ("update_cart_item", {"product_id": "shop:honey", "quantity": 5}, {"quantity": 6}),
        ("remove_from_cart", {"product_id": "shop:honey"}, {"product_id": "shop:tea"}),
        ("undo_cart_change", {}, {"version": 1}),
        ("clear_cart", {}, None),
    ],
)
def test_every_tool_that_changes_a_cart_may_be_repeated(call_tool, honey, tea, tool, arguments, other):
    for sku in ("honey", "tea"):
        call_tool("add_to_cart", product_id=f"shop:{sku}", quantity=2)
    first = call_tool(tool, request_id="r2", **arguments)
    version = cart(first)["version"]
    # What the shopper does next stays, though the same call comes once more.
    call_tool("add_to_cart", product_id="shop:honey", quantity=3)
    expected = quantities(call_tool("view_cart"))

    again = call_tool(tool, request_id="r2", **arguments)

    assert told(again) == told(first)
    assert quantities(again) == expected
    assert text(again).endswith(SINCE.format(version, version + 1))
    assert quantities(call_tool("view_cart")) == expected
    assert Cart.objects.get().version == version + 1
    if other is not None:
        assert error(call_tool(tool, request_id="r2", **{**arguments, **other}))["code"] == "request_id_reused"


def test_a_request_of_one_tool_is_none_of_another(call_tool, honey):
    call_tool("add_to_cart", product_id="shop:honey", request_id="r1")

    result = call_tool("remove_from_cart", product_id="shop:honey", request_id="r1")

    assert error(result)["code"] == "request_id_reused"
    assert quantities(call_tool("view_cart")) == {"shop:honey": 1}


def test_a_handle_is_no_request_id(add, call_tool):
    minted = cart(call_tool("add_to_cart", session=None, product_id="shop:tea"))["cart_id"]

    result = add(session=None, request_id=minted)

    assert error(result)["code"] == "invalid_arguments"
    assert "Pass it as cart_id, and a request_id of your own." in text(result)
    assert not AnsweredRequest.objects.exists()
    assert quantities(call_tool("view_cart", session=None, cart_id=minted)) == {"shop:tea": 1}


def test_the_database_holds_no_handle_of_a_cart(add, call_tool):
    minted = cart(call_tool("add_to_cart", session=None, product_id="shop:tea"))["cart_id"]
    first = add(session=None, cart_id=minted)

    stored = str(list(AnsweredRequest.objects.values()))

    assert minted in text(first)
    assert minted not in stored
    assert text(add(session=None, cart_id=minted)) == text(first)


def test_an_answer_is_stored_only_where_it_may_be_asked_for_again(add, call_tool):
    call_tool("add_to_cart", product_id="shop:honey")
    assert not AnsweredRequest.objects.exists()

    add()

    assert AnsweredRequest.objects.get().request_id == "r1"
    assert Cart.objects.get().version == 2


def test_a_full_cart_makes_no_stored_answer_longer(add, call_tool, make_product):
    for start in (0, 50):
        items = [{"product_id": make_product(f"Product {n}").public_id} for n in range(start, start + 50)]
        cart(call_tool("add_to_cart", items=items[:49] if start else items))

    add()

    assert Line.objects.count() == 100
    answer = AnsweredRequest.objects.get()
    assert len(answer.told) < 100
    assert answer.filled < 500


def test_a_session_that_used_too_many_request_ids_is_refused_until_the_first_are_forgotten(add, call_tool, monkeypatch):
    monkeypatch.setattr(requests, "MOST_BYTES", 2000)
    answers = [add(request_id=f"r{n}") for n in range(10)]
    made = sum(not answer.is_error for answer in answers)
    refused = answers[made]

    assert 3 <= made <= 6
    assert [answer.is_error for answer in answers] == [False] * made + [True] * (10 - made)
    assert error(refused)["code"] == "request_limit"
    assert 86_000 < error(refused)["retry_after"] <= 86_400
    assert text(refused).endswith("The cart is unchanged.")
    assert quantities(call_tool("view_cart")) == {"shop:honey": made}
    assert AnsweredRequest.objects.count() == made
    # What was told is still told again, others are not stopped, and a call without an id is made.
    assert told(add(request_id="r0")) == told(answers[0])
    assert quantities(add(session="chat-2", request_id="r0")) == {"shop:honey": 1}
    assert quantities(call_tool("add_to_cart", product_id="shop:honey")) == {"shop:honey": made + 1}

    first = AnsweredRequest.objects.order_by("filled")[0].pk
    AnsweredRequest.objects.filter(pk=first).update(created_at=timezone.now() - timedelta(hours=25))
    assert quantities(add(request_id="later")) == {"shop:honey": made + 2}
    assert error(add(request_id="still later"))["code"] == "request_limit"


def test_remembering_costs_the_same_however_many_requests_a_session_made(add, call_tool, django_assert_max_num_queries):
    cart(add(request_id="first"))
    session = AnsweredRequest.objects.get().session
    AnsweredRequest.objects.bulk_create(
        AnsweredRequest(session=session, request_id=f"x{n}", fingerprint="", version=1, told="{}", filled=n * 400)
        for n in range(1, 1000)
    )

    with django_assert_max_num_queries(25):  # with the record of the call
        add()


def test_two_chats_on_the_shared_cart_hear_that_a_request_id_may_be_another_s(add, settings):
    settings.SHOPMCP_UNKEYED_CALLS = "shared"
    first, other = add(session=None), add(session=None)

    assert quantities(first) == quantities(other) == {"shop:honey": 1}
    assert told(other) == told(first)
    assert "nothing was done now" not in text(first)
    assert "perhaps from another chat on this cart, so nothing was done now." in text(other)
    assert "call again with another request_id" in text(other)
    assert quantities(add(session=None, request_id="r2")) == {"shop:honey": 2}
