"""What a chat gets done in one call: a swap, a quantity of what is not there yet. And what its answer weighs."""

import json

import pytest

from carts.models import Change, Line
from catalog.models import Product, Store
from tests.carts.answers import cart, changes, codes, error, quantities, text


@pytest.fixture
def held(call_tool, honey, tea):
    """A cart with four of honey."""
    call_tool("add_to_cart", product_id="shop:honey", quantity=4)


def test_a_swap_is_one_version_and_takes_the_old_quantity(call_tool, held):
    swapped = call_tool("add_to_cart", product_id="shop:tea", replaces="shop:honey")

    assert quantities(swapped) == {"shop:tea": 4}
    assert changes(swapped) == ["Honey: 4 → 0", "Tea: 0 → 4"]
    assert cart(swapped)["version"] == 2
    assert quantities(call_tool("undo_cart_change")) == {"shop:honey": 4}


@pytest.mark.parametrize(
    "arguments",
    [{"product_id": "tea", "quantity": 2}, {"items": [{"product_id": "Tea", "quantity": 2}]}],
    ids=["one", "a list of one"],
)
def test_a_swap_may_say_another_quantity_and_name_the_old_product_by_name(call_tool, held, arguments):
    assert quantities(call_tool("add_to_cart", replaces="honey", **arguments)) == {"shop:tea": 2}


def test_several_products_may_replace_one_each_with_its_own_quantity(call_tool, held, make_product):
    make_product("Mint")

    result = call_tool("add_to_cart", items=[{"product_id": "tea"}, {"product_id": "mint"}], replaces="shop:honey")

    assert quantities(result) == {"shop:tea": 1, "shop:mint": 1}


def test_a_swap_adds_to_what_is_there_of_the_new_product(call_tool, held):
    call_tool("add_to_cart", product_id="shop:tea")

    assert quantities(call_tool("add_to_cart", product_id="shop:tea", replaces="shop:honey")) == {"shop:tea": 5}


def test_a_swap_takes_what_stock_allows_and_says_so(call_tool, held):
    Product.objects.filter(sku="tea").update(counted=3)

    swapped = call_tool("add_to_cart", product_id="shop:tea", replaces="shop:honey")

    assert quantities(swapped) == {"shop:tea": 3}
    assert codes(swapped) == ["stock"]


def test_a_swap_for_what_cannot_be_bought_leaves_the_old_product(call_tool, held):
    Product.objects.filter(sku="tea").update(available=False)

    assert error(call_tool("add_to_cart", product_id="shop:tea", replaces="shop:honey"))["code"] == "not_for_sale"
    assert quantities(call_tool("view_cart")) == {"shop:honey": 4}
    assert Change.objects.count() == 1


def test_the_only_product_may_be_swapped_for_another_store_s(call_tool, held, make_product):
    make_product("Mug", "5", store=Store.objects.create(slug="other", name="Other", currency="USD", language="en"))

    swapped = call_tool("add_to_cart", product_id="other:mug", replaces="shop:honey")

    assert cart(swapped)["currency"] == "USD"
    undone = call_tool("undo_cart_change")
    assert (quantities(undone), cart(undone)["currency"]) == ({"shop:honey": 4}, "ILS")


def test_a_swap_that_is_repeated_is_done_once(call_tool, held):
    for _ in range(2):
        swapped = call_tool("add_to_cart", product_id="shop:tea", replaces="shop:honey", request_id="r1")
        assert quantities(swapped) == {"shop:tea": 4}
    other = call_tool("add_to_cart", product_id="shop:tea", request_id="r1")
    assert error(other)["code"] == "request_id_reused"


def test_a_quantity_is_set_of_what_is_not_in_the_cart_yet(call_tool, honey):
    for _ in range(2):
        result = call_tool("update_cart_item", product_id="honey", quantity=3)
        assert quantities(result) == {"shop:honey": 3}
    assert cart(result)["version"] == 1
    assert quantities(call_tool("undo_cart_change")) == {}
    assert not Line.objects.exists()


def test_a_quantity_of_what_cannot_be_bought_is_not_set(call_tool, held):
    Product.objects.filter(sku="tea").update(withdrawn_at="2026-01-01T00:00Z")

    assert error(call_tool("update_cart_item", product_id="shop:tea", quantity=1))["code"] == "not_for_sale"
    assert quantities(call_tool("view_cart")) == {"shop:honey": 4}


def test_a_cart_of_five_lines_weighs_at_most_1300_bytes_beside_addresses(call_tool, make_product):
    """Names of the length that shops give them, in letters of two bytes each."""
    names = [
        "בורגול אורגני 500 גרם - ניצת הדובדבן",
        "אורז בסמטי מלא אורגני 500 גרם - שדה",
        "אורז בר 400 גרם - ניצת הדובדבן",
    ]
    names += ["קוסקוס מלא אורגני 500 גרם - ניצת", "כוסמת ירוקה אורגנית 500 גרם - שדה"]
    for number, name in enumerate(names):
        product = make_product(
            name, "19.90", sku=f"i{number}81", image="https://x.example/" + "a" * 80, url="https://x.example/b"
        )
        call_tool("add_to_cart", product_id=product.public_id, quantity=2)

    shown = cart(call_tool("view_cart"))

    assert [line.pop("image") for line in shown["lines"]] == ["https://x.example/" + "a" * 80] * 5
    assert [line.pop("url") for line in shown["lines"]] == ["https://x.example/b"] * 5
    assert len(json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode()) <= 1300
    assert not {"notices", "changes", "cart_id"} & shown.keys()
    assert all(value not in (None, "", [], {}) for line in shown["lines"] for value in line.values())
    assert "₪39.80" in text(call_tool("view_cart"))
