"""The `cart_id`: what it proves, and what is refused."""

import pytest
from django.utils import timezone

from carts.digests import cart_id_of
from carts.models import Cart, Session, Tombstone
from tests.carts.answers import cart, error, quantities, text
from tests.carts.chats import CART_TOOLS, kinds


def test_an_unkeyed_write_mints_a_cart_and_says_that_its_cart_id_must_be_passed(ask, honey):
    result = ask("add_to_cart", {}, product_id="shop:honey")
    minted = cart(result)["cart_id"]

    assert f"pass cart_id {minted} with every later cart call" in text(result)
    assert quantities(ask("add_to_cart", {}, product_id="shop:honey", cart_id=minted)) == {"shop:honey": 2}
    assert quantities(ask("view_cart", {}, cart_id=f" {minted} ")) == {"shop:honey": 2}
    assert Session.objects.get().source == "cart_id"


def test_two_unkeyed_chats_never_meet(ask, honey):
    first = cart(ask("add_to_cart", {}, product_id="shop:honey"))["cart_id"]
    second = cart(ask("add_to_cart", {}, product_id="shop:honey", quantity=5))["cart_id"]

    assert first != second
    assert quantities(ask("view_cart", {}, cart_id=first)) == {"shop:honey": 1}
    assert quantities(ask("view_cart", {}, cart_id=second)) == {"shop:honey": 5}


def test_a_handle_proves_itself_with_128_bits_that_only_the_server_can_make(handle):
    public_id = Session.objects.get().public_id

    assert handle == cart_id_of(public_id)
    assert handle.removeprefix(f"cart_{public_id[2:]}").isalnum()
    assert len(handle.removeprefix(f"cart_{public_id[2:]}")) * 5 >= 128


FORGERIES = {
    "another proof": lambda h: h[:-4] + ("aaaa" if h[-4:] != "aaaa" else "bbbb"),
    "another session": lambda h: "cart_" + ("a" if h[5] != "a" else "b") + h[6:],
    "cut short": lambda h: h[:-1],
    "too long": lambda h: h + "a",
    "the public id": lambda h: f"s_{h[5:21]}",
    "the public part": lambda h: h[:21],
    "capitals": str.upper,
    "words": lambda h: "my cart",
    "digits of another script": lambda h: h[:-1] + "٢",
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
@pytest.mark.parametrize(("name", "arguments"), [("view_cart", {}), ("add_to_cart", {"product_id": "shop:honey"})])
def test_a_handle_that_this_server_did_not_make_is_refused_and_makes_no_cart(ask, handle, forge, name, arguments):
    result = ask(name, {}, cart_id=forge(handle), **arguments)

    assert error(result)["code"] == "unknown_cart"
    assert "This cart_id opens no cart here." in text(result)
    assert Session.objects.count() == Cart.objects.count() == 1
    assert quantities(ask("view_cart", {}, cart_id=handle)) == {"shop:honey": 1}
    assert "unknown_handle" in kinds()


@pytest.mark.parametrize("conversation", ["new", "known"])
@pytest.mark.parametrize(("name", "arguments"), [("view_cart", {}), ("add_to_cart", {"product_id": "shop:honey"})])
def test_another_conversation_s_handle_beside_an_id_is_refused(ask, handle, conversation, name, arguments):
    if conversation == "known":
        ask("view_cart", {"openai/session": "known"})

    result = ask(name, {"openai/session": conversation}, cart_id=handle, **arguments)

    assert error(result)["code"] == "unknown_cart"
    assert "belongs to another conversation" in text(result)
    assert Cart.objects.get().item_count == 1
    assert "foreign_handle" in kinds()


def keyed_handle():
    """The handle that an earlier version gave out for a conversation with an id."""
    return cart_id_of(Session.objects.get().public_id)


def test_a_conversation_s_own_handle_beside_its_id_does_no_harm(ask, honey):
    ask("add_to_cart", {"threadId": "a"}, product_id="shop:honey")
    own = keyed_handle()

    assert quantities(ask("add_to_cart", {"threadId": "a"}, product_id="shop:honey", cart_id=own)) == {"shop:honey": 2}


@pytest.mark.parametrize("name", [*CART_TOOLS, "debug_session"])
@pytest.mark.parametrize("policy", ["isolate", "shared"])
def test_a_handle_never_opens_the_cart_of_a_conversation_that_has_an_id(ask, honey, settings, policy, name):
    settings.SHOPMCP_UNKEYED_CALLS = policy
    ask("add_to_cart", {"threadId": "a"}, product_id="shop:honey")

    result = ask(name, {}, cart_id=keyed_handle(), **CART_TOOLS.get(name, {}))

    assert error(result)["code"] == "unknown_cart"
    assert "This cart_id opens no cart here." in text(result)
    assert Cart.objects.get().version == 1
    assert Session.objects.count() == 1
    assert kinds() == {"unknown_handle"}


def test_a_handle_of_the_shared_cart_opens_nothing(ask, honey, settings):
    settings.SHOPMCP_UNKEYED_CALLS = "shared"
    ask("add_to_cart", {}, product_id="shop:honey")

    assert error(ask("view_cart", {}, cart_id=keyed_handle()))["code"] == "unknown_cart"
    assert quantities(ask("view_cart", {})) == {"shop:honey": 1}


@pytest.mark.parametrize("name", CART_TOOLS)
def test_where_chats_without_an_id_are_refused_no_handle_opens_anything(ask, handle, settings, name):
    settings.SHOPMCP_UNKEYED_CALLS = "refuse"

    result = ask(name, {}, cart_id=handle, **CART_TOOLS[name])

    assert error(result)["code"] == "session_needed"
    assert "this shop keeps no cart without one" in text(result)
    assert Cart.objects.get().version == 1
    report = ask("debug_session", {}, cart_id=handle).structured_content
    assert (report["session"], report["source"], report["item_count"]) == (None, "default", 0)
    settings.SHOPMCP_UNKEYED_CALLS = "isolate"
    assert quantities(ask("view_cart", {}, cart_id=handle)) == {"shop:honey": 1}


@pytest.mark.parametrize("name", CART_TOOLS)
@pytest.mark.parametrize("policy", ["isolate", "shared", "refuse"])
def test_an_answer_holds_a_handle_only_where_the_chat_needs_it(ask, honey, settings, policy, name):
    settings.SHOPMCP_UNKEYED_CALLS = policy
    unkeyed = cart(ask("add_to_cart", {}, product_id="shop:honey")) if policy != "refuse" else {}
    ask("add_to_cart", {"threadId": "a"}, product_id="shop:honey")

    result = ask(name, {"threadId": "a"}, **CART_TOOLS[name])

    assert "cart_id" not in cart(result)
    assert "cart_" not in text(result)
    assert ("cart_id" in unkeyed) == (policy == "isolate")


@pytest.mark.parametrize("tombstone", [True, False])
@pytest.mark.parametrize(("name", "arguments"), [("view_cart", {}), ("add_to_cart", {"product_id": "shop:honey"})])
def test_a_handle_that_expired_is_told_so(ask, handle, tombstone, name, arguments):
    session = Session.objects.get()
    if tombstone:
        Tombstone.objects.create(public_id=session.public_id)
    session.delete()

    result = ask(name, {}, cart_id=handle, **arguments)

    assert error(result)["code"] == "cart_expired"
    assert "has expired" in text(result)
    assert not Session.objects.exists()
    assert "expired_handle" in kinds()


def test_a_conversation_whose_cart_expired_starts_anew_and_hears_of_it_until_a_write_carried_it(ask, honey):
    ask("add_to_cart", {"threadId": "a"}, product_id="shop:honey")
    session = Session.objects.get()
    Tombstone.objects.create(public_id=session.public_id, digest=session.digest)
    session.delete()

    for _ in range(2):
        assert [notice["code"] for notice in cart(ask("view_cart", {"threadId": "a"}))["notices"]] == ["cart_expired"]
    assert not Tombstone.objects.exists()
    added = ask("add_to_cart", {"threadId": "a"}, product_id="shop:honey")
    assert "An earlier cart of this chat was not used for long and has expired." in text(added)
    assert "notices" not in cart(ask("view_cart", {"threadId": "a"}))


@pytest.mark.parametrize("meta", [{}, {"threadId": "a"}], ids=["unkeyed", "keyed"])
def test_a_handle_survives_an_order_and_opens_the_next_cart(ask, honey, tea, meta):
    ask("add_to_cart", meta, product_id="shop:honey")
    handle = keyed_handle()
    Cart.objects.update(ordered_at=timezone.now())

    assert quantities(ask("view_cart", meta, cart_id=handle)) == {}
    next_cart = cart(ask("add_to_cart", meta, product_id="shop:tea", cart_id=handle))

    assert next_cart.get("cart_id") == (None if meta else handle)
    assert quantities(ask("view_cart", meta, cart_id=handle)) == {"shop:tea": 1}
    ask("clear_cart", meta, cart_id=handle)
    ordered, empty = Cart.objects.order_by("id")
    assert (ordered.item_count, ordered.lines.get().product, empty.item_count) == (1, honey.identity, 0)
    assert Session.objects.count() == 1
