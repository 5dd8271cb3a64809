"""The addresses by which a cart goes on to the store's own checkout."""

import pytest
from django.core.exceptions import ValidationError

from offers.own_checkouts import Item, System, check_address, handover

pytestmark = pytest.mark.no_database
HONEY, TEA = Item("Honey", "h-1", "111", 2, "https://shop.example.com/honey"), Item("Tea", "t 1", "222", 1)
NAMELESS = Item("Soap", "s/1", "", 3)


@pytest.mark.parametrize(
    ("system", "address", "taken"),
    [
        (System.SHOPIFY, "https://shop.example.com/", "https://shop.example.com/cart/111:2,222:1"),
        (
            System.WOOCOMMERCE,
            "https://shop.example.com/en",
            "https://shop.example.com/en/checkout-link/?products=111:2,222:1",
        ),
        (
            System.PLAIN,
            "https://shop.example.com/take?what={items}&total={sum}{currency}",
            "https://shop.example.com/take?what=111:2,222:1&total=49.90ILS",
        ),
    ],
)
def test_each_system_gets_the_cart_in_its_own_form(system, address, taken):
    found = handover(system, address, [HONEY, TEA], sums={"sum": "49.90", "currency": "ILS"})

    assert (found.address, found.host, found.left_out) == (taken, "shop.example.com", [])


def test_a_template_without_a_place_for_products_takes_none_along():
    found = handover(System.PLAIN, "https://shop.example.com/basket", [HONEY])

    assert (found.address, found.left_out, found.is_possible) == ("https://shop.example.com/basket", [HONEY], True)


@pytest.mark.parametrize(
    ("system", "coupon"), [(System.SHOPIFY, "?discount=A%26b%20%D7%90"), (System.WOOCOMMERCE, "&coupon=A%26b%20%D7%90")]
)
def test_the_coupon_goes_along_escaped(system, coupon):
    found = handover(system, "https://shop.example.com", [HONEY], coupon="A&b א")

    assert found.address.endswith(coupon)


def test_opencart_takes_no_cart_so_the_pages_of_the_products_are_opened():
    found = handover(System.OPENCART, "https://shop.example.com/", [HONEY, NAMELESS])

    assert found.address == ""
    assert found.pages == [(HONEY, "https://shop.example.com/index.php?route=product/product&product_id=111")]
    assert found.left_out == [NAMELESS]
    assert found.is_possible


@pytest.mark.parametrize("system", [System.SHOPIFY, System.WOOCOMMERCE, System.OPENCART])
@pytest.mark.parametrize("strange", ["", "h-1", "11 1", "1:5,2", "gid://1", "٣"])
def test_what_the_system_cannot_know_is_left_out(system, strange):
    found = handover(system, "https://shop.example.com", [Item("Soap", "s", strange, 1)])

    assert not found.is_possible
    assert (found.shop, found.host) == ("https://shop.example.com", "shop.example.com")
    assert [item.name for item in found.left_out] == ["Soap"]


def test_a_template_of_the_owner_takes_skus_and_no_value_breaks_out_of_its_place():
    found = handover(System.PLAIN, "https://shop.example.com/?c={items}", [Item("x", "a&b:c,d#", "", 1)])

    assert found.address == "https://shop.example.com/?c=a%26b%3Ac%2Cd%23:1"


@pytest.mark.parametrize(
    ("system", "address"),
    [
        (System.SHOPIFY, "http://shop.example.com"),
        (System.SHOPIFY, "https://shop.example.com/cart/{items}"),
        (System.WOOCOMMERCE, "https://shop.example.com/?a=1"),
        (System.PLAIN, "https://shop.example.com/{goods}"),
        (System.PLAIN, "https://{items}.example.com/"),
        (System.PLAIN, "https://shop.example.com/{items"),
        (System.PLAIN, "https://owner:secret@shop.example.com/{items}"),
        (System.PLAIN, "javascript:alert({sum})"),
    ],
)
def test_what_is_no_address_of_a_shop_is_refused(system, address):
    with pytest.raises(ValidationError):
        check_address(system, address)
