import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from carts.models import CallRecord, SessionWarning

LIST = reverse("dashboard-warnings")
UNKEYED = reverse("dashboard-warning", args=["unkeyed"])


@pytest.fixture
def make_warning(db):
    def make(client="house-robot", kind="unkeyed", **fields):
        now = timezone.now()
        return SessionWarning.objects.create(kind=kind, client=client, first_at=now, last_at=now, calls=1, **fields)

    return make


def settle(owner, warning, action):
    return owner.post(reverse("dashboard-settle", args=[warning.pk]), {"action": action}, follow=True)


@pytest.mark.parametrize(
    ("client", "keys", "advice"),
    [
        ("openai-mcp", ["openai/locale"], "ChatGPT sends openai/session with every tool call"),
        ("openai-mcp/1.0.0", [], "refresh the connector"),
        ("mcp-inspector", [], "--tool-metadata openai/session=test-1"),
        ("inspector-client", [], "mute this client"),
        ("house-robot", ["robot/chatId"], "SHOPMCP_SESSION_KEYS=robot/chatId"),
        ("house-robot", ["progressToken"], "sends nothing that names a conversation"),
        ("", [], "unknown client"),
    ],
)
def test_the_advice_fits_the_client_and_what_it_sends(owner, make_warning, client, keys, advice):
    make_warning(client, meta_keys=keys)

    assert advice in strip_tags(owner.get(UNKEYED).text)


@pytest.mark.parametrize(
    ("policy", "risk"),
    [("isolate", "Carts stay apart"), ("shared", "share one cart"), ("refuse", "cannot use a cart at all")],
)
def test_the_risk_is_that_of_the_policy_in_force(owner, make_warning, settings, policy, risk):
    settings.SHOPMCP_UNKEYED_CALLS = policy
    make_warning()

    assert risk in owner.get(UNKEYED).text


@pytest.mark.parametrize("kind", [*SessionWarning.Kind.values, "rotating_id"])
def test_every_kind_has_a_page_whether_it_is_open_or_not(owner, make_warning, kind):
    assert "Nothing open of this kind" in owner.get(reverse("dashboard-warning", args=[kind])).text
    if kind != "rotating_id":
        make_warning(kind=kind)
        page = owner.get(reverse("dashboard-warning", args=[kind])).text
        assert "How to fix it" in page
        assert "house-robot" in page


def test_an_unknown_kind_has_none(owner):
    assert owner.get(reverse("dashboard-warning", args=["nonsense"])).status_code == 404
    assert owner.post(reverse("dashboard-check", args=["nonsense"])).status_code == 404


def test_what_is_marked_as_fixed_opens_again_when_it_happens_again(owner, make_warning, call_tool):
    warning = make_warning("mcp")
    assert "Marked as fixed" in settle(owner, warning, "fixed").text
    assert "Every chat is told apart" in owner.get(LIST).text

    call_tool("view_cart", session=None)
    assert "Chats come without a conversation id" in owner.get(LIST).text


def test_what_is_muted_stays_quiet_until_somebody_listens_again(owner, make_warning, call_tool):
    warning = make_warning("mcp")
    settle(owner, warning, "mute")
    call_tool("view_cart", session=None)
    quiet = owner.get(LIST).text
    assert "Every chat is told apart" in quiet
    assert "Listen again" in quiet

    settle(owner, warning, "unmute")
    assert "Every chat is told apart" not in owner.get(LIST).text


@pytest.mark.parametrize(("action", "pk"), [("forget", None), ("fixed", 4711)])
def test_an_action_or_warning_that_there_is_not_changes_nothing(owner, make_warning, action, pk):
    warning = make_warning()
    answer = owner.post(reverse("dashboard-settle", args=[pk or warning.pk]), {"action": action})

    assert answer.status_code == 404
    assert SessionWarning.objects.open().count() == 1


def test_a_stranger_settles_nothing(client, make_warning):
    warning = make_warning()
    client.post(reverse("dashboard-settle", args=[warning.pk]), {"action": "mute"})

    assert SessionWarning.objects.open().count() == 1


def begin_check(owner, client="mcp"):
    return owner.post(reverse("dashboard-check", args=["unkeyed"]), {"client": client})["Location"]


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


@pytest.mark.parametrize("n", [1, 25])
def test_the_pages_cost_the_same_for_one_warning_and_for_many(owner, django_assert_num_queries, make_warning, n):
    for number in range(n):
        make_warning(f"client {number}")
        make_warning(f"client {number}", kind="malformed_id", muted_at=timezone.now())

    # Session, user; open, rotating ids; settled; and the number beside the page's name.
    with django_assert_num_queries(5):
        owner.get(LIST)
    with django_assert_num_queries(4):
        owner.get(UNKEYED)


def test_values_from_chats_are_nowhere(owner, call_tool):
    call_tool("view_cart", session=None, meta={"robot/chatId": "a very secret value"})
    page = owner.get(UNKEYED).text

    assert re.search("robot/chatId", page)
    assert "a very secret value" not in page
