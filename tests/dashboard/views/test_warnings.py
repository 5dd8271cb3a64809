import re

import pytest
from django.urls import reverse
from django.utils import timezone

from carts.call_log import OTHER_CLIENTS
from carts.models import Session, SessionWarning

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
    ("policy", "risk"),
    [("isolate", "Carts stay apart"), ("shared", "share one cart"), ("refuse", "cannot use a cart at all")],
)
def test_the_risk_is_that_of_the_policy_in_force(owner, make_warning, settings, policy, risk):
    settings.SHOPMCP_UNKEYED_CALLS = policy
    make_warning()

    assert risk in owner.get(UNKEYED).text


@pytest.mark.parametrize("kind", SessionWarning.Kind.values)
def test_every_kind_has_a_page_whether_it_is_open_or_not(owner, make_warning, kind):
    assert "Nothing open of this kind" in owner.get(reverse("dashboard-warning", args=[kind])).text
    make_warning(kind=kind)
    page = owner.get(reverse("dashboard-warning", args=[kind])).text
    for word in ("What happened", "The risk:", "How to fix it", "house-robot", "Check it now", "Mark as fixed", "Mute"):
        assert word in page


def test_a_card_names_the_keys_and_links_to_the_conversations_that_it_touched(owner, call_tool, honey):
    call_tool("view_cart", session=None, meta={"threadId": "null", "openai/locale": "he"})
    session = Session.objects.get()
    page = owner.get(reverse("dashboard-warning", args=["placeholder_id"])).text

    assert reverse("dashboard-session", args=[session.public_id]) in page
    assert "openai/locale" in page
    assert "threadId" in page.split("The key in question")[1].split("Conversations")[0]


def test_clients_beyond_the_cap_are_one_card_that_no_check_can_judge(owner, make_warning):
    make_warning(OTHER_CLIENTS)
    page = owner.get(UNKEYED).text

    assert "further clients" in page
    assert "Check it now" not in page


def test_cards_stay_in_their_places_when_further_calls_come(owner, make_warning):
    for kind in ("foreign_handle", "expired_handle", "placeholder_id", "unkeyed"):
        make_warning(kind=kind)

    def places():
        return re.findall(r'id="sign-(\w+)"', owner.get(LIST).text)

    before = places()
    for kind in ("foreign_handle", "expired_handle"):
        SessionWarning.objects.filter(kind=kind).update(last_at=timezone.now(), calls=99)
    assert places() == before == ["placeholder_id", "unkeyed", "expired_handle", "foreign_handle"]


@pytest.mark.parametrize(
    ("kind", "severity", "words"),
    [
        ("placeholder_id", "meet", "carts can meet"),
        ("unkeyed", "lose", "a cart can be lost"),
        ("foreign_handle", "info", "for your information"),
    ],
)
def test_how_bad_it_is_has_a_colour_and_a_word(owner, make_warning, kind, severity, words):
    make_warning(kind=kind)

    assert f'<span class="badge {severity}">{words}</span>' in owner.get(LIST).text
    assert f'<span class="badge {severity}">{words}</span>' in owner.get(reverse("dashboard")).text


def test_what_lets_carts_meet_is_not_fixed_before_a_call_shows_it(owner, call_tool, honey):
    call_tool("view_cart", session="null")
    warning = SessionWarning.objects.get()

    assert "nothing shows that it is fixed" in settle(owner, warning, "fixed").text
    assert SessionWarning.objects.open().get() == warning


def test_an_unknown_kind_has_none(owner):
    assert owner.get(reverse("dashboard-warning", args=["nonsense"])).status_code == 404
    assert owner.post(reverse("dashboard-check", args=["nonsense"])).status_code == 404


def test_what_is_marked_as_fixed_opens_again_when_it_happens_again(owner, make_warning, call_tool):
    warning = make_warning("mcp")
    assert "Marked as fixed" in settle(owner, warning, "fixed").text
    assert "No open warnings" in owner.get(LIST).text

    call_tool("view_cart", session=None)
    assert "Chats come without a conversation id" in owner.get(LIST).text


def test_what_is_muted_stays_quiet_until_somebody_listens_again(owner, make_warning, call_tool):
    warning = make_warning("mcp")
    settle(owner, warning, "mute")
    call_tool("view_cart", session=None)
    quiet = owner.get(LIST).text
    assert "No open warnings" in quiet
    assert "Listen again" in quiet
    # The truth on top is not muted.
    assert 'data-isolation="lose"' in quiet

    settle(owner, warning, "unmute")
    assert "No open warnings" not in owner.get(LIST).text


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


@pytest.mark.parametrize("n", [1, 25])
def test_the_pages_cost_the_same_for_one_warning_and_for_many(owner, django_assert_num_queries, make_warning, n):
    for number in range(n):
        make_warning(f"client {number}", sessions=[1])
        make_warning(f"client {number}", kind="malformed_id", muted_at=timezone.now())

    # Session, user; open; settled; the newest call, the unfixed ones.
    with django_assert_num_queries(6):
        owner.get(LIST)
    # Session, user; those of the kind, their sessions; open.
    with django_assert_num_queries(5):
        owner.get(UNKEYED)


def test_values_from_chats_are_nowhere(owner, call_tool):
    call_tool("view_cart", session=None, meta={"robot/chatId": "a very secret value"})
    page = owner.get(UNKEYED).text

    assert re.search("robot/chatId", page)
    assert "a very secret value" not in page
