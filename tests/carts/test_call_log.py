"""What is written down about a call, and what is not."""

import logging
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from carts import call_log
from carts.call_log import Recorded, record_calls
from carts.models import CallRecord, Session, SessionWarning
from tests.carts.answers import cart


@pytest.fixture
def lines(caplog):
    caplog.set_level(logging.INFO, "shopmcp.calls")
    return lambda: [record for record in caplog.records if record.name == "shopmcp.calls"]


def test_an_accepted_change_is_recorded(call_tool, honey):
    before = timezone.now()
    call_tool("add_to_cart", product_id="honey", quantity=2, meta={"acme/trace": "secret"})

    call = CallRecord.objects.get()
    assert (call.tool, call.outcome, call.source, call.version) == ("add_to_cart", "ok", "openai/session", 1)
    assert call.products == ["shop:honey"]
    assert call.meta_keys == ["acme/trace", "openai/session"]
    assert call.session == Session.objects.get()
    assert call.client == "mcp"
    assert 0 < call.milliseconds < 10_000
    assert before <= call.at <= timezone.now()
    assert call.warning == ""


def test_a_refused_call_is_recorded_with_the_refusal_s_code(call_tool, honey):
    call_tool("add_to_cart", product_id="shop:ghost")
    call_tool("add_to_cart", product_id="shop:honey", quantity=0)

    assert list(CallRecord.objects.order_by("id").values_list("outcome", "products", "version")) == [
        ("not_found", ["shop:ghost"], None),
        ("invalid_arguments", [], None),
    ]
    assert CallRecord.objects.exclude(session=None).count() == 2


def test_a_refused_first_call_is_not_laid_at_the_next_conversation_s_door(call_tool, honey):
    call_tool("add_to_cart", session=None, product_id="shop:ghost")
    call_tool("add_to_cart", session="refused", product_id="shop:ghost")
    call_tool("add_to_cart", session="next", product_id="shop:honey")

    unkeyed, refused, following = CallRecord.objects.order_by("id").values_list("session", flat=True)
    assert unkeyed is None
    assert refused != following
    assert Session.objects.count() == 2


def test_a_search_is_recorded_with_its_words_and_the_number_of_results(call_tool, honey):
    call_tool("search_products", query="  HONEY ")
    call_tool("search_products", query="ghost wagon")

    assert list(CallRecord.objects.order_by("id").values_list("words", "results")) == [
        (["honey"], 1),
        (["ghost", "wagon"], 0),
    ]


def test_a_look_at_a_product_is_recorded(call_tool, honey):
    call_tool("get_product", product_id="Honey")

    assert CallRecord.objects.get().products == ["shop:honey"]


def test_what_is_no_product_id_is_not_recorded_as_one(call_tool, honey):
    call_tool("add_to_cart", product_id="my secret words")
    call_tool("remove_from_cart", product_id="cart_secret")

    assert list(CallRecord.objects.values_list("products", flat=True)) == [[], []]


def test_an_unkeyed_call_is_recorded_logged_as_a_warning_and_counted(call_tool, honey, lines, settings):
    call_tool("view_cart", session=None, meta={"acme/chat": "1"})
    call_tool("search_products", session=None)

    assert set(CallRecord.objects.values_list("source", "warning")) == {("default", "unkeyed")}
    assert not CallRecord.objects.exclude(session=None).exists()
    warning = SessionWarning.objects.get()
    assert (warning.kind, warning.client, warning.calls) == ("unkeyed", "mcp", 2)
    assert warning.first_at < warning.last_at
    assert [record.levelname for record in lines()] == ["INFO", "WARNING"] * 2
    assert "SHOPMCP_SESSION_KEYS" in lines()[1].getMessage()
    assert "policy isolate" in lines()[1].getMessage()


def test_a_handle_is_no_unkeyed_call(call_tool, honey):
    minted = cart(call_tool("add_to_cart", session=None, product_id="shop:honey"))["cart_id"]
    call_tool("view_cart", session=None, cart_id=minted)

    assert list(CallRecord.objects.order_by("id").values_list("source", "warning")) == [
        ("default", "unkeyed"),
        ("cart_id", ""),
    ]
    assert SessionWarning.objects.get().calls == 1
    assert CallRecord.objects.filter(session=Session.objects.get()).count() == 2


def test_a_call_is_one_line_in_the_log(call_tool, honey, lines):
    call_tool("view_cart")
    call_tool("add_to_cart", product_id="ghost")

    said = [record.getMessage() for record in lines()]
    assert len(said) == 2
    assert said[0].startswith("view_cart ok ")
    assert said[1].startswith("add_to_cart not_found ")
    assert said[1].endswith("source=openai/session client=mcp")


def test_the_names_of_meta_keys_are_clipped_and_their_values_left_out(call_tool, store):
    call_tool("view_cart", meta={"k" * 500: "secret", "line\nbreak": "secret", **{f"x{n:02}": "y" for n in range(40)}})

    kept = CallRecord.objects.get().meta_keys
    assert len(kept) == 20
    assert all(len(name) <= 64 and name.isprintable() for name in kept)
    assert "secret" not in repr(kept)


def test_a_check_of_the_isolation_leaves_no_trace_in_the_statistics(call_tool, honey):
    from carts.conversation import CHECK, check_mark

    call_tool("add_to_cart", product_id="shop:honey", meta={CHECK: check_mark()})
    call_tool("add_to_cart", session="chat-2", product_id="shop:honey", meta={CHECK: "forged"})

    assert CallRecord.objects.count() == 1
    assert sorted(Session.objects.values_list("is_check", flat=True)) == [False, True]
    assert call_tool("debug_session", session="chat-2").structured_content["active_sessions"] == 1


# Many at once


def recorded(**values):
    return Recorded(
        **{
            "at": timezone.now(),
            "tool": "view_cart",
            "outcome": "ok",
            "milliseconds": 1.0,
            "client": "c",
            "source": "threadId",
            **values,
        }
    )


@pytest.fixture
def session(call_tool, store):
    call_tool("view_cart")
    CallRecord.objects.all().delete()
    return Session.objects.get()


def test_a_session_that_was_deleted_meanwhile_leaves_its_records(session):
    gone, session = session.pk, Session.objects.create(public_id="s_other", source="threadId")
    Session.objects.filter(pk=gone).delete()

    record_calls([recorded(session=gone), recorded(session=session.pk)])

    assert list(CallRecord.objects.order_by("id").values_list("session", flat=True)) == [None, session.pk]


def test_records_outlive_their_session(session):
    record_calls([recorded(session=session.pk)])
    session.delete()

    assert CallRecord.objects.get().session is None


def test_the_last_seen_time_never_goes_back(session):
    later = timezone.now() + timedelta(minutes=5)
    record_calls([recorded(session=session.pk, at=later)])
    record_calls([recorded(session=session.pk, at=later - timedelta(minutes=3))])

    session.refresh_from_db()
    assert session.last_seen_at == later


@pytest.mark.django_db
def test_warnings_are_counted_by_kind_and_client():
    kinds = SessionWarning.Kind
    record_calls(
        [
            recorded(warnings=[kinds.UNKEYED], client="a", meta_keys=["x"]),
            recorded(warnings=[kinds.UNKEYED, kinds.MALFORMED], client="a", meta_keys=["y"]),
            recorded(warnings=[kinds.UNKEYED], client="b"),
        ]
    )
    record_calls([recorded(warnings=[kinds.UNKEYED], client="a", meta_keys=["z"])])

    assert list(SessionWarning.objects.order_by("kind", "client").values_list("kind", "client", "calls")) == [
        ("malformed_id", "a", 1),
        ("unkeyed", "a", 3),
        ("unkeyed", "b", 1),
    ]
    assert SessionWarning.objects.get(kind="unkeyed", client="a").meta_keys == ["z"]


@pytest.mark.parametrize("count", [5, 100])
def test_writing_down_a_batch_takes_the_same_queries_however_long_it_is(session, count):
    with CaptureQueriesContext(
        connection,
    ) as queries:
        record_calls([recorded(session=session.pk) for _ in range(count)])

    assert len(queries) <= 6
    assert CallRecord.objects.count() == count


def test_clients_that_make_up_names_do_not_fill_the_warnings(db, monkeypatch):
    monkeypatch.setattr(call_log, "MOST_CLIENTS", 3)
    for number in range(6):
        record_calls([recorded(client=f"client-{number}", warnings=["unkeyed"])])

    assert list(SessionWarning.objects.order_by("id").values_list("client", "calls")) == [
        ("client-0", 1),
        ("client-1", 1),
        ("client-2", 1),
        (call_log.OTHER_CLIENTS, 3),
    ]


def test_a_cart_id_with_arguments_that_cannot_be_read_is_no_unkeyed_call(call_tool, honey):
    cart_id = cart(call_tool("add_to_cart", session=None, product_id="honey"))["cart_id"]
    SessionWarning.objects.all().delete()

    assert call_tool("update_cart_item", session=None, cart_id=cart_id, product_id="honey", quantity=-1).is_error

    assert not SessionWarning.objects.exists()


def test_a_client_that_changes_its_id_with_every_call_is_marked_on_its_calls(call_tool, honey):
    for n in range(12):
        call_tool("search_products", session=f"made up {n}", query="honey")
    call_tool("view_cart", session="made up 11")

    marked = CallRecord.objects.filter(warning="rotating_id")
    assert marked.count() == 3
    warning = SessionWarning.objects.get()
    assert (warning.kind, warning.client, warning.calls) == ("rotating_id", "mcp", 3)
    assert warning.keys == ["openai/session"]
    assert warning.sessions == list(marked.order_by("-id").values_list("session", flat=True))


def test_a_refused_first_call_begins_its_conversation_too(call_tool, honey):
    for n in range(10):
        call_tool("add_to_cart", session=f"made up {n}", product_id="shop:ghost")

    assert SessionWarning.objects.get().kind == "rotating_id"


def test_calls_that_are_written_down_late_begin_one_conversation_once(session):
    """Browsing calls make their session when they are written down."""
    for n in range(20):
        at = timezone.now()
        new = Session.objects.create(public_id=f"s_{n}", source="threadId")
        record_calls([recorded(session=new.pk, conversation=f"digest {n}", at=at) for _ in range(2)])

    assert not SessionWarning.objects.exists()


def test_all_signs_of_a_call_are_kept(call_tool, honey):
    call_tool("view_cart", session=None, meta={"openai/session": 7})
    call_tool("view_cart", session=None, cart_id="cart_made_up", meta={"openai/session": 7})

    assert list(CallRecord.objects.order_by("id").values_list("warning", "warnings", "with_handle")) == [
        ("malformed_id", ["malformed_id", "unkeyed"], False),
        ("malformed_id", ["malformed_id", "unknown_handle"], True),
    ]
    assert set(SessionWarning.objects.values_list("kind", "calls")) == {
        ("malformed_id", 2),
        ("unkeyed", 1),
        ("unknown_handle", 1),
    }
    assert SessionWarning.objects.get(kind="unkeyed").keys == ["openai/session"]


def test_a_warning_names_the_latest_conversations_that_it_touched(call_tool, honey):
    for n in range(7):
        call_tool("view_cart", session=f"chat-{n}", meta={"openai/subject": "dana"})
        call_tool("view_cart", session=f"chat-{n}", meta={"openai/subject": "noam"})

    calls = CallRecord.objects.filter(warning="subject_changed").order_by("-id")
    warning = SessionWarning.objects.get(kind="subject_changed")
    assert warning.sessions == list(calls.values_list("session", flat=True)[:5])


def test_made_up_names_cost_no_statement_each(db, monkeypatch):
    monkeypatch.setattr(call_log, "MOST_CLIENTS", 3)

    def statements(first, last):
        with CaptureQueriesContext(connection) as queries:
            record_calls([recorded(client=f"client-{n}", warnings=["unkeyed"]) for n in range(first, last)])
        return len(queries)

    statements(0, 10)
    assert statements(10, 20) == statements(20, 220)


def test_a_new_conversation_that_asks_for_its_session_alone_begins_none(call_tool, honey):
    told = call_tool("debug_session")

    assert told.structured_content["session"] is None
    assert "Session: none yet." in told.content[0].text
    assert not Session.objects.exists()
    assert CallRecord.objects.get().session is None


@pytest.mark.parametrize("n", [1, 205])
def test_every_session_of_a_batch_is_seen_however_many_they_are(db, n):
    quiet = timezone.now() - timedelta(days=1)
    made = [
        Session.objects.create(public_id=f"s_{k}", source="threadId", last_seen_at=quiet, created_at=quiet)
        for k in range(n + 1)
    ]

    record_calls([recorded(session=session.pk) for session in made[:n]])

    assert Session.objects.filter(last_seen_at__gt=quiet).count() == n
    assert CallRecord.objects.exclude(session=None).count() == n


def test_names_in_any_letters_are_found_in_records(db):
    product = "shop:דבש"
    record_calls([recorded(products=[product], words=["דבש"], meta_keys=("a/b",))])

    call = CallRecord.objects.get()
    assert (call.products, call.words, call.meta_keys) == ([product], ["דבש"], ["a/b"])
