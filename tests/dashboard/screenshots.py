"""Take the pictures of the README: a demo shop, chats played over HTTP, and Chromium. `make screenshots` runs it."""

import base64
import sys
import tempfile
from pathlib import Path

from tests.browser import CHROMIUM, open_browser
from tests.dashboard.chats import play, play_unkeyed
from tests.live import LiveServer, wait_for

# Name, page, language, dark, width.
PICTURES = [
    ("live", "", "en", False, 1280),
    ("live-hebrew", "", "he", True, 1280),
    ("live-phone", "", "he", False, 390),
    ("session", "session", "en", False, 1280),
    ("analytics", "analytics/", "en", False, 1280),
    ("warning", "warnings/unkeyed/", "en", False, 1280),
]
# Widgets in the preview: name, what the page is asked for, language, dark, width.
WIDGETS = [
    ("widget-products", "?q=coffee", "en", False, 1280),
    ("widget-product", "?show=product&q=demo:OI-801", "he", True, 1280),
    ("widget-cart", "?show=cart", "en", False, 390),
    ("widget-cart-hebrew", "?show=cart", "he", True, 390),
]
# The widget has its answer, has looked at the cart, and its pictures are there.
READY = (
    "main.dataset.state === 'ready' && !busy && waiting.size === 0 && "
    "[...document.images].every(image => image.complete) && innerHeight === height"
)
HIGHEST = 1400


def take(folder, place):
    folder.mkdir(parents=True, exist_ok=True)
    with LiveServer(place / "data", "--demo").from_nothing() as server, open_browser(place / "browser") as browser:
        play(server)
        play_unkeyed(server)
        browser.open(server.manage("sign_in_link").stdout.strip())
        browser.click_through("main button")
        browser.wait_until("document.querySelectorAll('.rows tbody tr').length > 5")
        rows = "[...document.querySelectorAll('.rows tbody tr')]"
        fullest = f"{rows}.sort((a, b) => b.querySelectorAll('li').length - a.querySelectorAll('li').length)[0]"
        session = browser.evaluate(f"new URL({fullest}.querySelector('a').href).pathname")
        for name, page, language, dark, width in PICTURES:
            browser.look_like(width=width, language=language, dark=dark)
            browser.open(f"{server.url}{session if page == 'session' else f'/dashboard/{page}'}")
            height = min(browser.evaluate("document.documentElement.scrollHeight"), HIGHEST)
            size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
            browser.send("Emulation.setDeviceMetricsOverride", **size)
            picture = browser.send("Page.captureScreenshot", format="png")["data"]
            (folder / f"{name}.png").write_bytes(base64.b64decode(picture))
        take_widgets(folder, server, browser)


def take_widgets(folder, server, browser):
    """Take what the chat shows, without the page around it; each adds something to the cart of the next."""
    browser.send("Emulation.setScrollbarsHidden", hidden=True)
    for name, query, language, dark, width in WIDGETS:
        browser.look_like(width=width, language=language, dark=dark)
        # So high that no picture waits to be scrolled to.
        size = {"width": width, "height": HIGHEST, "deviceScaleFactor": 1, "mobile": False}
        browser.send("Emulation.setDeviceMetricsOverride", **size)
        browser.open(f"{server.url}/dashboard/preview/{query}")
        wait_for(
            lambda: len(browser.frames()) > 1 and browser.evaluate(_tried(READY), frame=browser.frames()[-1]), name
        )
        frame = browser.frames()[-1]
        browser.evaluate("document.querySelector('[data-act=add]')?.click()", frame=frame)
        browser.wait_until(READY, frame=frame)
        rectangle = "(({ x, y, width, height }) => ({ x, y, width, height }))"
        clip = browser.evaluate(f"scrollTo(0, 0), {rectangle}(document.querySelector('.host').getBoundingClientRect())")
        picture = browser.send("Page.captureScreenshot", format="png", clip=clip | {"scale": 1})["data"]
        (folder / f"{name}.png").write_bytes(base64.b64decode(picture))


def _tried(expression):
    """False until the script that knows its names has run."""
    return f"(() => {{ try {{ return {expression}; }} catch {{ return false; }} }})()"


if __name__ == "__main__":
    if not CHROMIUM:
        sys.exit("Screenshots need Chromium: apt-get install chromium.")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        take(Path(sys.argv[1]), Path(place))
