"""What a mouse and a keyboard meet, which scripts that click do not: fields, focus, and what moves meanwhile."""

import pytest

HONEY = "[data-product='shop:honey']"
CUP = "[data-product='shop:cup']"
# The host has made the frame as high as the widget is: until then a scrollbar takes some of its width.
IN_PLACE = "innerHeight === height && Math.ceil(document.body.getBoundingClientRect().height) === height"


def fill(host, chat):
    host.show("search_products", chat=chat, query="honey")
    host.call("add_to_cart", items=[{"product_id": "shop:honey", "quantity": 2}, {"product_id": "shop:cup"}])


def offline(host, value):
    host.browser.send(
        "Network.emulateNetworkConditions", offline=value, latency=0, downloadThroughput=-1, uploadThroughput=-1
    )
    host.wait(f"navigator.onLine === {str(not value).lower()}")


@pytest.mark.parametrize(
    ("tool", "given"), [("search_products", {"query": "honey"}), ("get_product", {"product_id": "shop:honey"})]
)
def test_a_click_after_a_quantity_was_typed_adds_that_many(host, tool, given):
    host.show(tool, chat=f"typed-{tool}", **given)

    host.press("[type=number]")
    host.type("3")
    host.press("[data-act=add]")

    assert host.cart() == {"shop:honey": 3}


def test_a_click_counts_though_the_cart_is_read_again_while_the_button_is_down(host):
    fill(host, "pressed")
    host.show("view_cart", chat="pressed")
    host.call("add_to_cart", product_id="shop:bulk-1")

    host.press(f"{HONEY} [data-act=more]", ahead=host.look_again)

    assert host.cart() == {"shop:honey": 3, "shop:cup": 1, "shop:bulk-1": 1}


def test_a_coupon_that_is_typed_stays_while_the_cart_is_read_and_changed(host):
    fill(host, "coupon-typed")
    host.show("view_cart", chat="coupon-typed")

    host.press("#code")
    host.type("TE")
    host.look_again()
    host.browser.send("Input.dispatchKeyEvent", type="char", text="N")
    assert host.see("[document.activeElement.id, document.activeElement.value]") == ["code", "TEN"]
    host.press(f"{CUP} [data-act=more]")

    assert host.see("document.getElementById('code').value") == "TEN"


def test_what_is_typed_stays_when_the_host_changes_how_it_looks(host):
    """A phone's keyboard changes the safe areas."""
    fill(host, "keyboard")
    host.show("view_cart", chat="keyboard")
    host.press(f"{HONEY} [type=number]")
    host.type("7")

    host.adapt({"locale": "en-US", "safeAreaInsets": {"top": 0, "right": 0, "bottom": 200, "left": 0}})
    host.wait("getComputedStyle(main).paddingBottom === '200px'")
    assert host.see("document.activeElement.value") == "7"

    # Another language takes the field away, and half a number is not sent.
    host.adapt({"locale": "he-IL"})
    assert host.writes == []


def test_a_quantity_that_is_left_empty_changes_nothing(host):
    fill(host, "emptied")
    host.show("view_cart", chat="emptied")

    host.write(f"{HONEY} [type=number]", "")

    assert host.writes == []
    assert host.cart() == {"shop:honey": 2, "shop:cup": 1}
    assert host.see(f'document.querySelector("{HONEY} [type=number]").value') == "2"


def test_the_second_click_of_a_double_click_hits_nothing_else(host):
    fill(host, "double")
    host.show("view_cart", chat="double")
    second = "document.querySelector('.line [data-act=remove]').dispatchEvent(new MouseEvent('click', DOUBLE)), 0"
    second = second.replace("DOUBLE", "{ bubbles: true, detail: 2 }")

    host.press(f"{HONEY} [data-act=remove]")
    host.see(second)
    host.wait_until_idle()
    assert host.cart() == {"shop:cup": 1}

    # Two quick steps are two.
    host.press(f"{CUP} [data-act=more]")
    host.see(second.replace("remove", "more"))
    host.wait_until_idle()
    assert host.cart() == {"shop:cup": 3}


@pytest.mark.parametrize("width", [320, 390, 700])
def test_nothing_moves_from_under_the_mouse_when_a_change_is_told(host, width):
    chat = f"moves-{width}"
    fill(host, chat)
    shown = [("view_cart", {}, f"{CUP} [data-act=more]"), ("search_products", {"query": "cup"}, "[data-act=add]")]
    for tool, given, button in (*shown, ("get_product", {"product_id": "shop:cup"}, "[data-act=add]")):
        host.show(tool, chat=chat, width=width, **given)
        host.wait(IN_PLACE)
        before = host.place(button)
        host.press(button)
        host.wait("document.querySelector('.note')?.innerText")
        host.wait(IN_PLACE)
        assert host.place(button) == before, tool


def test_the_focus_stays_with_somebody_who_writes_in_the_chat(host):
    fill(host, "focus")
    host.show("view_cart", chat="focus")
    host.press(f"{CUP} [data-act=more]")
    assert host.see("document.activeElement.dataset.key") == "more shop:cup"
    host.browser.evaluate("(i => { document.body.append(i); i.focus(); })(document.createElement('textarea'))")

    host.adapt({"locale": "he-IL", "theme": "dark"})
    host.look_again()

    assert host.browser.evaluate("document.activeElement.localName") == "textarea"


def test_undo_takes_back_only_what_it_was_offered_for(host):
    fill(host, "undo")
    host.show("view_cart", chat="undo")
    host.click("[data-act=clear]")
    host.call("add_to_cart", product_id="shop:bulk-1")

    host.click("[data-act=undo]")

    assert host.cart() == {"shop:bulk-1": 1}
    assert "changed elsewhere" in host.note
    assert not host.see("!!document.querySelector('[data-act=undo]')")


def test_a_connection_that_is_back_is_not_told_as_lost(host):
    host.show("search_products", chat=None, query="honey")
    host.wait("[...document.images].every(image => image.complete)")
    host.wait("getComputedStyle(document.querySelector('.logo')).display === 'block'")
    try:
        offline(host, True)
        host.wait("document.querySelector('.note').innerText.includes('No connection')")
    finally:
        offline(host, False)

    host.wait("document.querySelector('.note').innerText === ''")


def test_a_change_without_an_answer_can_be_tried_again_though_the_cart_was_read_meanwhile(host):
    fill(host, "unsettled")
    host.show("view_cart", chat="unsettled")
    host.browser.evaluate("host.lose = true")
    host.click(f"{CUP} [data-act=more]")
    host.browser.evaluate("host.lose = false")

    host.look_again()
    assert "nothing is done twice" in host.note
    host.click("[data-act=again]")

    assert host.cart() == {"shop:honey": 2, "shop:cup": 2}
    # Whoever does something else has given it up.
    host.browser.evaluate("host.refuse = true")
    host.click(f"{HONEY} [data-act=more]")
    host.browser.evaluate("host.refuse = false")
    host.click(f"{CUP} [data-act=more]")
    assert not host.see("!!unsettled")


def test_a_host_that_opens_nothing_shows_the_link_and_one_that_keeps_the_size_says_so(host):
    fill(host, "denied")
    host.show("view_cart", chat="denied", context={"availableDisplayModes": ["inline", "fullscreen"]})
    host.browser.evaluate("host.deny = true")

    host.click("[data-act=checkout]")
    assert f"{host.shop.url}/c/" in host.note
    host.click("[data-act=mode]")
    assert host.note == "This could not be shown."
    assert host.see("document.documentElement.dataset.mode") == "inline"


def test_a_widget_whose_cart_id_holds_no_more_says_so_at_once(host):
    fill(host, "forged")
    earlier = host.call("view_cart")
    earlier["structuredContent"]["cart_id"] = "widget_forged"

    host.show("view_cart", chat="forged", result=earlier)

    assert "This cart_id opens no cart here." in host.note
    assert host.tells_an_error


def test_a_cart_id_that_the_model_made_up_does_not_stop_the_first_click(host):
    host.show("search_products", chat=None, query="honey", cart_id="conv-1")
    assert host.calls == []

    host.click("[data-act=add]")

    assert "0 → 1" in host.note
    assert host.see("cartId").startswith("cart_")
