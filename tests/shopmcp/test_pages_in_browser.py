"""The project's own pages as people meet them: in a browser, narrow and wide, light and dark, in both languages."""

import pytest

# WCAG 2: the contrast of each visible text with what lies behind it, the lowest first.
CONTRAST = """
(() => {
  const linear = part => part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const canvas = Object.assign(document.createElement("canvas"), {width: 1, height: 1});
  const context = canvas.getContext("2d", {willReadFrequently: true});
  const paint = colours => {
    context.clearRect(0, 0, 1, 1);
    for (const colour of colours) { context.fillStyle = colour; context.fillRect(0, 0, 1, 1); }
    return light(context.getImageData(0, 0, 1, 1).data);
  };
  const behind = e => e ? [...behind(e.parentElement), getComputedStyle(e).backgroundColor] : [];
  const says = e => [...e.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim());
  return [...document.querySelectorAll("body *")]
    .filter(e => says(e) && e.checkVisibility())
    .map(e => {
      const lights = [paint(behind(e)), paint([...behind(e), getComputedStyle(e).color])];
      return [(Math.max(...lights) + 0.05) / (Math.min(...lights) + 0.05), e.outerHTML.slice(0, 80)];
    })
    .sort((one, other) => one[0] - other[0])[0];
})()
"""


@pytest.fixture(scope="session")
def unused_link(empty_shop):
    empty_shop.manage("sign_in_link")  # makes the owner, whom the other tests sign in
    empty_shop.manage("createsuperuser", "--noinput", "--username", "visitor", "--email", "visitor@example.com")
    return empty_shop.manage("sign_in_link", "visitor").stdout.strip().removeprefix(empty_shop.url)


@pytest.mark.parametrize("language", ["en", "he"])
@pytest.mark.parametrize("width", [320, 390, 1600])
@pytest.mark.parametrize("page", ["/", "/nowhere", "link"])
def test_a_page_is_whole_on_every_screen_light_and_dark(empty_shop, browser, unused_link, page, width, language):
    browser.look_like(width=width, language=language)
    browser.open(f"{empty_shop.url}{unused_link if page == 'link' else page}")

    assert browser.evaluate("[document.documentElement.lang, document.dir]") == [
        language,
        "rtl" if language == "he" else "ltr",
    ]
    for dark in (False, True):
        browser.look_like(width=width, language=language, dark=dark)
        assert browser.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        contrast, where = browser.evaluate(CONTRAST)
        assert contrast >= 4.5, where
    assert browser.requested
    assert all(url.startswith((empty_shop.url, "data:")) for url in browser.requested)
    # The one thing a browser has to say about a missing page is that it is missing.
    assert [text for text in browser.complaints if page != "/nowhere" or "404" not in text] == []


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
