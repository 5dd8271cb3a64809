"""A shop with all that widgets show, and a host for them."""

import pytest

from tests.live import LiveServer
from tests.widgets.hosting import BRIDGE, Host, host_page

# Every text that a catalogue holds, trying to break out of the page.
HOSTILE = """"><img src=x onerror="parent.postMessage(1)"></bdi></script><script>throw 1</script>${1}&lt;b&gt;"""
SHOP = """
from decimal import Decimal
from django.utils import timezone
from catalog.models import Store
from catalog.services.products import create_product
from catalog.services.stores import set_logo
from offers.models import Coupon, DeliveryOption, Merchant
from offers.services.coupons import save_coupon
from offers.services.delivery import save_option
from offers.services.merchants import save_merchant
from tests.catalog.test_logos import image
from tests.widgets.conftest import HOSTILE
# On white this yellow could not be seen.
store = Store.objects.create(slug="shop", name="The Shop", currency="ILS", language="en", accent="#ffee00")
set_logo(store, image("PNG"))
def product(sku, name, price, **fields):
    create_product(store, sku=sku, name=name, price=price, **fields)
product(
    "honey", 'Honey "wild" 1 ק"ג', "24.90", former_price=Decimal("29.90"), category="Pantry",
    description="From the hills.",
)
product("cup", "Last <b>cup</b>", "9.90", stock=3, category="Kitchen", image="https://127.0.0.1:9/none.jpg")
product("gone", "Sold-out cup", "9.90", stock=0, category="Kitchen")
product("unpriced", "Cup without a price", None, category="Kitchen")
for size, price in (("S", "50"), ("M", "50"), ("L", "60")):
    for colour in ("Red", "Blue"):
        options = {"Size": size, "Colour": colour}
        stock = 0 if (size, colour) == ("M", "Red") else 5
        product(f"shirt-{size}-{colour}", "Linen shirt", price, group_id="shirt", options=options, stock=stock)
told = dict.fromkeys(("brand", "category", "description", "group_id"), HOSTILE)
told |= dict.fromkeys(("url", "image"), "javascript:alert(1)")
product('x"><svg/onload=throw(1)>', HOSTILE, "7", options={HOSTILE: HOSTILE, "Size": "1"}, **told)
product("hostile-2", HOSTILE, "8", options={HOSTILE: HOSTILE + "2", "Size": "2"}, **told)
for n in range(100):
    product(f"bulk-{n}", f"Bulk {n}", "1.00", category="Bulk")
told = {"legal_name": "Shop Ltd", "registration_number": "51", "address": "5 Harbour St", "phone": "04-1"}
save_merchant(Merchant(store=store, tax_rate=18, **told))
save_option(DeliveryOption(store=store, name="Courier", price=25, free_above=200))
save_option(DeliveryOption(store=store, name="Pick-up", kind="pickup", pickup_place="5 Harbour St"))
Merchant.objects.update(pages_confirmed_at=timezone.now())
save_coupon(Coupon(store=store, code="TEN", kind="percent", value=10))
"""


@pytest.fixture(scope="session")
def widget_shop(one_browser, tmp_path_factory):
    """A server whose limits are out of the reach of many tests."""
    limits = dict.fromkeys(("SHOPMCP_SESSION_CALLS", "SHOPMCP_NEW_SESSIONS", "SHOPMCP_NEW_UNKEYED"), "1000/s:1000000")
    with LiveServer(tmp_path_factory.mktemp("widgets") / "data", **limits) as server:
        server.manage("shell", "-c", SHOP)
        yield server


@pytest.fixture(scope="session")
def hosting():
    if not BRIDGE:
        pytest.skip("APP_BRIDGE names no script: .ci/run makes it of npm's @modelcontextprotocol/ext-apps")
    with host_page() as page:
        yield page


@pytest.fixture
def host(browser, hosting, widget_shop):
    """A host that complains at the end of a test of whatever the browser did, or asked for elsewhere."""
    shown = Host(browser, widget_shop, hosting)
    browser.complaints.clear()
    yield shown
    assert browser.complaints == []
    own = (widget_shop.url, hosting, "about:", "data:", "blob:")
    assert [url for url in browser.requested if not url.startswith(own)] == []
