"""The `cart_id` of a widget: it names the conversation, costs no row, and opens no other cart."""

from time import time

import pytest
from asgiref.sync import async_to_sync

from carts import widget_handles
from carts.conversation import conversation_of
from carts.models import CallRecord, Cart, Session
from carts.widget_handles import named_by
from carts.widgets import cart_id_for_widget
from shopmcp.composition import toolbox
from shopmcp.mcp.call import Call
from shopmcp.mcp.widgets import EXTENSION
from tests.carts.answers import cart, error, quantities, text
from tests.carts.chats import kinds, person

ENVELOPE = "io.modelcontextprotocol/"
READS = {"search_products": {"query": "honey"}, "get_product": {"product_id": "shop:honey"}, "view_cart": {}}


@pytest.fixture
def show(ask, honey):
    """Call a tool as a client of 2025 does, which may show widgets."""

    def show(name, meta, **arguments):
        return ask(name, meta, mode="legacy", **arguments)

    return show


@pytest.fixture
def given(show):
    """The handle that a conversation's search gives to its widget."""
    return lambda meta: show("search_products", meta, query="honey").structured_content["cart_id"]


@pytest.mark.parametrize("name", READS)
def test_an_answer_with_a_widget_carries_a_handle_and_costs_no_session(show, name):
    answer = show(name, {"openai/session": "c1"}, **READS[name])

    handle = named_by(answer.structured_content["cart_id"])
    conversation = conversation_of(Call(name, {"openai/session": "c1"}))
    assert (handle.digests, handle.subjects) == (conversation.digests, ())
    assert len(answer.structured_content["cart_id"]) < 90
    assert answer.structured_content["cart_id"] not in text(answer)


def test_making_a_handle_asks_the_database_nothing(show, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert cart_id_for_widget(Call("view_cart", {"openai/session": "c1"}))
    show("view_cart", {"openai/session": "c1"})
    assert Cart.objects.count() == 0


@pytest.mark.parametrize("name", READS)
@pytest.mark.parametrize(("extensions", "shows"), [({EXTENSION: {}}, True), ({"other": {}}, False), (None, False)])
def test_on_2026_only_a_client_that_shows_widgets_gets_one(honey, name, extensions, shows):
    capabilities = {} if extensions is None else {"extensions": extensions}
    meta = {f"{ENVELOPE}protocolVersion": "2026-07-28", f"{ENVELOPE}clientCapabilities": capabilities}

    answer = async_to_sync(toolbox.answer)(name, READS[name], {"openai/session": "c1", **meta}, "")

    assert answer is not None
    assert ("cart_id" in answer["structuredContent"]) == shows


def test_its_first_write_opens_the_conversation_s_cart_and_others_stay_closed(show, given):
    handle = given({"openai/session": "c1"})

    assert quantities(show("view_cart", {}, cart_id=handle)) == {}
    added = show("add_to_cart", {}, cart_id=handle, product_id="shop:honey", quantity=2)

    assert quantities(added) == {"shop:honey": 2}
    assert "cart_id" not in text(added)
    assert quantities(show("view_cart", {"openai/session": "c1"})) == {"shop:honey": 2}
    assert quantities(show("view_cart", {"openai/session": "c2"})) == {}
    session = Session.objects.get(carts__isnull=False)
    assert session.source == "openai/session"
    assert set(CallRecord.objects.filter(tool="add_to_cart").values_list("source", flat=True)) == {"cart_id"}
    assert not kinds()


def test_beside_the_conversation_s_id_it_is_the_conversation_s_own(show, given):
    handle = given({"openai/session": "c1"})

    assert quantities(show("add_to_cart", {"openai/session": "c1"}, cart_id=handle, product_id="shop:honey"))
    refused = show("add_to_cart", {"openai/session": "c2"}, cart_id=handle, product_id="shop:honey")

    assert "belongs to another conversation" in error(refused)["message"]
    assert Cart.objects.get().item_count == 1
    assert kinds() == {"foreign_handle"}


def test_two_persons_in_one_conversation_have_carts_of_their_own(show, given):
    first, second = (given(person("c1", subject)) for subject in ("ann", "bob"))

    show("add_to_cart", {}, cart_id=first, product_id="shop:honey")
    show("add_to_cart", {}, cart_id=second, product_id="shop:honey", quantity=5)

    assert quantities(show("view_cart", person("c1", "ann"))) == {"shop:honey": 1}
    assert quantities(show("view_cart", person("c1", "bob"))) == {"shop:honey": 5}
    assert quantities(show("view_cart", {}, cart_id=second)) == {"shop:honey": 5}
    refused = show("view_cart", person("c1", "bob"), cart_id=first)
    assert "belongs to another conversation" in error(refused)["message"]


FORGERIES = {
    "cut short": lambda h: h[:-1],
    "longer": lambda h: h + "AAAA",
    "another": lambda h: h[:20] + ("A" if h[20] != "A" else "B") + h[21:],
    "no base64": lambda h: h[:20] + "é" + h[21:],
    "nothing": lambda h: "widget_",
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
@pytest.mark.parametrize(("name", "arguments"), [("view_cart", {}), ("add_to_cart", {"product_id": "shop:honey"})])
def test_a_forged_one_is_refused_and_makes_nothing(show, given, forge, name, arguments):
    handle = given({"openai/session": "c1"})

    refused = show(name, {}, cart_id=forge(handle), **arguments)

    assert error(refused)["code"] == "unknown_cart"
    assert Cart.objects.count() == 0
    assert "unknown_handle" in kinds()


def test_it_holds_for_a_day_and_is_then_told_to_have_expired(show, given, monkeypatch):
    handle = given({"openai/session": "c1"})
    assert 24 * 3600 <= named_by(handle).expires - time() <= 24 * 3600 + 600
    monkeypatch.setattr(widget_handles, "time", lambda: time() + 25 * 3600)

    refused = show("add_to_cart", {}, cart_id=handle, product_id="shop:honey")

    assert error(refused)["code"] == "cart_expired"
    assert "holds for a day" in error(refused)["message"]
    assert Cart.objects.count() == 0
    # Beside its own conversation's id nothing is missing.
    assert quantities(show("add_to_cart", {"openai/session": "c1"}, cart_id=handle, product_id="shop:honey"))


def test_a_shop_that_refuses_calls_without_an_id_gives_and_takes_none(show, given, settings):
    handle = given({"openai/session": "c1"})
    settings.SHOPMCP_UNKEYED_CALLS = "refuse"

    assert "cart_id" not in show("view_cart", {"openai/session": "c1"}).structured_content
    refused = show("add_to_cart", {}, cart_id=handle, product_id="shop:honey")

    assert error(refused)["code"] == "session_needed"
    assert Cart.objects.count() == 0


def test_it_outlives_a_change_of_the_secret_key_and_never_opens_a_second_cart(show, given, settings):
    handle, early = given({"openai/session": "c1"}), given({"openai/session": "c2"})
    show("add_to_cart", {}, cart_id=handle, product_id="shop:honey")
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = (
        [settings.SECRET_KEY],
        "another-secret-key-of-fifty-characters-or-more-0000",
    )

    assert quantities(show("add_to_cart", {}, cart_id=handle, product_id="shop:honey")) == {"shop:honey": 2}
    newer = given({"openai/session": "c1"})
    assert quantities(show("add_to_cart", {}, cart_id=newer, product_id="shop:honey")) == {"shop:honey": 3}
    # By now the session has its name under the new key, and the other conversation has none.
    Session.objects.filter(carts=None).delete()
    for former in (handle, early):
        for name, arguments in (("add_to_cart", {"product_id": "shop:honey"}), ("view_cart", {})):
            assert error(show(name, {}, cart_id=former, **arguments))["code"] == "cart_expired"
    assert Cart.objects.get().item_count == 3


def test_an_unkeyed_chat_s_search_hands_on_the_cart_id_that_it_passed(show, handle):
    assert show("search_products", {}, query="honey", cart_id=handle).structured_content["cart_id"] == handle
    assert "cart_id" not in show("search_products", {}, query="honey").structured_content
    forged = handle[:-1] + ("a" if handle[-1] != "a" else "b")
    assert "cart_id" not in show("search_products", {}, query="honey", cart_id=forged).structured_content


def test_a_placeholder_stays_a_placeholder(show, given):
    show("add_to_cart", {}, cart_id=given({"sessionId": "null"}), product_id="shop:honey")

    assert cart(show("view_cart", {"sessionId": "null"}))["item_count"] == 1
    assert "placeholder_id" in kinds()
