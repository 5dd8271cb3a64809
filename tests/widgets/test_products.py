"""The widget of found products, under the official bridge in a sandboxed frame of a real browser."""

HONEY = "[data-product='shop:honey']"
CUP = "[data-product='shop:cup']"


def test_a_shopper_finds_adds_and_undoes_by_clicks(host):
    host.show("search_products", chat="grid", query="honey cup", limit=5)
    shown = host.text
    for fact in ('Honey "wild" 1 ק"ג', "24.90", "29.90", "Last <b>cup</b>", "Sold out", "Without a price"):
        assert fact in shown
    assert host.see("document.querySelectorAll('[data-act=add]').length") == 2
    assert not host.see("[...document.querySelectorAll('[data-in-cart]')].length")

    host.write(f"{HONEY} [data-change=quantity]", "2")
    host.click(f"{HONEY} [data-act=add]")

    assert host.cart() == {"shop:honey": 2}
    assert "0 → 2" in host.note
    assert host.see(f'document.querySelector("{HONEY} [data-in-cart]").dataset.inCart') == "2"
    (told,) = host.browser.evaluate("host.contexts")
    assert 'Honey "wild" 1 ק"ג: 0 → 2. It is at version 1 now: 2 items, ₪49.80.' in told["content"][0]["text"]
    assert told["structuredContent"]["version"] == 1

    host.click("[data-act=undo]")

    assert host.cart() == {}
    assert not host.see("[...document.querySelectorAll('[data-in-cart]')].length")
    assert host.see("document.activeElement.dataset.key") is None  # what was used is gone


def test_one_click_is_one_change_however_often_it_is_made_and_repeated(host):
    host.show("search_products", chat="once", query="honey")
    add = f"{HONEY} [data-act=add]"

    host.browser.evaluate("host.hold = true")
    host.see(f'(b => {{ b.focus(); b.click(); b.click(); b.click(); }})(document.querySelector("{add}"))')
    host.wait("waiting.size === 1")
    assert host.see("[...main.querySelectorAll('button, input, select')].every(each => each.disabled)")
    host.browser.evaluate("host.release()")
    host.wait_until_idle()
    assert host.see("[...main.querySelectorAll('button, input, select')].every(each => !each.disabled)")
    assert host.see("document.activeElement.dataset.key") == "add shop:honey"
    (call,) = host.writes

    # The host sends the same call again.
    host.browser.evaluate(f"host.call('add_to_cart', {call[1]!r})")
    assert host.cart() == {"shop:honey": 1}

    # The call is made, and its answer is lost.
    host.browser.evaluate("host.lose = true")
    host.click(add)
    assert "nothing is done twice" in host.note
    host.browser.evaluate("host.lose = false")
    host.click("[data-act=again]")
    assert host.cart() == {"shop:honey": 2}
    lost, again = host.writes[1:]
    assert lost == again

    # The call is not made at all.
    host.browser.evaluate("host.refuse = true")
    host.click(add)
    assert "nothing is done twice" in host.note
    host.browser.evaluate("host.refuse = false")
    host.click("[data-act=again]")
    assert host.cart() == {"shop:honey": 3}
    assert host.see(f'document.querySelector("{HONEY} [data-in-cart]").dataset.inCart') == "3"


def test_a_variant_is_chosen_and_more_results_are_read(host):
    host.show("search_products", chat="variants", query="linen shirt")
    card = "[data-product^='shop:shirt']"
    options = host.see(f'[...document.querySelectorAll("{card} option")].map(each => each.text)')
    assert len(options) == 6
    assert any("Sold out" in text for text in options)

    host.write(f"{card} select", "shop:shirt-L-Blue")
    assert "60.00" in host.see(f'document.querySelector("{card}").innerText')
    host.click(f"{card} [data-act=add]")
    assert host.cart() == {"shop:shirt-L-Blue": 1}

    host.show("search_products", chat="variants", query="bulk", limit=40, category="Bulk")
    cards = "document.querySelectorAll('.card').length"
    assert host.see(cards) == 40
    host.click("[data-act=more]")
    host.click("[data-act=more]")
    assert host.see(cards) == 100
    assert not host.see("document.querySelector('[data-act=more]')")


def test_several_searches_and_nothing_found_are_shown(host):
    host.show("search_products", chat="groups", queries=["honey", "zzqqx"])
    assert host.see("[...document.querySelectorAll('h2')].map(each => each.innerText)")[0] == "honey"
    assert "Honey" in host.text

    host.show("search_products", chat="groups", query="zzqqx")
    assert "Nothing was found." in host.text
    assert "Pantry" in host.text


def test_a_chat_without_an_id_gets_its_cart_by_the_first_click(host):
    host.show("search_products", chat=None, query="honey cup")
    assert host.calls == []  # a look at a cart that cannot be named would be a warning

    host.click(f"{HONEY} [data-act=add]")

    minted = host.see("cartId")
    assert minted.startswith("cart_")
    told = host.browser.evaluate("host.contexts")[-1]
    assert f"Pass cart_id {minted} with every later cart call." in told["content"][0]["text"]
    assert told["structuredContent"]["cart_id"] == minted

    host.click(f"{CUP} [data-act=add]")
    assert host.writes[1][1]["cart_id"] == minted
    lines = host.call("view_cart", cart_id=minted)["structuredContent"]["lines"]
    assert [line["product_id"] for line in lines] == ["shop:honey", "shop:cup"]

    # A later search that passes it shows what is in the cart, and its widget goes on with it.
    host.show("search_products", chat=None, query="honey", cart_id=minted)
    assert host.see(f'document.querySelector("{HONEY} [data-in-cart]").dataset.inCart') == "1"


def test_a_refusal_says_what_the_tool_said_and_no_connection_is_told(host):
    host.show("search_products", chat="refused", query="cup")
    host.write(f"{CUP} [data-change=quantity]", "999")
    host.click(f"{CUP} [data-act=add]")
    # As much was added as there is, with a notice.
    assert host.cart() == {"shop:cup": 3}
    assert "3" in host.note

    host.see("cartId = 'widget_forged', 0")
    host.click(f"{CUP} [data-act=add]")
    assert "This cart_id opens no cart here." in host.note
    assert host.tells_an_error

    host.browser.send(
        "Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=-1, uploadThroughput=-1
    )
    try:
        host.wait("!navigator.onLine")
        host.click(f"{CUP} [data-act=add]")
        assert "No connection" in host.note
    finally:
        host.browser.send(
            "Network.emulateNetworkConditions", offline=False, latency=0, downloadThroughput=-1, uploadThroughput=-1
        )
    host.wait("navigator.onLine")


def test_a_failed_answer_is_told_and_a_host_that_makes_no_calls_gets_no_buttons(host):
    failed = {"content": [{"type": "text", "text": "The shop is closed."}], "isError": True}
    host.show("search_products", chat="failed", query="honey", result=failed)
    assert host.text.strip() == "The shop is closed."

    host.show("search_products", chat="failed", query="honey", capabilities={})
    assert "Honey" in host.text
    assert host.see("document.querySelectorAll('button, input').length") == 0
    assert host.calls == []
