"""The project's own pages as people meet them: in a browser, narrow and wide, light and dark, in both languages."""

import pytest

from tests.browser import CHROMIUM, open_browser

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed")

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
def unused_link(server):
    server.manage("sign_in_link")  # makes the owner, whom the other tests sign in
    server.manage("createsuperuser", "--noinput", "--username", "visitor", "--email", "visitor@example.com")
    return server.manage("sign_in_link", "visitor").stdout.strip().removeprefix(server.url)


@pytest.fixture(scope="session")
def one_browser(tmp_path_factory):
    with open_browser(tmp_path_factory.mktemp("browser")) as browser:
        yield browser


@pytest.fixture
def browser(one_browser):
    """The browser as after its start: no cookies, English, light and wide."""
    one_browser.send("Network.clearBrowserCookies")
    one_browser.look_like()
    one_browser.complaints.clear()
    one_browser.requested.clear()
    return one_browser


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("language", ["en", "he"])
@pytest.mark.parametrize("width", [320, 390, 1600])
@pytest.mark.parametrize("page", ["/", "/nowhere", "link"])
def test_a_page_is_whole_on_every_screen(server, browser, unused_link, page, width, language, dark):
    browser.look_like(width=width, language=language, dark=dark)
    browser.open(f"{server.url}{unused_link if page == 'link' else page}")

    assert browser.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert browser.evaluate("[document.documentElement.lang, document.dir]") == [
        language,
        "rtl" if language == "he" else "ltr",
    ]
    contrast, where = browser.evaluate(CONTRAST)
    assert contrast >= 4.5, where
    assert browser.requested
    assert all(url.startswith((server.url, "data:")) for url in browser.requested)
    # The one thing a browser has to say about a missing page is that it is missing.
    assert [text for text in browser.complaints if page != "/nowhere" or "404" not in text] == []


def test_the_copy_button_copies_the_address_and_says_so(server, browser):
    browser.send("Browser.grantPermissions", permissions=["clipboardReadWrite"], origin=server.url)
    browser.open(f"{server.url}/")
    browser.click("[data-copy]")

    browser.wait_until("document.querySelector('[role=status]').textContent === 'Copied'")
    assert browser.evaluate("navigator.clipboard.readText()") == f"{server.url}/mcp"
    assert browser.complaints == []


def test_without_scripts_the_address_is_there_and_the_button_is_not(server, browser):
    browser.look_like(scripts=False)
    browser.open(f"{server.url}/")

    assert browser.evaluate("document.querySelector('#mcp-url').value") == f"{server.url}/mcp"
    assert browser.evaluate("document.querySelector('[data-copy]').checkVisibility()") is False


def test_the_language_button_changes_the_language_and_back(server, browser):
    browser.open(f"{server.url}/")
    for language, own_name in [("he", "English"), ("en", "עברית")]:
        browser.click_through(".languages button")
        assert browser.evaluate("document.documentElement.lang") == language
        assert browser.evaluate("document.querySelector('.languages button').textContent") == own_name


def test_a_link_signs_in_by_its_button_and_leads_to_the_dashboard(server, browser):
    link = server.manage("sign_in_link").stdout.strip()
    browser.open(link)
    browser.click_through("main button")

    assert browser.evaluate("location.href") == f"{server.url}/dashboard/"
    assert browser.evaluate("document.querySelector('h1').textContent") == "Live"

    browser.complaints.clear()
    browser.open(link)
    assert "used already" in browser.evaluate("document.body.textContent")
