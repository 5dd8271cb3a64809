"""Each fault of the system that this one replaces, and that it is gone."""

import html
import re
from decimal import Decimal
from pathlib import Path

import pytest

from carts.models import Line, Session
from catalog.imports.importing import import_products
from catalog.language.thesaurus import shipped
from catalog.models import Product, Store
from catalog.services.products import create_product
from shopmcp.composition import toolbox
from tests.carts.answers import cart, error, quantities, text
from tests.live import ROOT

NASTY = 'Bulgur 1 ק"ג <b>"it\'s"</b> <script>alert(1)</script>'


@pytest.fixture
def shop(db):
    return Store.objects.create(slug="shop", name="The Shop", currency="ILS", language="en")


@pytest.fixture
def tea(shop):
    return create_product(shop, sku="tea", name="Tea", price="9.90")


@pytest.fixture
def imported(tmp_path):
    """Import these rows of sku, name and price into a store."""

    def imported(*rows):
        file = tmp_path / "goods.csv"
        file.write_text("sku,name,price\n" + "".join(f"{','.join(row)}\n" for row in rows))
        return import_products(file, slug="shop", currency="ILS")

    return imported


def test_conversations_do_not_all_land_in_one_default_cart(call_tool, tea):
    """The attribute that the original read for the conversation's id does not exist in the SDK."""
    for session in ("alice", "bob"):
        call_tool("add_to_cart", session=session, product_id="shop:tea")

    for session in ("alice", "bob"):
        assert quantities(call_tool("view_cart", session=session)) == {"shop:tea": 1}
        assert call_tool("debug_session", session=session).structured_content["source"] == "openai/session"


@pytest.mark.parametrize("argument", ["session_id", "sessionId", "conversation_id", "openai/session", "user_id"])
def test_no_undeclared_argument_chooses_the_cart(call_tool, tea, argument):
    call_tool("add_to_cart", session="alice", product_id="shop:tea")
    public_id = Session.objects.get().public_id

    for value in ("alice", public_id, "default"):
        assert quantities(call_tool("view_cart", session="mallory", **{argument: value})) == {}
        assert call_tool("view_cart", session=None, **{argument: value}).is_error


def test_no_tool_declares_an_argument_that_could_be_forged():
    arguments = {name for entry in toolbox.tools.values() for name in entry.input_schema["properties"]}

    assert not {name for name in arguments if "session" in name or "conversation" in name or "user" in name}


def test_debug_session_shows_nothing_of_anybody_else_s_id(call_tool, tea):
    for session in ("alice-secret-conversation", "bob-secret-conversation"):
        call_tool("add_to_cart", session=session, product_id="shop:tea")
    alice = Session.objects.order_by("id")[0]

    said = repr(call_tool("debug_session", session="bob-secret-conversation"))

    assert "alice" not in said
    assert alice.public_id[:8] not in said


def test_product_ids_are_no_list_positions(call_tool, imported):
    """A re-import in another order used to repoint carts to other products."""
    imported(("tea", "Tea", "9.90"), ("mug", "Mug", "30"))
    call_tool("add_to_cart", product_id="shop:tea", quantity=2)

    imported(("new", "New thing", "1"), ("mug", "Mug", "30"), ("tea", "Tea", "9.90"))

    (line,) = cart(call_tool("view_cart"))["lines"]
    assert (line["product_id"], line["name"], line["quantity"]) == ("shop:tea", "Tea", 2)
    for position in ("0", "shop:0", "1", "shop:2"):
        assert error(call_tool("get_product", product_id=position))["code"] == "not_found"


def test_what_an_import_no_longer_has_keeps_its_id_to_itself(call_tool, imported):
    imported(("tea", "Tea", "9.90"), ("mug", "Mug", "30"))
    call_tool("add_to_cart", product_id="shop:tea")

    imported(("mug", "Mug", "30"))

    result = call_tool("view_cart")
    assert quantities(result) == {"shop:tea": 1}
    assert "Tea can no longer be bought" in text(result)


@pytest.mark.parametrize(
    "product_id", ["..:0", "../..:0", "../weft:0", "/etc/passwd:0", "..\\..:0", "shop/../..:0", "file:///etc/passwd"]
)
@pytest.mark.parametrize("name", ["get_product", "add_to_cart"])
def test_no_id_reads_a_file(call_tool, tea, monkeypatch, product_id, name):
    def opened(*_, **__):
        raise AssertionError("a file was opened")

    shipped()  # the synonyms, which are read once
    monkeypatch.setattr(Path, "open", opened)
    monkeypatch.setattr(Path, "read_text", opened)
    assert error(call_tool(name, product_id=product_id))["code"] == "not_found"


@pytest.mark.parametrize("quantity", [0, -5, 1e30, 2.5, True])
def test_impossible_quantities_are_refused(call_tool, tea, quantity):
    call_tool("add_to_cart", product_id="shop:tea")

    assert error(call_tool("add_to_cart", product_id="shop:tea", quantity=quantity))["code"] == "invalid_arguments"
    assert quantities(call_tool("view_cart")) == {"shop:tea": 1}


@pytest.mark.parametrize("quantity", ["3", None])
def test_no_quantity_poisons_the_cart(call_tool, tea, quantity):
    """Text or null left a line behind that broke every later look at the cart."""
    call_tool("add_to_cart", product_id="shop:tea", quantity=quantity)

    looked = call_tool("view_cart")
    assert quantities(looked) == ({"shop:tea": 3} if quantity else {})
    assert quantities(call_tool("add_to_cart", product_id="shop:tea", quantity=2))["shop:tea"] >= 2


def test_a_product_without_a_price_does_not_break_the_cart(call_tool, shop, tea):
    create_product(shop, sku="mystery", name="Mystery", price=None)
    call_tool("add_to_cart", product_id="shop:tea")

    assert error(call_tool("add_to_cart", product_id="shop:mystery"))["code"] == "not_for_sale"
    Product.objects.filter(sku="tea").update(price=None)
    assert cart(call_tool("view_cart"))["total"]["amount"] == "0.00"


def test_money_is_exact(call_tool, shop):
    for sku, price in (("a", "0.10"), ("b", "0.20"), ("c", "1.15")):
        create_product(shop, sku=sku, name=sku, price=price)
    result = call_tool("add_to_cart", items=[{"product_id": sku, "quantity": 1} for sku in "ab"])

    assert cart(result)["total"]["amount"] == "0.30"
    assert cart(call_tool("add_to_cart", product_id="c", quantity=100))["total"]["amount"] == "115.30"
    assert isinstance(Line.objects.all()[0].price_when_added, Decimal)


def test_a_name_with_quotes_and_tags_is_data_everywhere(call_tool, shop, admin_client):
    create_product(shop, sku="x", name=NASTY, price="5")

    result = call_tool("add_to_cart", product_id="shop:x")
    assert cart(result)["lines"][0]["name"] == NASTY
    assert quantities(call_tool("update_cart_item", product_id=NASTY, quantity=2)) == {"shop:x": 2}
    page = admin_client.get("/admin/catalog/product/").content.decode()
    assert "<script>alert(1)" not in page
    assert html.escape(NASTY) in page


def test_a_refusal_is_not_answered_as_success(call_tool, tea):
    for name, arguments in (
        ("get_product", {"product_id": "ghost"}),
        ("add_to_cart", {"product_id": "ghost"}),
        ("add_to_cart", {"product_id": "shop:tea", "quantity": 0}),
        ("update_cart_item", {"product_id": "ghost", "quantity": 1}),
        ("undo_cart_change", {"version": 7}),
        ("view_cart", {"cart_id": "cart_forged"}),
    ):
        result = call_tool(name, **arguments)
        assert result.is_error
        assert error(result)["message"] in text(result)


def test_the_isolation_test_fails_where_isolation_does(call_tool, tea, monkeypatch):
    """The original's own test printed what failed and ended with success."""
    from carts import conversation
    from carts.services import sessions
    from tests.carts.isolation_check import test_checks

    create_product(Store.objects.get(), sku="honey", name="Honey", price="1")

    def ask(name, meta, **arguments):
        return call_tool(name, session=None, meta=meta, **arguments)

    for module in (conversation, sessions):
        monkeypatch.setattr(module, "digests_of", lambda *_: ("everybody",))
    assert not test_checks.conversations_are_apart(ask)


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_is_pinned(file):
    lines = [line.split(";")[0].strip() for line in (ROOT / file).read_text().splitlines()]
    required = [line for line in lines if line and not line.startswith(("#", "-", "\\"))]

    assert required
    assert not [line for line in required if not re.fullmatch(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==\S+( \\)?", line)]
