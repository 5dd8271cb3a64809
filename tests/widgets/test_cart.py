"""The widget of the cart, under the official bridge."""

from tests.widgets.hosting import CAPABILITIES

PLACE = """
from carts.models import Cart
from carts.services.saving import load_cart
from carts.services.sessions import find_by_public_id
from django.utils import timezone
from offers.models import DeliveryOption
from orders.services.details import Details
from orders.services.placing import Seen, place_order
from orders.services.quoting import quote
cart = Cart.objects.filter(lines__product__sku="tea").get()
option = DeliveryOption.objects.get(kind="pickup")
state = load_cart(find_by_public_id(cart.session.public_id), timezone.now())
seen = Seen(state.version, quote(state, cart.store, option).sums.total)
details = Details(name="Dana", phone="050-2345678", delivery=option.pk)
place_order(cart.public_id, details, key="k", seen=seen, network="")
"""
TEA = """
from catalog.models import Store
from catalog.services.products import create_product
create_product(Store.objects.get(), sku="tea", name="Tea", price="12.00")
"""


def line(product):
    return f".line[data-product='shop:{product}']"


def seen(host):
    """The version that the widget shows."""
    return host.see("cart.version")


def test_quantities_removal_clearing_undo_coupon_and_checkout_are_clicks(host):
    chat = {"chat": "cart"}
    host.show("search_products", **chat, query="honey")
    host.call("add_to_cart", items=[{"product_id": "shop:honey", "quantity": 2}, {"product_id": "shop:cup"}])
    host.show("view_cart", **chat)
    assert "₪59.70" in host.text
    assert "₪140.30 more for free delivery" in host.text

    host.click(f"{line('honey')} [data-act=more]")
    assert host.cart() == {"shop:honey": 3, "shop:cup": 1}
    host.click(f"{line('honey')} [data-act=less]")
    host.write(f"{line('honey')} input", "9")
    assert host.cart()["shop:honey"] == 9
    assert "The delivery is free." in host.text
    host.click(f"{line('cup')} [data-act=remove]")
    assert host.cart() == {"shop:honey": 9}
    host.click("[data-act=undo]")
    assert host.cart() == {"shop:honey": 9, "shop:cup": 1}

    host.see("document.getElementById('code').value = 'NOPE'")
    host.click("[data-act=coupon]")
    assert host.tells_an_error
    host.see("document.getElementById('code').value = 'ten'")
    host.see(
        "document.getElementById('code').dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }))"
    )
    host.wait_until_idle()
    assert "TEN" in host.text
    assert "₪210.60" in host.text
    host.click("[data-act=uncoupon]")
    assert "₪234.00" in host.text

    host.click("[data-act=checkout]")
    (link,) = host.browser.evaluate("host.opened")
    assert link.startswith(f"{host.shop.url}/c/")

    host.click("[data-act=clear]")
    assert "The cart is empty." in host.text
    host.click("[data-act=undo]")
    assert host.cart() == {"shop:honey": 9, "shop:cup": 1}
    # Every change had an id of its own.
    ids = [given["request_id"] for name, given in host.writes if name != "get_checkout_link"]
    assert len(ids) == len(set(ids)) == 10


def test_a_widget_of_an_earlier_message_reads_the_cart_again_and_never_writes_old_numbers(host):
    host.show("search_products", chat="stale", query="honey")
    host.call("add_to_cart", product_id="shop:honey", quantity=2)
    earlier = host.call("view_cart")
    host.call("update_cart_item", product_id="shop:honey", quantity=5)

    host.show("view_cart", chat="stale", result=earlier)  # on load
    assert host.see(f'document.querySelector("{line("honey")} input").value') == "5"
    assert "changed elsewhere" in host.note

    host.call("add_to_cart", product_id="shop:cup")
    host.see("readAt = 0, dispatchEvent(new Event('focus')), 0")  # on focus
    host.wait_until_idle()
    assert host.see(f'!!document.querySelector("{line("cup")}")')

    host.call("update_cart_item", product_id="shop:cup", quantity=2)
    host.see("readAt = 0, document.dispatchEvent(new Event('visibilitychange')), 0")
    host.wait_until_idle()
    assert host.see(f'document.querySelector("{line("cup")} input").value') == "2"

    # It is behind, and sends what it shows: one more than 5, whatever the cart holds by now.
    host.call("update_cart_item", product_id="shop:honey", quantity=8)
    host.click(f"{line('honey')} [data-act=more]")
    assert host.cart() == {"shop:honey": 6, "shop:cup": 2}
    assert "changed elsewhere" in host.note

    # A look at the cart that fails leaves what is shown, and says so.
    host.browser.evaluate("host.refuse = true")
    host.see("readAt = 0, dispatchEvent(new Event('focus')), 0")
    host.wait_until_idle()
    assert "may be old" in host.note
    host.browser.evaluate("host.refuse = false")
    host.click("[data-act=again]")
    assert host.note == ""


def test_what_is_typed_stays_when_the_cart_is_read_again(host):
    host.show("search_products", chat="typing", query="honey")
    host.call("add_to_cart", product_id="shop:honey", quantity=2)
    host.show("view_cart", chat="typing")
    host.see(f"(f => {{ f.focus(); f.value = '7'; }})(document.querySelector(\"{line('honey')} input\"))")
    host.call("add_to_cart", product_id="shop:cup")

    host.see("readAt = 0, dispatchEvent(new Event('focus')), 0")
    host.wait_until_idle()

    assert host.see(f'!!document.querySelector("{line("cup")}")')
    assert host.see("document.activeElement.value") == "7"


def test_a_hundred_lines_are_folded_and_the_host_hears_of_the_size(host):
    host.show("search_products", chat="hundred", query="honey")
    for at in (0, 50):
        host.call("add_to_cart", items=[{"product_id": f"shop:bulk-{n}"} for n in range(at, at + 50)])
    host.show("view_cart", chat="hundred")
    lines = "document.querySelectorAll('.line').length"
    assert host.see(lines) == 8
    assert "₪100.00" in host.text

    host.click("[data-act=all]")
    assert host.see(lines) == 100
    heights = host.browser.evaluate("host.heights")
    assert heights[-1] > heights[0]
    assert host.see("document.documentElement.scrollHeight - innerHeight") <= 1


def test_after_an_order_its_state_is_shown(host):
    host.show("search_products", chat="order", query="honey")
    host.shop.manage("shell", "-c", TEA)
    host.call("add_to_cart", product_id="shop:tea", quantity=2)
    before = host.call("view_cart")
    host.shop.manage("shell", "-c", PLACE)

    host.show("view_cart", chat="order", result=before)
    host.wait("!!document.querySelector('[data-order]')")

    assert host.see("document.querySelector('[data-order]').dataset.order") == "placed"
    assert "₪24.00" in host.text
    host.click("[data-act=order]")
    (link,) = host.browser.evaluate("host.opened")
    assert link.startswith(f"{host.shop.url}/orders/")


def test_an_empty_cart_says_so_and_a_link_that_no_host_opens_is_shown(host):
    host.show("view_cart", chat="empty")
    assert "The cart is empty." in host.text

    host.call("add_to_cart", product_id="shop:honey")
    without = {name: can for name, can in CAPABILITIES.items() if name != "openLinks"}
    host.show("view_cart", chat="empty", capabilities=without)
    host.click("[data-act=checkout]")
    assert f"{host.shop.url}/c/" in host.note


def test_a_widget_ends_when_its_host_says_so(host):
    host.show("view_cart", chat="teardown")
    host.call("add_to_cart", product_id="shop:honey")

    assert host.browser.evaluate("host.teardown().then(() => true)")
    host.see("readAt = 0, dispatchEvent(new Event('focus')), 0")
    before = len(host.calls)
    host.see("reread(true).then(() => 0)")
    assert len(host.calls) == before
    assert host.see("document.querySelectorAll('.line').length") == 0
