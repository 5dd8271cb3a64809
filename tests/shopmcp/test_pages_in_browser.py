"""The project's own pages as people meet them: in a browser."""


def test_the_copy_button_copies_the_address_and_says_so(empty_shop, browser):
    browser.send("Browser.grantPermissions", permissions=["clipboardReadWrite"], origin=empty_shop.url)
    browser.open(f"{empty_shop.url}/")
    browser.click("[data-copy]")

    browser.wait_until("document.querySelector('[role=status]').textContent === 'Copied'")
    assert browser.evaluate("navigator.clipboard.readText()") == f"{empty_shop.url}/mcp"
    assert browser.complaints == []


def test_without_scripts_the_address_is_there_and_the_button_is_not(empty_shop, browser):
    browser.look_like(scripts=False)
    browser.open(f"{empty_shop.url}/")

    assert browser.evaluate("document.querySelector('#mcp-url').value") == f"{empty_shop.url}/mcp"
    assert browser.evaluate("document.querySelector('[data-copy]').checkVisibility()") is False


def test_the_language_button_changes_the_language_and_back(empty_shop, browser):
    browser.open(f"{empty_shop.url}/")
    for language, own_name in [("he", "English"), ("en", "עברית")]:
        browser.click_through(".languages button")
        assert browser.evaluate("document.documentElement.lang") == language
        assert browser.evaluate("document.querySelector('.languages button').textContent") == own_name


def test_a_link_signs_in_by_its_button_and_leads_to_the_dashboard(empty_shop, browser):
    link = empty_shop.manage("sign_in_link").stdout.strip()
    browser.open(link)
    browser.click_through("main button")

    assert browser.evaluate("location.href") == f"{empty_shop.url}/dashboard/"
    assert browser.evaluate("document.querySelector('h1').textContent") == "Live"

    browser.complaints.clear()
    browser.open(link)
    assert "used already" in browser.evaluate("document.body.textContent")
