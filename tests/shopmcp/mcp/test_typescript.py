"""Answers and refusals as npm's `@modelcontextprotocol/sdk` 1.x sees them, which validates both against the schemas."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from shopmcp.composition import toolbox

pytestmark = pytest.mark.no_database
SDK = "@modelcontextprotocol/sdk@1.32.2"
SCRIPT = Path(__file__).parents[2] / "node" / "call_tools.mjs"
# What each tool refuses.
REFUSED = {
    "list_stores": {"store": "ghost"},
    "search_products": {"limit": -1},
    "get_product": {"product_id": "shop:ghost"},
    "add_to_cart": {"product_id": "shop:ghost"},
    "update_cart_item": {"product_id": "shop:ghost", "quantity": 1},
    "remove_from_cart": {},
    "view_cart": {"cart_id": "cart_forged"},
    "clear_cart": {"cart_id": "cart_forged"},
    "undo_cart_change": {"version": -5},
    "debug_session": {"cart_id": 5},
    "apply_coupon": {"code": "GHOST"},
    "get_checkout_link": {"scope": "steal"},
    "resume_cart": {"code": "GHOSTS23"},
    "list_orders": {"order": "GHOST"},
    "link_account": {},
    "get_store_info": {"store": "ghost"},
    "search": {},
    "fetch": {"id": "shop:ghost"},
}


@pytest.fixture(scope="module")
def modules():
    """The SDK of that version, kept in the user's cache folder."""
    if not shutil.which("node") or not (npm := shutil.which("npm")):
        pytest.skip("needs Node and npm")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "shopmcp" / SDK.replace("/", "-")
    finished = cache / "finished"
    if not finished.exists():
        command = [
            npm,
            "install",
            "--no-audit",
            "--no-fund",
            "--no-save",
            "--loglevel=error",
            "--prefix",
            str(cache),
            SDK,
        ]
        try:
            cache.mkdir(parents=True, exist_ok=True)
            subprocess.run(command, check=True, capture_output=True, timeout=300)
            finished.touch()
        except (OSError, subprocess.SubprocessError) as error:
            pytest.skip(f"npm could not install {SDK}: {error}")
    return cache / "node_modules"


@pytest.fixture(scope="module")
def call_all(live_shop, modules):
    """Call several tools one after the other with the TypeScript client."""

    def call(plan):
        told = subprocess.run(
            ["node", str(SCRIPT), str(modules), live_shop.mcp_url],
            input=json.dumps([{"name": name, "arguments": arguments} for name, arguments in plan]),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert told.returncode == 0, told.stderr
        return {name: outcome for (name, _), outcome in zip(plan, json.loads(told.stdout), strict=True)}

    return call


def test_an_answer_of_every_tool_fits_its_schema(call_all):
    answered = {
        "list_stores": {},
        "search_products": {},
        "get_product": {"product_id": "shop:honey"},
        "add_to_cart": {"product_id": "shop:honey"},
        "update_cart_item": {"product_id": "shop:honey", "quantity": 2},
        "view_cart": {},
        "apply_coupon": {"code": ""},
        "get_checkout_link": {},
        "list_orders": {},
        "debug_session": {},
        "remove_from_cart": {"product_id": "shop:honey"},
        "undo_cart_change": {},
        "clear_cart": {},
        "get_store_info": {},
        "search": {"query": "honey"},
        "fetch": {"id": "shop:honey"},
    }
    # The code of `resume_cart` stands on the page of another cart; it answers with a cart, as others do. This shop has
    # no accounts to be linked with.
    assert set(answered) == set(toolbox.tools) - {"resume_cart", "link_account"}

    for name, outcome in call_all(list(answered.items())).items():
        assert outcome.get("thrown") is None, name
        assert not outcome["refused"], (name, outcome)
        assert "error" not in outcome["structured"], name


def test_a_refusal_of_every_tool_fits_its_schema(call_all):
    assert set(REFUSED) == set(toolbox.tools)

    for name, outcome in call_all(list(REFUSED.items())).items():
        assert outcome.get("thrown") is None, name
        assert outcome["refused"], (name, outcome)
        assert outcome["structured"]["error"]["message"], name


def test_a_search_page_and_a_full_cart_fit_too(call_all, live_shop):
    page = live_shop.call_tool("search_products", limit=20)["structuredContent"]["products"]
    items = [{"product_id": item["product_id"]} for item in page if "price" in item and item["in_stock"]]

    outcomes = call_all([("search_products", {"limit": 50}), ("add_to_cart", {"items": items}), ("view_cart", {})])

    assert not [outcome for outcome in outcomes.values() if outcome.get("thrown") or outcome["refused"]]
