"""What a shopper sees on the way of paying, in a real browser: on a phone, in both languages, light and dark."""

import re

import pytest

from tests.dashboard.browsing import AXE, broken_rules
from tests.live import LiveServer
from tests.orders.test_in_browser import fill

# All ways to pay, a code for pay on delivery, reminders; orders that wait for their payment, are owed and are paid by a
# bank transfer; a store with a checkout of its own that takes a part of a cart.
SET_UP = """
from datetime import timedelta
from django.utils import timezone
from carts.models import Cart
from carts.services.saving import load_cart
from carts.services.sessions import find_by_public_id
from catalog.models import Store
from offers.models import DeliveryOption, Merchant
from orders.links import link_of
from orders.models import CartReminder, OnlinePayment
from orders.payments.provider import Paid, Told
from orders.services.details import Details
from orders.services.online import settle, start_payment
from orders.services.placing import Seen, place_order
from orders.services.quoting import quote
from orders.services.reminders import address_of_end, ask
from orders.services.states import SHOPPER, cancel
store = Store.objects.get(slug="demo")
store.pay_instructions = "העברה בנקאית לחשבון 12-345-678901 <b>בנק</b>\\nBit: 050-2345678"
store.save()
Merchant.objects.filter(store=store).update(
    pay_link="https://pay.example.com/p?sum={sum}&order={number}", pay_address="https://bit.example.com/shop",
    confirm_by_code=True, remind_after=24)
own = Store.objects.get(slug="own")
Merchant.objects.create(store=own, own_checkout="opencart", own_checkout_address="https://shop.example.com")
pickup = DeliveryOption.objects.filter(store=store, kind="pickup").get()
def state_of(client):
    cart = Cart.objects.get(session__client=client)
    return cart, load_cart(find_by_public_id(cart.session.public_id), timezone.now())
def order(client, payment):
    cart, state = state_of(client)
    buyer = {"name": "דנה לוי", "phone": "050-2345678", "email": "dana@example.com"}
    details = Details(**buyer, delivery=pickup.pk, payment=payment)
    seen = Seen(state.version, quote(state, store, pickup).sums.total)
    return place_order(cart.public_id, details, key="k", seen=seen, network="").order
def tell(name, order):
    print(name, link_of(order.number, full=True))
def paid(order, part=1):
    start_payment(order.number)
    row = order.online_payments.get()
    settle(row, Told(row.session, Paid.PAID, "", row.amount / part, row.currency, row.session))
waiting = order("waiting", "dummy")
tell("waiting", waiting)
print("dummy", start_payment(waiting.number))
part = order("part", "dummy")
paid(part, 2)
tell("part", part)
owed = order("owed", "dummy")
start_payment(owed.number)
cancel(owed.number, SHOPPER, "")
paid_late = owed.online_payments.get()
print("late", paid_late.address)
settle(paid_late, Told(paid_late.session, Paid.PAID, "", paid_late.amount, paid_late.currency, paid_late.session))
tell("owed", owed)
over = order("over", "dummy")
print("over", start_payment(over.number))
settle(over.online_payments.get(), Told(over.online_payments.get().session, Paid.EXPIRED))
tell("transfer", order("transfer", "instructions"))
tell("link", order("link", "link"))
ask(state_of("left")[1], "dana@example.com", agreed=True, language="he")
print("reminder", address_of_end(CartReminder.objects.get()))
"""
ORDERED = ("waiting", "part", "owed", "over", "transfer", "link")
GOODS = """sku,name,price,url
a,Own <b>cup</b>,9.90,https://shop.example.com/a
b,ספל אחר,12.00,
"""
PAGES = (
    *("form", "code", "wrong code", "no tick", "reminded", "reminder", "ended", "own", "dummy", "late", "over"),
    *("waiting", "back", "part", "owed", "transfer", "link", "cancel", "find"),
)


@pytest.fixture(scope="module")
def shop(one_browser, tmp_path_factory):
    """The shop, and the addresses of its pages by their names."""
    with LiveServer(tmp_path_factory.mktemp("shop") / "data", "--demo", SHOPMCP_PAYMENTS="dummy,link") as server:
        goods = server.data_dir / "goods.csv"
        goods.write_text(GOODS)
        server.manage("import_products", str(goods), "--store", "own", "--currency", "ILS")
        for client in (*ORDERED, "left"):
            chat(server, client, "add_to_cart", product_id="demo:OI-801", quantity=2)
        told = server.manage("shell", "-c", SET_UP).stdout
        yield server, dict(re.findall(r"^(\w+) (http\S+)$", told, re.MULTILINE))


def chat(server, client, tool, **arguments):
    meta = {"openai/session": client, "io.modelcontextprotocol/clientInfo": {"name": client, "version": "1"}}
    return server.call_tool(tool, meta=meta, **arguments)["structuredContent"]


@pytest.mark.parametrize("language", ["en", "he"])
@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_whole_on_a_phone_light_and_dark(shop, browser, request, page, language):
    browser.look_like(width=390, language=language)
    visit(shop, browser, page, language, request.node.nodeid[-100:])

    told = browser.evaluate("[document.documentElement.lang, document.dir, document.querySelectorAll('h1').length]")
    assert told == [language, "rtl" if language == "he" else "ltr", 1]
    low = (
        "[...document.querySelectorAll('a.button, main button:not(.plain, .unseen)')].filter(b => b.clientHeight < 40)"
    )
    assert browser.evaluate(f"{low}.map(button => button.outerHTML)") == []
    for width, dark in ((390, False), (320, True)):
        browser.look_like(width=width, language=language, dark=dark)
        assert browser.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        if AXE:
            assert broken_rules(browser) == []
    # Chromium reports a page that answers 409 or 422 as an error.
    assert [told for told in browser.complaints if "status of 4" not in told] == []


def visit(shop, browser, page, language, client):
    server, addresses = shop
    if page in ("form", "code", "wrong code", "no tick", "reminded", "own"):
        visit_cart(server, browser, page, language, client)
        return
    if page == "find":
        address = f"{server.url}/orders/find"
    else:
        address = addresses[{"back": "waiting", "cancel": "waiting", "ended": "reminder"}.get(page, page)]
    browser.open(f"{address}?lang={language}")
    if page == "ended":
        browser.click_through("[value=end]")
    if page == "back":
        browser.open(f"{address}?back=1")
    if page == "cancel":
        browser.open(f"{address}?step=cancel")


def visit_cart(server, browser, page, language, client):
    product = {"own": "own:a"}.get(page, "demo:OI-801")
    chat(server, client, "add_to_cart", items=[{"product_id": product, "quantity": 2}])
    if page == "own":
        chat(server, client, "add_to_cart", product_id="own:b")
    browser.open(f"{chat(server, client, 'get_checkout_link')['url']}?lang={language}")
    if page in ("code", "wrong code"):
        # A mailbox of its own: few codes go to one.
        fill(
            browser, name="דנה לוי", phone="050-2345678", email=f"dana.{page.replace(' ', '.')}.{language}@example.com"
        )
        browser.click("[name=delivery][data-pickup]")
        browser.click("[name=payment][value=on_delivery]")
        browser.click_through(".pay")
        if page == "wrong code":
            fill(browser, code="000000")
            browser.click_through(".pay")
    if page in ("no tick", "reminded"):
        browser.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true; })")
        fill(browser, remind_email=f"dana.{language}@example.com")
        if page == "reminded":
            browser.click("[name=remind]")
        browser.click_through("[value=remind]")
