"""News that the chat's next answer tells, whatever tool gives it, and no later one."""

import pytest
from django.db import transaction

from carts.models import Session
from carts.news import CHANGED, KEPT
from carts.services.ordering import tell_chat
from carts.widgets import cart_id_for_widget
from shopmcp.mcp.call import Call
from tests.carts.answers import codes, error, text

NEWS = "Order K7M-29Q-XFM is now: confirmed."


@pytest.fixture
def chat(call_tool, tea):
    call_tool("add_to_cart", product_id="shop:tea")
    return Session.objects.get()


def write(session, code="order_confirmed", said=NEWS):
    with transaction.atomic():
        tell_chat(session.pk, code, said)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("view_cart", {}),
        ("list_orders", {}),
        ("debug_session", {}),
        ("get_checkout_link", {}),
        ("list_stores", {}),
        ("search_products", {"query": "tea"}),
        ("get_product", {"product_id": "shop:tea"}),
        ("add_to_cart", {"product_id": "shop:tea"}),
        ("clear_cart", {}),
    ],
)
def test_the_next_answer_of_any_tool_tells_them_and_no_later_one(chat, call_tool, name, given):
    write(chat)

    assert text(call_tool(name, **given)).count(NEWS) == 1

    for later in ("view_cart", "list_stores", "list_orders"):
        assert NEWS not in text(call_tool(later)), later
    assert Session.objects.get().news == ""


def test_a_search_tells_what_came_after_the_one_before(chat, call_tool):
    for number in range(2):
        call_tool("search_products", query="tea")
        write(chat, said=f"{NEWS} {number}")

        assert f"{NEWS} {number}" in text(call_tool("search_products", query="tea"))


def test_another_persons_news_in_a_conversation_are_told_to_that_person_alone(chat, call_tool):
    for person in ("dana", "ron"):
        call_tool("add_to_cart", product_id="shop:tea", meta={"openai/subject": person})
        call_tool("list_stores", meta={"openai/subject": person})
    of_ron = Session.objects.latest("pk")
    write(of_ron)

    assert NEWS not in text(call_tool("list_stores", meta={"openai/subject": "dana"}))
    assert NEWS in text(call_tool("list_stores", meta={"openai/subject": "ron"}))


def test_a_refusal_of_a_reading_tool_tells_them_too(chat, call_tool):
    write(chat)

    refused = call_tool("list_orders", order="000-000-000")

    assert error(refused)["code"] == "not_found"
    assert NEWS in text(refused)
    assert codes(call_tool("view_cart")) == []


def test_a_refused_change_leaves_them_to_the_next_answer(chat, call_tool):
    write(chat)

    assert call_tool("add_to_cart", product_id="shop:nothing").is_error

    assert codes(call_tool("view_cart")) == ["order_confirmed"]


def test_that_an_account_keeps_the_conversation_is_told_once(chat, call_tool):
    write(chat, KEPT, "Somebody keeps it.")

    assert [codes(call_tool("view_cart")) for _ in range(2)] == [[KEPT], []]


def test_news_of_the_cart_beside_them_are_repeated(chat, call_tool):
    write(chat)
    write(chat, CHANGED, "Changed.")

    assert [codes(call_tool("view_cart")) for _ in range(2)] == [["order_confirmed", CHANGED], [CHANGED]]


def test_an_answer_for_programs_takes_none(chat, call_tool):
    write(chat)

    assert NEWS not in text(call_tool("search", query="tea"))
    assert codes(call_tool("view_cart")) == ["order_confirmed"]


def test_a_widget_takes_them_from_no_chat(chat, call_tool):
    call = Call("view_cart", {"openai/session": "chat-1"})
    handle = cart_id_for_widget(call)
    write(chat)

    for _ in range(2):
        assert codes(call_tool("view_cart", session=None, cart_id=handle)) == ["order_confirmed"]
    assert codes(call_tool("view_cart")) == ["order_confirmed"]
    assert codes(call_tool("view_cart")) == []


def test_a_chat_of_a_shared_id_keeps_them_until_a_write(tea, call_tool, db):
    call_tool("add_to_cart", session="null", product_id="shop:tea")
    write(Session.objects.get())

    for _ in range(2):
        assert codes(call_tool("view_cart", session="null")) == ["order_confirmed"]
    assert "order_confirmed" in codes(call_tool("add_to_cart", session="null", product_id="shop:tea"))
    assert codes(call_tool("view_cart", session="null")) == []
