"""The cart's tools as a chat uses them."""

from typing import Any

import pytest
from django.utils import timezone

from carts.caller import Caller
from carts.models import Cart, Line, Session
from carts.services import cleanup, saving
from carts.services.sessions import find_for_cart
from catalog.models import Store
from shopmcp.composition import toolbox
from shopmcp.mcp.call import Call
from tests.carts.answers import cart, changes, error, quantities, text

MODES = ["legacy", "2026-07-28"]


# What each tool does


@pytest.mark.parametrize("mode", MODES)
def test_a_product_is_added_and_the_answer_shows_the_whole_cart(call_tool, honey, mode):
    result = call_tool("add_to_cart", product_id="shop:honey", quantity=2, mode=mode)

    assert cart(result) == {
        "version": 1,
        "currency": "ILS",
        "lines": [
            {
                "product_id": "shop:honey",
                "name": "Honey",
                "quantity": 2,
                "unit_price": {"amount": "20.00", "formatted": "₪20.00"},
                "line_total": {"amount": "40.00", "formatted": "₪40.00"},
            }
        ],
        "item_count": 2,
        "total": {"amount": "40.00", "formatted": "₪40.00"},
        "changes": ["Honey: 0 → 2"],
    }
    assert text(result) == (
        "Honey: 0 → 2.\nThe cart holds 2 items (version 1):\n- 2 × Honey (shop:honey), ₪20.00: ₪40.00\nTotal: ₪40.00.\n"
        "To go on in the browser: get_checkout_link."
    )


def test_adding_twice_adds_up(call_tool, honey):
    call_tool("add_to_cart", product_id="shop:honey")
    result = call_tool("add_to_cart", product_id="shop:honey", quantity=2)

    assert quantities(result) == {"shop:honey": 3}
    assert changes(result) == ["Honey: 1 → 3"]
    assert cart(result)["version"] == 2


def test_several_products_are_added_at_once(call_tool, honey, tea):
    items = [{"product_id": "shop:honey", "quantity": "2"}, {"product_id": "shop:tea"}, {"product_id": "honey"}]
    result = call_tool("add_to_cart", items=items)

    assert quantities(result) == {"shop:honey": 3, "shop:tea": 1}
    assert changes(result) == ["Honey: 0 → 3", "Tea: 0 → 1"]
    assert cart(result)["version"] == 1
    assert cart(result)["total"]["amount"] == "69.90"


def test_a_list_may_come_as_json_text(call_tool, honey):
    assert quantities(call_tool("add_to_cart", items='[{"product_id": "shop:honey", "quantity": 2}]')) == {
        "shop:honey": 2
    }


def test_an_exact_name_sku_or_address_is_enough(call_tool, make_product):
    make_product("Wild honey", sku="h1", url="https://example.com/honey")

    for reference in ("h1", "shop:h1", "wild HONEY", "https://example.com/honey"):
        result = call_tool("add_to_cart", product_id=reference)
    assert quantities(result) == {"shop:h1": 4}
    assert quantities(call_tool("update_cart_item", product_id="https://example.com/honey", quantity=2)) == {
        "shop:h1": 2
    }
    assert quantities(call_tool("remove_from_cart", product_id="Wild honey")) == {}


def test_a_quantity_is_set_and_setting_it_again_changes_nothing(call_tool, honey):
    call_tool("add_to_cart", product_id="shop:honey")
    first = call_tool("update_cart_item", product_id="shop:honey", quantity=5)
    again = call_tool("update_cart_item", product_id="shop:honey", quantity=5)

    assert quantities(first) == quantities(again) == {"shop:honey": 5}
    assert changes(first) == ["Honey: 1 → 5"]
    assert changes(again) == []
    assert cart(first)["version"] == cart(again)["version"] == 2
    assert text(again).startswith("Nothing changed.")


def test_a_quantity_of_0_removes_even_what_is_not_there(call_tool, honey):
    call_tool("add_to_cart", product_id="shop:honey")

    for _ in range(2):
        result = call_tool("update_cart_item", product_id="shop:honey", quantity=0)
        assert quantities(result) == {}
    assert cart(result)["version"] == 2
    assert not Line.objects.exists()


def test_a_product_is_removed_and_removing_it_again_changes_nothing(call_tool, honey, tea):
    call_tool("add_to_cart", items=[{"product_id": "shop:honey"}, {"product_id": "shop:tea"}])
    first = call_tool("remove_from_cart", product_id="shop:honey")
    again = call_tool("remove_from_cart", product_id="shop:honey")

    assert quantities(first) == quantities(again) == {"shop:tea": 1}
    assert changes(first) == ["Honey: 1 → 0"]
    assert cart(again)["version"] == 2


def test_a_cart_is_cleared_and_clearing_it_again_changes_nothing(call_tool, honey, tea):
    call_tool("add_to_cart", items=[{"product_id": "shop:honey"}, {"product_id": "shop:tea"}])
    first = call_tool("clear_cart")
    again = call_tool("clear_cart")

    assert quantities(first) == quantities(again) == {}
    assert changes(first) == ["Honey: 1 → 0", "Tea: 1 → 0"]
    assert cart(again)["version"] == 2
    assert "The cart is empty (version 2)." in text(again)


def test_looking_changes_nothing(call_tool, honey):
    call_tool("add_to_cart", product_id="shop:honey")
    results = [call_tool("view_cart") for _ in range(2)]

    assert [cart(result)["version"] for result in results] == [1, 1]
    assert cart(results[0]) == cart(results[1])
    assert changes(results[0]) == []
    assert text(results[0]).startswith("The cart holds 1 item (version 1):")


def test_a_new_conversation_s_cart_is_empty_in_the_store_s_currency(call_tool, store):
    answer = cart(call_tool("view_cart"))

    assert answer["lines"] == []
    assert answer["version"] == 0
    assert answer["total"] == {"amount": "0.00", "formatted": "₪0.00"}


def test_a_shop_without_a_store_has_empty_carts(call_tool):
    assert cart(call_tool("view_cart"))["lines"] == []
    assert cart(call_tool("clear_cart"))["lines"] == []
    assert call_tool("debug_session").structured_content["item_count"] == 0


def test_lines_stay_in_the_order_in_which_they_were_added(call_tool, make_product):
    for name in ("Zaatar", "Almonds", "Mint"):
        make_product(name)
        call_tool("add_to_cart", product_id=name)
    call_tool("update_cart_item", product_id="Zaatar", quantity=9)

    assert [line["name"] for line in cart(call_tool("view_cart"))["lines"]] == ["Zaatar", "Almonds", "Mint"]


@pytest.mark.parametrize("mode", MODES)
def test_debug_session_says_which_session_this_is(call_tool, honey, mode):
    call_tool("add_to_cart", product_id="shop:honey", quantity=2)
    result = call_tool("debug_session", meta={"acme/trace": "1"}, mode=mode)

    public_id = Session.objects.get().public_id
    assert result.structured_content == {
        "session": public_id,
        "source": "openai/session",
        "isolated": True,
        "active_sessions": 1,
        "item_count": 2,
        "total": {"amount": "40.00", "formatted": "₪40.00"},
        "received": ["acme/trace", "openai/session"],
        "hints": [],
    }
    for said in (public_id, "openai/session", "2 items, ₪40.00", "Active sessions: 1.", "acme/trace"):
        assert said in text(result)


def test_unknown_arguments_are_ignored_and_named(call_tool, honey):
    result = call_tool("add_to_cart", product_id="shop:honey", colour="red", size="L")

    assert quantities(result) == {"shop:honey": 1}
    assert text(result).endswith("Ignored unknown arguments: colour, size.")
    refused = call_tool("add_to_cart", product_id="shop:ghost", colour="red")
    assert text(refused).endswith("The cart is unchanged. Ignored an unknown argument: colour.")


@pytest.mark.parametrize(
    "items", [[{"product_id": "shop:honey", "qty": 3}], '[{"product_id": "shop:honey", "qty": 3}]']
)
def test_unknown_arguments_inside_a_list_are_named_with_their_place(call_tool, honey, items):
    result = call_tool("add_to_cart", items=items)

    assert quantities(result) == {"shop:honey": 1}
    assert text(result).endswith("Ignored an unknown argument: items[0].qty.")


def test_null_for_an_optional_argument_counts_as_absent(call_tool, honey):
    result = call_tool("add_to_cart", product_id="shop:honey", items=None, cart_id=None, request_id=None)

    assert quantities(result) == {"shop:honey": 1}
    assert error(call_tool("undo_cart_change", version="x"))["code"] == "invalid_arguments"
    assert quantities(call_tool("undo_cart_change", version=None)) == {}


def test_two_stores_sell_in_two_currencies(call_tool, honey, make_product):
    other = Store.objects.create(slug="other", name="Other", currency="USD", language="en")
    make_product("Mug", "1234.50", store=other)
    call_tool("add_to_cart", product_id="shop:honey")

    assert error(call_tool("add_to_cart", product_id="other:mug"))["code"] == "cart_limit"
    assert quantities(call_tool("view_cart")) == {"shop:honey": 1}
    result = call_tool("add_to_cart", session="chat-2", product_id="other:mug", quantity=2)
    assert cart(result)["currency"] == "USD"
    assert cart(result)["total"] == {"amount": "2469.00", "formatted": "$2,469.00"}
    call_tool("clear_cart")
    assert quantities(call_tool("add_to_cart", product_id="other:mug")) == {"other:mug": 1}


def test_the_version_and_the_lines_that_are_shown_belong_together(call_tool, honey, tea, settings):
    settings.SHOPMCP_CACHE = False  # remembered lines are of the version that was read
    call_tool("add_to_cart", product_id="shop:honey")
    row = find_for_cart(Caller(Call("view_cart", {"openai/session": "chat-1"})))
    assert row is not None
    shown = []
    for change, arguments in (
        ("add_to_cart", {"product_id": "shop:tea"}),
        ("clear_cart", {}),
        ("undo_cart_change", {}),
    ):
        call_tool(change, **arguments)
        state = saving.load_cart(row, timezone.now())
        shown.append((state.version, state.currency, len(state.lines)))

    assert shown == [(2, "ILS", 2), (3, "", 0), (4, "ILS", 2)]


def test_a_cart_that_is_deleted_while_it_is_looked_at_is_empty(call_tool, honey):
    call_tool("add_to_cart", product_id="shop:honey")
    row = find_for_cart(Caller(Call("view_cart", {"openai/session": "chat-1"})))
    assert row is not None
    cleanup.delete_sessions(Session.objects.all())

    state = saving.load_cart(row, timezone.now())

    assert (state.version, state.lines) == (0, {})


# Languages


def test_a_hebrew_store_is_answered_in_hebrew(call_tool, honey, store):
    store.language = "he"
    store.save()
    result = call_tool("add_to_cart", product_id="shop:honey")

    assert "סך הכול: 20.00 ₪." in text(result)
    assert cart(result)["total"]["formatted"] == "20.00 ₪"
    assert "העגלה ריקה" in text(call_tool("view_cart", session="another"))
    assert "The cart" not in text(result)


def test_the_caller_s_language_comes_before_the_store_s(call_tool, honey, store):
    for locale in ("he", "he-IL", "iw_IL"):
        assert "העגלה ריקה" in text(call_tool("view_cart", meta={"openai/locale": locale}))
    store.language = "he"
    store.save()
    assert "The cart is empty" in text(call_tool("view_cart", meta={"openai/locale": "en-US"}))
    assert "העגלה ריקה" in text(call_tool("view_cart", meta={"openai/locale": "fr"}))


REFUSALS: dict[str, tuple[str, dict[str, Any]]] = {
    "not found": ("add_to_cart", {"product_id": "ghost"}),
    "nothing to undo": ("undo_cart_change", {}),
    "unknown handle": ("add_to_cart", {"product_id": "shop:honey", "cart_id": "cart_x"}),
    "no quantity": ("add_to_cart", {"product_id": "shop:honey", "quantity": -5}),
    "no product": ("update_cart_item", {"quantity": 1}),
    "both": ("add_to_cart", {"product_id": "shop:honey", "items": [{"product_id": "shop:honey"}]}),
}


@pytest.mark.parametrize("session", ["chat-1", None], ids=["keyed", "unkeyed"])
@pytest.mark.parametrize("case", REFUSALS)
def test_a_refusal_in_a_hebrew_store_is_hebrew_throughout(call_tool, honey, store, case, session):
    store.language = "he"
    store.save()
    name, arguments = REFUSALS[case]

    result = call_tool(name, session=session, **arguments)

    assert error(result)
    assert "העגלה לא השתנתה." in text(result)
    assert "cart" not in text(result).replace("cart_id", "").replace("add_to_cart", "").replace("view_cart", "")
    assert "must" not in text(result)


# What it costs


@pytest.mark.parametrize("lines", [1, 25])
def test_looking_into_a_cart_takes_two_queries_however_much_it_holds(
    call_tool, make_product, django_assert_num_queries, monkeypatch, lines
):
    items = [{"product_id": make_product(f"P{n}").public_id} for n in range(lines)]
    call_tool("add_to_cart", items=items)
    forget_calls(monkeypatch)

    with django_assert_num_queries(2):  # the session with its cart and store; lines with their products
        call_tool("view_cart")


def test_adding_what_is_in_the_cart_takes_eight_statements(call_tool, honey, django_assert_num_queries, monkeypatch):
    call_tool("add_to_cart", product_id="shop:honey")
    forget_calls(monkeypatch)

    # Savepoint and its release; the session locked and read; lines; line, cart and change written.
    with django_assert_num_queries(8):
        call_tool("add_to_cart", product_id="shop:honey")


def test_the_number_of_other_carts_makes_no_difference(call_tool, honey, django_assert_num_queries, monkeypatch):
    for number in range(10):
        call_tool("add_to_cart", session=f"chat-{number}", product_id="shop:honey")
    assert Cart.objects.count() == 10
    forget_calls(monkeypatch)

    with django_assert_num_queries(2):
        call_tool("view_cart", session="chat-5")


def forget_calls(monkeypatch):
    """Leave out the record of calls, which in a server is written later and for many calls at once."""

    async def forget(call, outcome, seconds):
        pass

    monkeypatch.setattr(toolbox, "record", forget)
