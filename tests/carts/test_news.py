"""What a chat hears of changes that were made outside of it."""

import pytest

from carts.models import Change, Session
from carts.news import MOST, Moved, told, with_changes, with_news
from carts.services import carts
from carts.services.saving import locked_elsewhere
from shopmcp.errors import CartExpired
from tests.carts.answers import cart, codes, quantities, text

SENTENCE = "The shopper changed the cart in the browser: Honey: 1 → 3."


@pytest.fixture
def session(call_tool, honey):
    """A chat with one honey, which the shopper made three in a browser."""
    call_tool("add_to_cart", product_id="shop:honey")
    found = Session.objects.get()
    with locked_elsewhere(found.public_id) as state:
        carts.set_quantity(state, "shop:honey", 3)
    return found


def test_reads_repeat_a_change_in_the_browser_until_a_write_has_told_it(call_tool, session, tea):
    for _ in range(2):
        seen = call_tool("view_cart")
        assert codes(seen) == ["changed_in_browser"]
        assert SENTENCE in text(seen)

    assert SENTENCE in text(call_tool("add_to_cart", product_id="shop:tea"))
    assert codes(call_tool("view_cart")) == []


def test_a_change_in_the_browser_is_a_version_that_the_chat_can_undo(call_tool, session):
    assert cart(call_tool("view_cart"))["version"] == 2
    assert list(Change.objects.order_by("version").values_list("tool", flat=True)) == ["add_to_cart", "page"]

    assert quantities(call_tool("undo_cart_change")) == {"shop:honey": 1}


def test_a_price_that_only_the_browser_showed_is_told_to_the_chat(call_tool, session, honey):
    honey.price = "25.00"
    honey.save()
    with locked_elsewhere(session.public_id) as state:
        carts.set_quantity(state, "shop:honey", 2)

    assert codes(call_tool("view_cart")) == ["changed_in_browser", "price_changed"]


def test_a_session_that_was_deleted_cannot_be_changed(db):
    with pytest.raises(CartExpired), locked_elsewhere("s_gone"):
        raise AssertionError("no cart was found")


def test_changes_of_one_product_are_told_as_their_sum():
    news = with_changes("", [Moved(1, "Honey", 1, 2), Moved(2, "Tea", 0, 1)])
    news = with_changes(news, [Moved(1, "Honey", 2, 5), Moved(2, "Tea", 1, 0)])

    assert told(news) == [("changed_in_browser", "The shopper changed the cart in the browser: Honey: 1 → 5.")]
    assert with_changes(news, [Moved(1, "Honey", 5, 1)]) == ""


def test_other_news_stay_beside_changes():
    news = with_news(with_changes("", [Moved(1, "Honey", 1, 2)]), "resumed", "It went on elsewhere.")

    assert told(news)[1] == ("resumed", "It went on elsewhere.")


def test_the_oldest_news_give_way():
    news = ""
    for n in range(MOST + 5):
        news = with_news(news, "order", f"{n}")

    assert [sentence for _, sentence in told(news)] == [str(n) for n in range(5, MOST + 5)]
