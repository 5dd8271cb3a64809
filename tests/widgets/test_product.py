"""The widget of one product, under the official bridge."""


def choose(host, option, value):
    host.write(f"select[data-option={option}]", value)


def test_options_are_chosen_each_shows_its_price_and_the_variant_is_added(host):
    host.show("get_product", chat="options", product_id="shop:shirt-S-Red")
    assert host.see("[...document.querySelectorAll('select')].map(each => each.value)") == ["S", "Red"]
    assert "50.00" in host.text

    choose(host, "Size", "L")
    assert "60.00" in host.text
    assert host.see("[...document.querySelectorAll('select')].map(each => each.value)") == ["L", "Red"]
    choose(host, "Colour", "Blue")
    host.write("[data-change=quantity]", "2")
    host.click("[data-act=add]")

    assert host.cart() == {"shop:shirt-L-Blue": 2}
    assert host.see("document.querySelector('[data-in-cart]').dataset.inCart") == "2"
    assert "shirt-L-Blue" in host.see("document.querySelector('img')?.src ?? 'shirt-L-Blue'")

    choose(host, "Size", "M")
    choose(host, "Colour", "Red")
    assert "Sold out" in host.text
    assert host.see("document.querySelector('[data-act=add]')") is None
    # No writing call was made by choosing.
    assert [name for name, _ in host.writes] == ["add_to_cart"]


def test_a_product_is_told_and_is_shown_larger_where_the_host_can(host):
    host.show("get_product", chat="one", product_id="shop:honey", context={"availableDisplayModes": ["inline"]})
    for fact in ('Honey "wild" 1 ק"ג', "24.90", "29.90", "From the hills.", "In stock"):
        assert fact in host.text
    assert host.see("document.querySelector('[data-act=mode]')") is None

    modes = {"availableDisplayModes": ["inline", "fullscreen"]}
    host.show("get_product", chat="one", product_id="shop:cup", context=modes)
    assert "3 in stock" in host.text
    host.click("[data-act=mode]")
    assert host.browser.evaluate("host.modes") == ["fullscreen"]
    assert host.see("document.documentElement.dataset.mode") == "fullscreen"
    host.click("[data-act=mode]")
    assert host.browser.evaluate("host.modes") == ["fullscreen", "inline"]


def test_a_picture_that_cannot_be_loaded_leaves_a_quiet_place(host):
    host.show("get_product", chat="picture", product_id="shop:cup")

    host.wait("document.querySelector('img')?.complete ?? true")
    assert host.see("document.querySelector('.picture').getBoundingClientRect().width") == 240
    assert host.see("document.querySelector('.picture').getBoundingClientRect().height") == 240
