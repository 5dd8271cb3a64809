"""Are chats kept apart?"""

from datetime import timedelta

import pytest
from django.utils import timezone

from carts.isolation import isolation
from carts.models import CallRecord, SessionWarning
from carts.services.warnings import settle
from shopmcp.errors import NotProven

POLICIES = ("isolate", "shared", "refuse")
Kind = SessionWarning.Kind


def warning(kind):
    return SessionWarning.objects.get(kind=kind)


def move_back(by):
    """Let everything have happened so much earlier."""
    for call in CallRecord.objects.all():
        CallRecord.objects.filter(pk=call.pk).update(at=call.at - by)
    for row in SessionWarning.objects.all():
        SessionWarning.objects.filter(pk=row.pk).update(last_at=row.last_at - by)


@pytest.mark.parametrize("policy", ["isolate", "refuse"])
@pytest.mark.django_db
def test_before_the_first_call_nothing_is_known(settings, policy):
    settings.SHOPMCP_UNKEYED_CALLS = policy

    assert isolation().state == "unknown"


@pytest.mark.parametrize("policy", ["isolate", "refuse"])
def test_calls_with_ids_are_apart(call_tool, honey, settings, policy):
    settings.SHOPMCP_UNKEYED_CALLS = policy
    call_tool("view_cart")

    assert (isolation().state, isolation().causes) == ("apart", ())


@pytest.mark.parametrize("session", [None, "chat-1"])
def test_under_the_shared_policy_carts_can_meet_whoever_called(call_tool, honey, settings, session):
    settings.SHOPMCP_UNKEYED_CALLS = "shared"
    assert isolation().state == "meet"
    call_tool("view_cart", session=session)

    assert isolation().state == "meet"


@pytest.mark.parametrize("policy", POLICIES)
def test_muting_and_fixing_do_not_change_what_the_policy_does(call_tool, honey, settings, policy):
    settings.SHOPMCP_UNKEYED_CALLS = policy
    call_tool("add_to_cart", session=None, product_id="honey")
    before = isolation().state
    settle(warning(Kind.UNKEYED).pk, "muted")
    assert isolation().state == before == ("meet" if policy == "shared" else "lose")

    settle(warning(Kind.UNKEYED).pk, "fixed")
    assert isolation().state == ("meet" if policy == "shared" else "apart")


def test_the_state_is_that_of_the_last_day_on_which_somebody_called(call_tool, honey):
    call_tool("view_cart", session=None)
    move_back(timedelta(days=9))
    assert isolation().state == "lose"

    call_tool("view_cart")
    assert isolation().state == "apart"


@pytest.mark.parametrize("value", ["null", "default", "0", "undefined", " ", "[object Object]", "0000-0000", "None"])
def test_with_a_placeholder_as_an_id_carts_can_meet(ask, honey, value):
    ask("add_to_cart", {"threadId": value}, product_id="shop:honey")
    told = ask("debug_session", {"threadId": value}).structured_content

    assert told["isolated"] is False
    assert told["item_count"] == 1
    assert "threadId came with a placeholder" in told["hints"][0]
    assert (isolation().state, isolation().causes) == ("meet", (Kind.PLACEHOLDER,))
    assert warning(Kind.PLACEHOLDER).keys == ["threadId"]


def test_beside_a_person_a_placeholder_mixes_up_that_person_s_chats_alone(ask, honey):
    ask("add_to_cart", {"threadId": "null", "openai/subject": "dana"}, product_id="shop:honey")

    assert ask("debug_session", {"threadId": "null", "openai/subject": "dana"}).structured_content["isolated"] is True
    assert (isolation().state, isolation().causes) == ("lose", (Kind.SHARED,))


@pytest.mark.parametrize("value", ["chat-0", "nullable", "7", "a", "default-1", "🍯"])
def test_another_short_text_is_an_id(ask, honey, value):
    assert ask("debug_session", {"threadId": value}).structured_content["isolated"] is True
    assert isolation().state == "apart"


def test_carts_that_met_count_as_long_as_carts_are_kept(ask, honey, settings):
    ask("view_cart", {"threadId": "null"})
    move_back(timedelta(days=9))
    ask("view_cart", {"threadId": "an id"})
    assert isolation().state == "meet"

    settings.SHOPMCP_KEEP_CARTS = timedelta(days=8)
    assert isolation().state == "apart"


def test_that_carts_meet_no_more_has_to_be_seen_before_it_is_marked(ask, honey):
    ask("view_cart", {"threadId": "null"})
    pk = warning(Kind.PLACEHOLDER).pk
    with pytest.raises(NotProven):
        settle(pk, "fixed")
    assert warning(Kind.PLACEHOLDER).state == "open"
    assert isolation().state == "meet"

    ask("view_cart", {"threadId": "an id of the chat"})
    assert settle(pk, "fixed").state == "fixed"
    assert isolation().state == "apart"


def test_what_a_stranger_did_once_can_be_closed_after_a_day(ask, honey):
    ask("view_cart", {"threadId": "null"})
    move_back(timedelta(days=1))

    assert settle(warning(Kind.PLACEHOLDER).pk, "fixed").state == "fixed"


@pytest.mark.parametrize(
    ("kind", "policy", "severity"),
    [
        *((kind, policy, "lose") for kind in (Kind.ROTATING, Kind.SHARED, Kind.SUBJECT_CHANGED) for policy in POLICIES),
        *((kind, policy, "lose") for kind in (Kind.UNKNOWN_HANDLE, Kind.EXPIRED_HANDLE) for policy in POLICIES),
        *((kind, "isolate", "lose") for kind in (Kind.UNKEYED, Kind.MALFORMED)),
        *((kind, "shared", "meet") for kind in (Kind.UNKEYED, Kind.MALFORMED)),
        *((kind, "refuse", "lose") for kind in (Kind.UNKEYED, Kind.MALFORMED)),
        *((Kind.PLACEHOLDER, policy, "meet") for policy in POLICIES),
        *((Kind.FOREIGN_HANDLE, policy, "info") for policy in POLICIES),
    ],
)
def test_the_policy_decides_how_bad_a_sign_is(settings, kind, policy, severity):
    settings.SHOPMCP_UNKEYED_CALLS = policy

    assert SessionWarning(kind=kind).severity == severity


@pytest.mark.parametrize("n", [0, 50])
@pytest.mark.django_db
def test_the_state_costs_two_queries_however_many_warnings_there_are(django_assert_num_queries, n):
    now = timezone.now()
    for number in range(n):
        SessionWarning.objects.create(kind=Kind.UNKEYED, client=f"client {number}", first_at=now, last_at=now)

    with django_assert_num_queries(2):
        isolation()
