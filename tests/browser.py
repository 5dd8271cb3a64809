"""A real browser for tests: headless Chromium over its debugging pipe, without a driver between."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from select import select
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
OPTIONS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--remote-debugging-pipe"),
    # Else a sandboxed frame is a target of its own, which one tab does not see.
    "--disable-features=IsolateSandboxedIframes",
]

# Seconds after which a test fails instead of waiting on.
LONGEST = 60

# `intervals` is how long each of the page's intervals is meant to be.
QUICKEN = """{
  window.intervals = [];
  const every = window.setInterval;
  window.setInterval = (what, time, ...rest) => { intervals.push(time); return every(what, time / TIMES, ...rest); };
}"""


class Browser:
    """One tab. `complaints` collects errors, refusals by a content security policy and failed or foreign requests."""

    def __init__(self, commands: int, answers: int) -> None:
        self._commands, self._answers = commands, answers
        self._last, self._unread = 0, b""
        self._tab: str | None = None
        self._loaded = False
        self._quickens: str | None = None
        # Where the scripts of each frame run.
        self._contexts: dict[str, int] = {}
        self.complaints: list[str] = []
        self.requested: list[str] = []
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._tab = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **params: Any) -> Any:
        """Send one command of the DevTools protocol and return its result."""
        self._last += 1
        message = {"id": self._last, "method": method, "params": params}
        if self._tab:
            message["sessionId"] = self._tab
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while (answer := self._next()).get("id") != self._last:
            self._note(answer)
        if "error" in answer:
            raise AssertionError(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def begin_anew(self) -> None:
        """Be as after the start: no page, no cookies, English, light and wide."""
        self.open("about:blank")  # what an earlier page still asks for must not load into the next
        self.send("Network.clearBrowserCookies")
        if self._quickens:
            self.send("Page.removeScriptToEvaluateOnNewDocument", identifier=self._quickens)
            self._quickens = None
        self.look_like()
        self.complaints.clear()
        self.requested.clear()

    def look_like(self, *, width: int = 1280, language: str = "en", dark: bool = False, scripts: bool = True) -> None:
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        self.send("Network.setExtraHTTPHeaders", headers={"Accept-Language": language})
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[scheme])
        self.send("Emulation.setScriptExecutionDisabled", value=not scripts)

    def quicken(self, times: float = 10) -> None:
        """Let the intervals of the pages that are opened from now on pass so many times as fast."""
        source = QUICKEN.replace("TIMES", str(times))
        self._quickens = self.send("Page.addScriptToEvaluateOnNewDocument", source=source)["identifier"]

    def open(self, url: str) -> None:
        """Open a page and wait until it has loaded."""
        self._loaded = False
        self.send("Page.navigate", url=url)
        self._wait_for_load()

    def click(self, selector: str) -> None:
        """Click as a person does, on what lies at the middle of the element; of its first line, if it has several."""
        place = f"(b => [b.x + b.width / 2, b.y + b.height / 2])({_find(selector)}.getClientRects()[0])"
        self.evaluate(f"{_find(selector)}.scrollIntoView()")
        x, y = self.evaluate(place)
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def click_through(self, selector: str) -> None:
        """Click what leads to another page, and wait until that has loaded."""
        self._loaded = False
        self.click(selector)
        self._wait_for_load()

    def frames(self) -> list[int]:
        """The frames of the page as `evaluate` takes them, the page itself first."""
        return list(self._contexts.values())

    def evaluate(self, expression: str, *, frame: int | None = None) -> Any:
        """The value of a JavaScript expression, of a promise when it has one; of the page, or of one of its frames."""
        where = {} if frame is None else {"contextId": frame}
        answer = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True, **where)
        if "exceptionDetails" in answer:
            raise AssertionError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def wait_until(self, expression: str, *, within: float = 60, frame: int | None = None) -> None:
        deadline = time.monotonic() + within
        while not self.evaluate(expression, frame=frame):
            assert time.monotonic() < deadline, f"not within {within} seconds: {expression}"
            time.sleep(0.02)

    def _wait_for_load(self) -> None:
        deadline = time.monotonic() + LONGEST
        while not self._loaded:
            assert time.monotonic() < deadline, f"no page has loaded within {LONGEST} seconds"
            self._note(self._next())

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._unread:
            assert select([self._answers], [], [], LONGEST)[0], f"the browser was silent for {LONGEST} seconds"
            block = os.read(self._answers, 65536)
            assert block, "the browser ended"
            self._unread += block
        message, _, self._unread = self._unread.partition(b"\0")
        answer: dict[str, Any] = json.loads(message)
        return answer

    def _note(self, event: dict[str, Any]) -> None:
        params = event.get("params", {})
        match event.get("method"):
            case "Page.loadEventFired":
                self._loaded = True
            case "Runtime.executionContextsCleared":
                self._contexts.clear()
            case "Runtime.executionContextCreated" if params["context"]["auxData"]["isDefault"]:
                # The last is the newest: a frame that loads something else gets another.
                self._contexts.pop(params["context"]["auxData"]["frameId"], None)
                self._contexts[params["context"]["auxData"]["frameId"]] = params["context"]["id"]
            case "Runtime.executionContextDestroyed":
                gone = params["executionContextId"]
                self._contexts = {frame: known for frame, known in self._contexts.items() if known != gone}
            case "Log.entryAdded":
                self.complaints.append(params["entry"]["text"])
            case "Runtime.exceptionThrown":
                self.complaints.append(str(params["exceptionDetails"]))
            case "Runtime.consoleAPICalled" if params["type"] in ("error", "warning", "assert"):
                self.complaints.append(str(params["args"]))
            case "Network.requestWillBeSent":
                self.requested.append(params["request"]["url"])


@contextmanager
def open_browser(profile: Path) -> Iterator[Browser]:
    """Start Chromium with a profile of its own; it ends with the block."""
    assert CHROMIUM, "Chromium is not installed"
    # Chromium reads commands from descriptor 3 and answers on 4; the shell puts our pipes there.
    read_commands, write_commands = os.pipe()
    read_answers, write_answers = os.pipe()
    script = f'exec "$0" "$@" 3<&{read_commands} 4>&{write_answers}'
    process = subprocess.Popen(
        ["bash", "-c", script, CHROMIUM, *OPTIONS, f"--user-data-dir={profile}"],
        pass_fds=(read_commands, write_answers),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(read_commands)
    os.close(write_answers)
    try:
        yield Browser(write_commands, read_answers)
    finally:
        process.terminate()
        process.wait(timeout=30)
        os.close(write_commands)
        os.close(read_answers)


def _find(selector: str) -> str:
    return f"document.querySelector({json.dumps(selector)})"
