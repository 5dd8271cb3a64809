"""The language of an answer does not change in the middle of a conversation."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from carts import languages
from carts.models import Session
from catalog.models import Store
from shopmcp.composition import toolbox
from tests.carts.answers import cart, text

HEBREW, ENGLISH = "העגלה ריקה", "The cart is empty"


@pytest.fixture
def two_stores(store, make_product):
    """The first store is English, the second Hebrew."""
    other = Store.objects.create(slug="maz", name="מזון", currency="ILS", language="he")
    make_product("Honey")
    make_product("דבש", store=other, sku="d1")
    return other


def test_the_first_search_settles_it_for_every_tool(call_tool, two_stores):
    assert ENGLISH in text(call_tool("view_cart"))
    call_tool("search_products", query="דבש")

    assert HEBREW in text(call_tool("view_cart"))
    assert "סך הכול" in text(call_tool("add_to_cart", product_id="shop:honey"))
    call_tool("clear_cart")
    assert HEBREW in text(call_tool("view_cart"))
    assert "העגלה לא השתנתה." in text(call_tool("add_to_cart", product_id="ghost"))
    assert "העגלה לא השתנתה." in text(call_tool("add_to_cart"))
    assert Session.objects.get().language == "he"


def test_latin_words_in_a_hebrew_conversation_change_nothing(call_tool, two_stores):
    call_tool("search_products", query="דבש")
    found = call_tool("search_products", query="honey")

    assert "found" not in text(found)
    assert HEBREW in text(call_tool("view_cart"))
    assert Session.objects.get().language == "he"


def test_an_english_search_settles_english_for_a_hebrew_store_too(call_tool, two_stores):
    call_tool("search_products", query="honey")

    assert "The cart holds 1 item" in text(call_tool("add_to_cart", product_id="maz:d1"))


def test_latin_words_settle_nothing_in_a_shop_that_is_all_hebrew(call_tool, two_stores):
    Store.objects.update(language="he")
    call_tool("search_products", query="honey")

    assert HEBREW in text(call_tool("view_cart"))
    assert Session.objects.get().language == ""


def test_a_search_without_words_settles_nothing(call_tool, two_stores):
    for query in ("", "500", "shop:honey", "рис"):
        call_tool("search_products", query=query)

    assert Session.objects.get().language == ""
    call_tool("search_products", query="דבש")
    assert Session.objects.get().language == "he"


def test_another_process_finds_it_in_the_database(call_tool, two_stores):
    call_tool("search_products", query="דבש")
    languages.forget()

    assert "found" not in text(call_tool("search_products", query="honey"))
    languages.forget()
    assert "In stock" not in text(call_tool("get_product", product_id="shop:honey"))
    languages.forget()
    assert HEBREW in text(call_tool("view_cart"))


def test_the_caller_s_own_language_comes_first_and_settles_nothing(call_tool, two_stores):
    call_tool("search_products", query="honey", meta={"openai/locale": "he-IL"})
    assert Session.objects.get().language == ""
    call_tool("search_products", query="דבש")

    assert ENGLISH in text(call_tool("view_cart", meta={"openai/locale": "en"}))
    assert HEBREW in text(call_tool("view_cart"))


def test_conversations_have_languages_of_their_own(call_tool, two_stores):
    call_tool("search_products", session="one", query="דבש")
    call_tool("search_products", session="two", query="honey")

    assert HEBREW in text(call_tool("view_cart", session="one"))
    assert ENGLISH in text(call_tool("view_cart", session="two"))


def test_chats_that_share_a_cart_or_a_placeholder_settle_nothing_for_each_other(call_tool, two_stores, settings):
    call_tool("search_products", session="null", query="דבש")
    assert ENGLISH in text(call_tool("view_cart", session="null"))
    settings.SHOPMCP_UNKEYED_CALLS = "shared"
    call_tool("search_products", session=None, query="דבש")
    assert ENGLISH in text(call_tool("view_cart", session=None))


def test_the_store_of_the_product_decides_where_nothing_settled_it(call_tool, two_stores):
    added = call_tool("add_to_cart", product_id="maz:d1")
    assert "סך הכול" in text(added)
    assert "סך הכול" in text(call_tool("update_cart_item", session="another", product_id="maz:d1", quantity=2))
    assert "The cart holds" in text(call_tool("add_to_cart", session="third", product_id="shop:honey"))


def test_a_refusal_about_a_product_is_in_the_language_of_its_store(call_tool, two_stores, make_product):
    make_product("תה", store=two_stores, sku="t1", stock=0)

    assert "העגלה לא השתנתה." in text(call_tool("add_to_cart", product_id="maz:t1"))


def test_a_chat_without_an_id_is_remembered_by_its_cart_id(call_tool, two_stores):
    handle = cart(call_tool("add_to_cart", session=None, product_id="shop:honey"))["cart_id"]
    languages.remember(f"s_{handle[5:21]}", "he")

    assert "בעגלה" in text(call_tool("view_cart", session=None, cart_id=handle))


def test_browsing_takes_no_query_for_a_language_that_is_remembered(call_tool, two_stores, monkeypatch):
    async def forget(call, outcome, seconds):
        if call.notes.chat:
            languages.remember(call.notes.chat, "he")

    monkeypatch.setattr(toolbox, "record", forget)
    counts = []
    asks_for_one = {"openai/locale": "he"}
    for meta in (asks_for_one, asks_for_one, {}, {}):
        with CaptureQueriesContext(connection) as asked:
            call_tool("get_product", product_id="shop:honey", meta=meta)
        counts.append(len(asked))

    # The first call of a conversation asks once what it was not told yet; on PostgreSQL each does.
    assert counts[0] == counts[1] + (connection.vendor == "sqlite")
    assert counts[2] == counts[1] + 1
    assert counts[3] == counts[1]
