"""Every surface says the same about isolation: pages, `debug_session`, the JSON API and `check_isolation`."""

import re
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.urls import reverse

from carts.digests import cart_id_of
from carts.isolation import isolation
from carts.models import Cart, Session, SessionWarning
from carts.services.sessions import new_public_id
from carts.services.warnings import settle
from shopmcp.composition import toolbox
from tests.api import script

Kind = SessionWarning.Kind
POLICIES = ("isolate", "shared", "refuse")
# What the clients send, as documented by their makers; the last one is unknown.
CLIENTS = {
    "openai-mcp": "openai/session",
    "Visual Studio Code": "vscode.conversationId",
    "codex": "threadId",
    "opencode": "ai.opencode/sessionID",
    "antigravity": "antigravity.google/conversation_id",
    "claude-ai": None,
    "cursor-vscode": None,
    "goose": None,
    "gemini-cli-mcp-client": None,
    "house-robot": "sessionId",
}


class Player:
    """One client of a shop, which gives signs of its own."""

    def __init__(self, client):
        self.client = client
        self.key = CLIENTS[client] or "sessionId"

    def ask(self, tool="view_cart", meta=None, **arguments):
        given = {"openai/userAgent": "x", **(meta or {})}
        result: Any = async_to_sync(toolbox.answer)(tool, arguments, given, self.client)
        return result["structuredContent"]

    def give(self, kind):
        """Give a sign of this kind, and return what `debug_session` says to the same chat."""
        key, meta = self.key, dict[str, Any]()
        if kind is None:
            meta = {key: f"a chat of {self.client}"}
        elif kind == Kind.MALFORMED:
            meta = {key: ["not", "text"]}
        elif kind == Kind.PLACEHOLDER:
            meta = {key: "undefined"}
        elif kind == Kind.SHARED:
            meta = {key: "null", "openai/subject": "dana"}
        elif kind == Kind.SUBJECT_CHANGED:
            self.ask(meta={key: f"same {self.client}", "openai/subject": "dana"})
            meta = {key: f"same {self.client}", "openai/subject": "noam"}
        elif kind == Kind.ROTATING:
            for n in range(12):
                self.ask(meta={key: f"{self.client} made up {n}"})
            meta = {key: f"the last one of {self.client}"}
        elif kind != Kind.UNKEYED:
            meta = {key: f"a chat of {self.client}"}
            self.ask(meta=meta, cart_id=self.handle(kind))
        self.ask(meta=meta)
        return self.ask("debug_session", meta)

    def handle(self, kind):
        if kind == Kind.UNKNOWN_HANDLE:
            return "cart_made_up"
        public_id = new_public_id("s_")
        if kind == Kind.FOREIGN_HANDLE:
            Session.objects.create(public_id=public_id, source="cart_id")
        return cart_id_of(public_id)


def expected(kind, policy):
    if policy == "shared" or kind == Kind.PLACEHOLDER:
        return "meet"
    return "apart" if kind in (None, Kind.FOREIGN_HANDLE) else "lose"


@pytest.fixture
def told(owner, client):
    """What the pages and the API say."""
    api = script(client)

    def told():
        live, warnings = owner.get(reverse("dashboard")), owner.get(reverse("dashboard-warnings"))
        banners = [re.findall(r'data-isolation="(\w+)"', page.text) for page in (live, warnings)]
        assert banners[0] == banners[1]
        (state,) = banners[0]
        listed = api.get("warnings", state="all", limit=100)
        assert listed["isolation"] == state
        return state, live, warnings, listed["warnings"]

    return told


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("kind", [None, *Kind])
def test_every_surface_says_the_same_of_every_client_muted_or_not(told, owner, honey, settings, kind, policy):
    settings.SHOPMCP_UNKEYED_CALLS = policy
    keyless = kind in (Kind.UNKEYED, Kind.MALFORMED)
    for client in CLIENTS:
        debug = Player(client).give(kind)
        # The chat itself is told what is true of it.
        assert debug["isolated"] is not (kind == Kind.PLACEHOLDER or (keyless and policy == "shared"))
    state, live, warnings, rows = told()

    assert state == isolation().state == expected(kind, policy)
    unkeyed = sum(row["calls"] for row in rows if row["kind"] == Kind.UNKEYED)
    assert live.context["day"].unkeyed == unkeyed
    assert bool(unkeyed) == keyless
    assert kind is None or {row["client"] for row in rows if row["kind"] == kind} == set(CLIENTS)
    severities = {row["severity"] for row in rows}
    assert policy == "shared" or state == next((s for s in ("meet", "lose") if s in severities), "apart")
    for row in rows:
        for page in (live, warnings):
            assert f'id="sign-{row["kind"]}"' in page.text
            assert f'<span class="badge {row["severity"]}">' in page.text
    for opened in {row["kind"] for row in rows}:
        page = owner.get(reverse("dashboard-warning", args=[opened]))
        cards = {group.warning.client: group.warning for group in page.context["groups"]}
        for row in rows:
            if row["kind"] == opened:
                assert cards[row["client"]].calls == row["calls"]
                assert f"alert {row['severity']}" in page.text
                assert all(name in page.text for name in row["meta_keys"])

    for row in rows:
        settle(row["id"], "muted")
    after, live, warnings, rows = told()
    assert after == state
    assert 'id="sign-' not in live.text + warnings.text
    assert {row["state"] for row in rows} <= {"muted"}


@pytest.mark.parametrize("policy", POLICIES)
def test_a_shop_without_calls_is_a_state_of_its_own(told, honey, settings, policy):
    settings.SHOPMCP_UNKEYED_CALLS = policy

    # Under `shared` chats can meet as soon as two come.
    assert told()[0] == ("meet" if policy == "shared" else "unknown")


def test_the_default_session_is_named_beside_our_word(told, owner, honey, call_tool):
    call_tool("view_cart", session=None)
    _, live, warnings, _ = told()

    for page in (live.text, warnings.text, owner.get(reverse("dashboard-warning", args=["unkeyed"])).text):
        assert "“default”" in page


def test_what_was_muted_and_happens_again_changes_the_top(told, honey, settings):
    """With the warnings of two clients muted under `shared`, one saw the cart of the other while the page was green."""
    settings.SHOPMCP_UNKEYED_CALLS = "shared"
    one, other = Player("claude-ai"), Player("goose")
    for player in (one, other):
        player.ask()
    for warning in SessionWarning.objects.all():
        settle(warning.pk, "muted")
    one.ask("add_to_cart", product_id="honey")

    assert [line["name"] for line in other.ask()["lines"]] == ["Honey"]
    assert Cart.objects.count() == 1
    assert told()[0] == "meet"


def test_a_mended_shop_is_green_again(told, honey, settings):
    player = Player("house-robot")
    player.ask(meta={"robot/chatId": "7"})
    assert told()[0] == "lose"

    settings.SHOPMCP_SESSION_KEYS = ["robot/chatId"]
    player.ask(meta={"robot/chatId": "7"})
    settle(SessionWarning.objects.get().pk, "fixed")
    assert told()[0] == "apart"
