"""How the widgets look in each host: themes, languages, widths, and a catalogue that tries to break out."""

import json
from dataclasses import replace

import pytest

from tests.dashboard.browsing import AXE
from tests.widgets.conftest import HOSTILE
from tests.widgets.hosting import TOOLS
from widgets.resources import WIDGETS

GIVEN = {
    "search_products": {"query": "honey cup shirt"},
    "get_product": {"product_id": "shop:shirt-S-Red"},
    "view_cart": {},
}
# The variables of a host that has colours and fonts of its own.
OWN = {
    "--color-background-primary": "#fdf6e3",
    "--color-background-secondary": "#eee8d5",
    "--color-text-primary": "#073642",
    "--color-text-secondary": "#3b5560",
    "--font-sans": "Georgia, serif",
}
THEMES = {
    "light": {"theme": "light", "styles": {"variables": dict.fromkeys(OWN, "")}},
    "dark": {"theme": "dark", "styles": {"variables": dict.fromkeys(OWN, "")}},
    "own": {"theme": "light", "styles": {"variables": OWN, "css": {"fonts": "@font-face { font-family: x }"}}},
}
MODES = {"availableDisplayModes": ["inline", "fullscreen"]}


@pytest.mark.parametrize("tool", GIVEN)
def test_a_widget_is_whole_in_each_theme_language_and_width(host, tool):
    host.show("search_products", chat=f"looks-{tool}", query="honey")
    host.call("add_to_cart", items=[{"product_id": "shop:honey", "quantity": 2}, {"product_id": "shop:shirt-S-Red"}])
    host.call("apply_coupon", code="TEN")
    host.show(tool, chat=f"looks-{tool}", context=MODES, **GIVEN[tool])
    for locale, direction in (("en-GB", "ltr"), ("he-IL", "rtl")):
        for name, theme in THEMES.items():
            host.adapt({"locale": locale, **theme})
            for width in (320, 700):
                host.browser.evaluate(f"host.frame.style.width = '{width}px'")
                assert host.see("document.documentElement.dir") == direction
                assert host.see("document.documentElement.scrollWidth - innerWidth") <= 0, (name, width)
                if AXE:
                    assert host.broken_rules() == [], (name, locale, width)
    assert host.see("getComputedStyle(document.body).fontFamily").startswith("Georgia")
    hebrew = {"search_products": "הוספה לעגלה", "get_product": "הוספה לעגלה", "view_cart": "לתשלום"}
    assert hebrew[tool] in host.text


def test_the_shop_s_colour_and_logo_are_shown_so_that_they_can_be_seen(host):
    host.show("search_products", chat="brand", query="honey")
    host.wait("getComputedStyle(document.querySelector('.logo')).display === 'block'")
    button = "(s => [s.backgroundColor, s.color])(getComputedStyle(document.querySelector('.main')))"

    assert host.see(button) == ["rgb(153, 143, 0)", "rgb(0, 0, 0)"]
    host.adapt({"locale": "he-IL", "theme": "dark"})
    assert host.see(button) == ["rgb(255, 238, 0)", "rgb(0, 0, 0)"]
    assert f"{host.shop.url}/logos/shop/" in host.see(
        "getComputedStyle(document.querySelector('.logo')).backgroundImage"
    )


@pytest.mark.parametrize("tool", GIVEN)
def test_a_hostile_catalogue_is_only_text(host, tool):
    host.show("search_products", chat=f"hostile-{tool}", query="honey")
    product = 'shop:x"><svg/onload=throw(1)>'
    host.call("add_to_cart", product_id=product)
    given = {"search_products": {"category": HOSTILE}, "get_product": {"product_id": product}, "view_cart": {}}[tool]

    host.show(tool, chat=f"hostile-{tool}", **given)
    host.wait_until_idle()

    assert HOSTILE in host.text
    allowed = host.see("[...document.querySelectorAll('*')].map(each => each.localName)")
    assert not {"svg", "b", "script"} & set(allowed[allowed.index("main") : -3]) - {"b"}
    attributes = host.see(
        "[...document.querySelectorAll('main *')].flatMap(each => [...each.attributes]).map(each => each.name)"
    )
    assert [name for name in attributes if name.startswith("on")] == []
    sources = host.see("[...document.querySelectorAll('img')].map(each => each.src)")
    assert all(source.startswith(f"{host.shop.url}/widgets/images/shop") for source in sources)
    if tool != "get_product":
        return
    # Its option is chosen, and it is added, as any other's.
    host.write("select", f"{HOSTILE}2")
    host.click("[data-act=add]")
    assert host.cart() == {product: 1, "shop:hostile-2": 1}
    assert HOSTILE in host.note


@pytest.mark.parametrize(("tool", "given"), [("search_products", {"query": "bulk", "limit": 50}), ("view_cart", {})])
def test_a_long_answer_is_on_the_screen_within_100_milliseconds_of_its_arrival(host, tool, given):
    host.show("search_products", chat=f"paint-{tool}", query="honey")
    for at in (0, 50):
        host.call("add_to_cart", items=[{"product_id": f"shop:bulk-{n}"} for n in range(at, at + 50)])
    host.show(tool, chat=f"paint-{tool}", **given)
    answer = json.dumps(host.call(tool, **given))

    # By the browser's clock: from the host's message until the frame after the one in which it was drawn.
    host.see(
        "addEventListener('message', ({ data, timeStamp }) => data.method?.endsWith('tool-result') && "
        "requestAnimationFrame(() => setTimeout(() => { window.painted = performance.now() - timeStamp; }))), 0"
    )

    def painted():
        host.see("window.painted = null, main.replaceChildren()")
        host.browser.evaluate(f"host.bridge.sendToolResult({answer})")
        host.wait("window.painted !== null")
        return host.see("window.painted")

    times = sorted(painted() for _ in range(3))
    host.wait_until_idle()

    assert times[0] < 100, times


def test_a_shop_without_calls_that_have_no_id_shows_and_does_not_write(host):
    for tool, given in GIVEN.items():
        host.show("search_products", chat="refuse", query="honey")
        host.call("add_to_cart", product_id="shop:honey")
        host.show(tool, chat="refuse", **given)
        assert host.see("document.querySelectorAll('.main').length") > 0

        assert host.see("config.writes = false, draw(), document.querySelectorAll('.main, [type=number]').length") == 0
        assert host.text.strip()


def test_a_picture_that_fails_leaves_its_place(host):
    host.show("search_products", chat="failing", query="honey")
    size = "(r => [r.width, r.height])(document.querySelector('.picture').getBoundingClientRect())"
    before = host.see(size)

    host.see("document.querySelector('img').dispatchEvent(new Event('error'))")

    assert host.see("document.querySelectorAll('[data-product=\"shop:honey\"] img').length") == 0
    assert host.see(size) == before


def test_the_host_s_safe_areas_are_left_free(host):
    host.show("view_cart", chat="safe", context={"safeAreaInsets": {"top": 40, "right": 0, "bottom": 30, "left": 20}})

    padding = host.see("(s => [s.paddingTop, s.paddingRight, s.paddingBottom, s.paddingLeft])(getComputedStyle(main))")
    assert padding == ["40px", "12px", "30px", "20px"]


def test_another_process_gives_the_same_addresses(host, settings):
    settings.PUBLIC_URL = host.shop.url

    for widget in WIDGETS:
        assert replace(widget, origin=host.shop.url).address == host.resource(widget.name)["uri"]


def test_what_is_served_is_small(host):
    for name in TOOLS.values():
        assert len(host.resource(name)["text"].encode()) < 20_000
