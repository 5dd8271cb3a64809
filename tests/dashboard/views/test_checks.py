"""Checks whether a warning has ended: only calls that could give it count."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from carts.digests import cart_id_of, digests_of
from carts.models import CallRecord, Session, SessionWarning
from tests.carts.chats import person
from tests.dashboard.views.test_warnings import UNKEYED, make_warning

__all__ = ["make_warning"]


def begin_check(owner, client="mcp", kind="unkeyed"):
    return owner.post(reverse("dashboard-check", args=[kind]), {"client": client})["Location"]


@pytest.fixture
def result(owner):
    """Begin a check of a kind; gives a function that tells its result so far."""

    def begin(kind, client="mcp"):
        address = begin_check(owner, client, kind)
        return lambda: owner.get(address).context["checked"].result

    return begin


def test_a_check_waits_for_the_clients_next_call_and_says_that_it_works(owner, make_warning, call_tool):
    make_warning("mcp")
    call_tool("view_cart", session=None)
    address = begin_check(owner)
    waiting = owner.get(address).text
    assert "Waiting for the next call of mcp" in waiting
    assert "data-live" in waiting

    call_tool("view_cart")
    page = strip_tags(owner.get(address).text)
    assert "It works now" in page
    assert "It named its conversation by openai/session." in page


def test_a_check_says_that_it_happened_again(owner, make_warning, call_tool):
    make_warning("mcp")
    address = begin_check(owner)
    call_tool("view_cart", session=None)
    page = owner.get(address).text

    assert "It happened again" in page
    assert "It came without a conversation id." in page


def test_a_check_listens_to_its_own_client_alone(owner, make_warning, make_call):
    make_warning("mcp")
    address = begin_check(owner)
    make_call(client="somebody else")

    assert "Waiting for the next call of mcp" in owner.get(address).text


def test_a_check_finds_its_client_in_a_busy_shop(owner, make_warning, call_tool):
    make_warning("mcp")
    address = begin_check(owner)
    CallRecord.objects.bulk_create(
        CallRecord(at=timezone.now(), tool="view_cart", outcome="ok", milliseconds=1, client="busy", source="cart_id")
        for _ in range(600)
    )
    call_tool("view_cart")

    assert "It works now" in owner.get(address).text


def test_a_check_reads_the_calls_of_its_ten_minutes_alone(owner, make_warning, make_call):
    make_warning("mcp")
    make_call(client="mcp", ago=timedelta(minutes=15))
    since = (timezone.now() - timedelta(minutes=30)).isoformat()

    assert "No call came" in owner.get(UNKEYED, {"check": "mcp", "since": since}).text


def test_a_check_that_nothing_answers_ends(owner, make_warning):
    make_warning("mcp")
    since = (timezone.now() - timedelta(minutes=11)).isoformat()
    page = owner.get(UNKEYED, {"check": "mcp", "since": since}).text

    assert "No call came" in page
    assert "data-live" not in page


@pytest.mark.parametrize("since", ["yesterday", "2026-01-01", "2026-01-01T00:00:00", ""])
def test_a_check_from_nowhere_is_none(owner, make_warning, since):
    make_warning("mcp")

    assert "Waiting" not in owner.get(UNKEYED, {"check": "mcp", "since": since}).text


@pytest.mark.parametrize("meta", [{}, {"sessionId": "an id"}])
def test_a_malformed_id_is_judged_by_the_calls_that_send_its_key(ask, honey, result, meta):
    ask("view_cart", {"threadId": 7})
    verdict = result("malformed_id")
    ask("view_cart", meta)
    assert verdict() == "waiting"

    ask("view_cart", {"threadId": "seven"})
    assert verdict() == "works"
    ask("view_cart", {"threadId": 7})
    assert verdict() == "again"


def test_a_placeholder_is_judged_by_calls_with_an_id(ask, honey, result):
    ask("view_cart", {"threadId": "null"})
    verdict = result("placeholder_id")
    ask("view_cart", {})
    assert verdict() == "waiting"

    ask("view_cart", {"threadId": "seven"})
    assert verdict() == "works"


@pytest.mark.parametrize("kind", ["unknown_handle", "expired_handle", "foreign_handle"])
def test_a_cart_id_is_judged_by_calls_that_pass_one(ask, call_tool, handle, result, kind):
    if kind == "foreign_handle":
        call_tool("view_cart", cart_id=handle)
    verdict = result(kind)
    ask("search_products", {}, query="honey")
    ask("view_cart", {})
    call_tool("view_cart", session="an unrelated chat")
    assert verdict() == "waiting"

    if kind == "foreign_handle":
        call_tool("add_to_cart", product_id="honey")
        (own,) = digests_of("conversation", "openai/session", "chat-1")
        call_tool("view_cart", cart_id=cart_id_of(Session.objects.get(digest=own).public_id))
    else:
        ask("view_cart", {}, cart_id=handle)
    assert verdict() == "works"


def test_a_cart_id_that_is_refused_for_another_reason_proves_nothing(ask, handle, result):
    verdict = result("expired_handle")
    ask("view_cart", {}, cart_id="cart_made_up")

    assert verdict() == "waiting"


def test_a_rotating_id_takes_five_calls(call_tool, honey, result, owner):
    for n in range(12):
        call_tool("view_cart", session=f"made up {n}")
    verdict = result("rotating_id")
    for n in range(4):
        call_tool("view_cart", session=f"another {n}")
        assert verdict() == "waiting"
    call_tool("view_cart", session="another 4")

    assert verdict() == "again"


def test_a_rotating_id_that_is_mended_works_also_right_after_the_last_wrong_call(call_tool, honey, result):
    for n in range(12):
        call_tool("view_cart", session=f"made up {n}")
    verdict = result("rotating_id")
    for _ in range(5):
        assert verdict() == "waiting"
        call_tool("view_cart", session="the chat")

    assert verdict() == "works"


def test_calls_that_half_of_them_begin_a_chat_are_waited_for_longer(make_session, make_call, result):
    verdict = result("rotating_id", "openai-mcp")
    chats = [make_session(n, ago=-timedelta(seconds=1)) for n in range(4)]
    for chat in (*chats, chats[0], chats[0]):
        make_call(chat)

    assert verdict() == "waiting"


def test_two_people_are_judged_by_new_chats_of_two_people(ask, honey, result):
    for name in ("dana", "noam"):
        ask("view_cart", person("same", name))
    verdict = result("subject_changed")
    ask("view_cart", person("same", "dana"))
    ask("view_cart", person("new"))
    ask("view_cart", person("newer", "dana"))
    assert verdict() == "waiting"

    ask("view_cart", person("newest", "noam"))
    assert verdict() == "works"
    ask("view_cart", person("same", "noam"))
    assert verdict() == "again"


def test_a_shared_id_is_judged_by_two_new_chats(ask, honey, result):
    ask("view_cart", {"threadId": "the same for all"})
    verdict = result("shared_id")
    ask("view_cart", {"threadId": "the same for all"})
    ask("view_cart", {"threadId": "one"})
    assert verdict() == "waiting"

    ask("view_cart", {"threadId": "two"})
    assert verdict() == "works"


@pytest.mark.parametrize("kind", SessionWarning.Kind.values)
def test_a_check_says_what_it_waits_for_and_what_did_not_count(owner, make_warning, make_call, kind):
    make_warning("mcp", kind=kind)
    address = begin_check(owner, kind=kind)
    make_call(client="mcp", source="cart_id")
    page = owner.get(address)

    assert "It waits for" in page.text or kind == "unkeyed"
    passed_over = 0 if kind == "unkeyed" else 1
    assert page.context["checked"].passed_over == passed_over
    assert ("which shows nothing of this kind" in page.text) == bool(passed_over)
