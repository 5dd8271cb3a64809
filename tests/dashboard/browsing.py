"""The dashboard's pages in a browser: signing in, and the rules of WCAG that a page breaks."""

import json
import os
from pathlib import Path

# Where axe-core's axe.min.js lies; .ci/run fetches it.
AXE = os.environ.get("AXE_CORE", "")

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def sign_in(browser, server):
    browser.open(server.manage("sign_in_link").stdout.strip())
    browser.click_through("main button")
    forget(browser)


def forget(browser):
    browser.complaints.clear()
    browser.requested.clear()


def broken_rules(browser):
    """The rules of WCAG 2.2 A and AA that the page breaks, with where; what is folded up is read too."""
    return broken_rules_of(browser.evaluate)


def broken_rules_of(evaluate):
    """The same of what `evaluate` runs scripts in, such as a frame."""
    evaluate("document.querySelectorAll('details').forEach(details => { details.open = true; })")
    if evaluate("typeof axe") == "undefined":
        evaluate(f"{Path(AXE).read_text()};0")
    # A frame's own test looks into it.
    options = json.dumps({"runOnly": RULES, "resultTypes": ["violations"], "preload": False, "iframes": False})
    return evaluate(
        f"axe.run({options}).then(r => r.violations.map(v => [v.id, v.nodes.map(n => [n.html, n.failureSummary])]))"
    )
