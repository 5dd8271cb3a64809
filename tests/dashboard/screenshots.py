"""Take the pictures of the README: a demo shop, chats played over HTTP, and Chromium. `make screenshots` runs it."""

import base64
import sys
import tempfile
from pathlib import Path

from tests.browser import CHROMIUM, open_browser
from tests.dashboard.chats import play, play_unkeyed
from tests.live import LiveServer

# Name, page, language, dark, width.
PICTURES = [
    ("live", "", "en", False, 1280),
    ("live-hebrew", "", "he", True, 1280),
    ("live-phone", "", "he", False, 390),
    ("session", "session", "en", False, 1280),
    ("analytics", "analytics/", "en", False, 1280),
    ("warning", "warnings/unkeyed/", "en", False, 1280),
]
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


if __name__ == "__main__":
    if not CHROMIUM:
        sys.exit("Screenshots need Chromium: apt-get install chromium.")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        take(Path(sys.argv[1]), Path(place))
