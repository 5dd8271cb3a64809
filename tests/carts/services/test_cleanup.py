"""What is deleted in time, and what never is."""

from datetime import timedelta

import pytest
from django.db import models
from django.utils import timezone

from carts.caller import Caller
from carts.conversation import check_mark
from carts.models import AnsweredRequest, CallRecord, Cart, Change, Line, Session, Tombstone
from carts.services import carts, cleanup
from shopmcp.mcp.call import Call
from tests.carts.answers import cart, codes, error, text
from tests.carts.chats import change
from tests.carts.services.expiry import DAY, HOUR, no_orphans, quiet


def order(session):
    """Close the session's cart as an order does."""
    Cart.objects.filter(session=session).update(ordered_at=timezone.now())


@pytest.fixture
def full(call_tool, honey):
    cart(call_tool("add_to_cart", session="full", product_id="shop:honey", quantity=2))
    return Session.objects.get()


@pytest.fixture
def empty(call_tool, store):
    call_tool("view_cart", session="empty")
    return Session.objects.exclude(carts__item_count__gt=0).get()


def test_a_full_cart_is_kept_longer_than_an_empty_one(full, empty):
    quiet(DAY + HOUR)

    done = cleanup.clean_up()

    assert (done.sessions, done.with_items) == (1, 0)
    assert Session.objects.get() == full
    quiet(30 * DAY + HOUR)
    assert cleanup.clean_up().with_items == 1
    assert not Session.objects.exists()


def test_an_emptied_cart_counts_as_empty(call_tool, full):
    call_tool("clear_cart", session="full")
    quiet(DAY + HOUR)

    assert cleanup.clean_up().sessions == 1
    assert not Tombstone.objects.exists()


def test_one_age_for_all_takes_the_place_of_the_settings(full, empty):
    quiet(3 * HOUR)

    assert cleanup.clean_up(older_than=4 * HOUR).sessions == 0
    assert cleanup.clean_up(older_than=2 * HOUR).sessions == 2


def test_a_minute_is_left_for_last_seen_times_on_their_way(full):
    quiet(HOUR + timedelta(seconds=50))
    assert cleanup.clean_up(older_than=HOUR).sessions == 0

    quiet(HOUR + timedelta(seconds=70))
    assert cleanup.clean_up(older_than=HOUR).sessions == 1


def test_a_cart_changed_lately_keeps_its_session(full):
    quiet(3 * HOUR)
    Cart.objects.update(updated_at=timezone.now())

    assert cleanup.clean_up(older_than=HOUR).sessions == 0


def test_everything_that_a_session_held_goes_with_it_and_its_records_outlive_it(full):
    assert CallRecord.objects.get().session == full
    quiet(3 * HOUR)

    cleanup.clean_up(older_than=HOUR)

    assert not any(model.objects.exists() for model in (Session, Cart, Line, Change, AnsweredRequest))
    assert CallRecord.objects.get().session is None
    assert Tombstone.objects.get().digest == full.digest
    no_orphans()


def test_whatever_points_at_what_is_deleted_is_deleted_by_one_statement_or_let_go():
    """Cleanup deletes rows that point at sessions and carts without looking for rows that point at those."""
    for relation in (*Session._meta.related_objects, *Cart._meta.related_objects):
        assert relation.on_delete in (models.CASCADE, models.SET_NULL, models.PROTECT)
        if relation.on_delete is models.CASCADE and relation.related_model is not Cart:
            assert not relation.related_model._meta.related_objects, relation.related_model


def test_orders_and_their_sessions_are_never_deleted(full):
    order(full)
    quiet(400 * DAY)

    assert cleanup.clean_up(older_than=HOUR).sessions == 0
    assert cleanup.delete_sessions(Session.objects.all()) == 0
    assert Session.objects.get() == full
    assert Line.objects.exists()


def test_sessions_of_a_check_go_after_an_hour_whatever_the_ages(call_tool, honey):
    call_tool("add_to_cart", session="real", product_id="shop:honey")
    call_tool("add_to_cart", session="check", product_id="shop:honey", meta={"shopmcp/check": check_mark()})
    quiet(2 * HOUR)

    assert cleanup.clean_up().sessions == 1
    assert not Session.objects.get().is_check
    assert not Tombstone.objects.exists()


@pytest.mark.parametrize("sessions", [1, 7, 25])
def test_many_sessions_go_in_small_batches(monkeypatch, honey, sessions):
    monkeypatch.setattr(cleanup, "BATCH", 5)
    sizes = []
    original = cleanup.delete_batch

    def noted(rows, ids):
        sizes.append(len(ids))
        return original(rows, ids)

    monkeypatch.setattr(cleanup, "delete_batch", noted)
    for n in range(sessions):
        change(carts.add_items, Caller(Call("add_to_cart", {"openai/session": f"chat-{n}"})), [("shop:honey", 1)])
    quiet(3 * HOUR)

    assert cleanup.clean_up(older_than=HOUR).sessions == sessions
    assert max(sizes) <= 5
    assert not Session.objects.exists()


def test_a_session_used_between_choice_and_lock_survives(monkeypatch, call_tool, full, empty):
    quiet(3 * HOUR)
    original = cleanup.delete_batch

    def used_first(rows, ids):
        cart(call_tool("add_to_cart", session="full", product_id="shop:honey"))
        return original(rows, ids)

    monkeypatch.setattr(cleanup, "delete_batch", used_first)

    assert cleanup.clean_up(older_than=HOUR).sessions == 1
    assert Session.objects.get() == full
    assert Line.objects.get().quantity == 3


def test_a_late_chat_hears_that_its_cart_expired_until_a_change_has_told_it(call_tool, full):
    quiet(31 * DAY)
    cleanup.clean_up()

    assert codes(call_tool("view_cart", session="full")) == ["cart_expired"]
    assert codes(call_tool("add_to_cart", session="full", product_id="shop:honey")) == ["cart_expired"]
    assert codes(call_tool("view_cart", session="full")) == []
    assert not Tombstone.objects.exists()


def test_who_did_not_hear_it_yet_hears_it_after_another_expiry(call_tool, full):
    quiet(31 * DAY)
    cleanup.clean_up()
    call_tool("search_products", session="full")
    quiet(2 * DAY)
    assert cleanup.clean_up().sessions == 1

    assert codes(call_tool("view_cart", session="full")) == ["cart_expired"]


def test_a_late_cart_id_is_told_that_its_cart_expired(call_tool, honey):
    handle = cart(call_tool("add_to_cart", session=None, product_id="shop:honey"))["cart_id"]
    quiet(31 * DAY)
    cleanup.clean_up()

    for name, arguments in (("view_cart", {}), ("add_to_cart", {"product_id": "shop:honey"})):
        result = call_tool(name, session=None, cart_id=handle, **arguments)
        assert error(result)["code"] == "cart_expired"
        assert "expired" in text(result)
    assert not Cart.objects.exists()


def test_old_records_answers_and_tombstones_go_and_younger_ones_stay(call_tool, full):
    cart(call_tool("add_to_cart", session="full", product_id="shop:honey", request_id="old"))
    AnsweredRequest.objects.update(created_at=timezone.now() - DAY - HOUR)
    cart(call_tool("add_to_cart", session="full", product_id="shop:honey", request_id="new"))
    CallRecord.objects.filter(version=1).update(at=timezone.now() - 31 * DAY)
    Tombstone.objects.create(public_id="s_old", expired_at=timezone.now() - 366 * DAY)
    Tombstone.objects.create(public_id="s_new", expired_at=timezone.now() - 360 * DAY)

    done = cleanup.clean_up()

    assert (done.sessions, done.calls, done.answers, done.tombstones) == (0, 1, 1, 1)
    assert set(CallRecord.objects.values_list("version", flat=True)) == {2, 3}
    assert AnsweredRequest.objects.get().request_id == "new"
    assert Change.objects.count() == 3
    assert Tombstone.objects.get().public_id == "s_new"


def test_a_dry_run_counts_the_same_and_changes_nothing(call_tool, full, empty):
    cart(call_tool("add_to_cart", session="full", product_id="shop:honey", request_id="old"))
    AnsweredRequest.objects.update(created_at=timezone.now() - 2 * DAY)
    CallRecord.objects.update(at=timezone.now() - 31 * DAY)
    quiet(31 * DAY)
    models = (Session, Cart, Line, Change, AnsweredRequest, CallRecord, Tombstone)
    before = [list(model.objects.order_by("pk").values()) for model in models]

    counted = cleanup.clean_up(dry_run=True)

    assert [list(model.objects.order_by("pk").values()) for model in models] == before
    # Deleting the session takes its answer along before it would be deleted alone.
    done = cleanup.clean_up()
    assert (counted.sessions, counted.with_items, counted.calls) == (done.sessions, done.with_items, done.calls)


def test_sessions_can_be_deleted_at_once_and_the_chat_hears_of_it(call_tool, full, empty):
    assert cleanup.delete_sessions(Session.objects.filter(pk=full.pk)) == 1

    assert Session.objects.get() == empty
    assert codes(call_tool("view_cart", session="full")) == ["cart_expired"]
    no_orphans()


def test_many_old_calls_go_with_few_variables(few_variables):
    then = timezone.now() - timedelta(days=1000)
    CallRecord.objects.bulk_create(
        CallRecord(at=then, tool="view_cart", outcome="ok", milliseconds=1, source="default") for _ in range(1001)
    )

    assert cleanup.clean_up().calls == 1001
    assert not CallRecord.objects.exists()


def test_beyond_a_number_the_oldest_records_and_tombstones_go_whatever_their_age(db, monkeypatch):
    monkeypatch.setattr(cleanup, "MOST_CALLS", 3)
    monkeypatch.setattr(cleanup, "MOST_TOMBSTONES", 2)
    for n in range(5):
        CallRecord.objects.create(at=timezone.now(), tool=f"tool {n}", outcome="ok", milliseconds=1, source="default")
        Tombstone.objects.create(public_id=f"s_{n}")

    done = cleanup.clean_up()

    assert (done.calls, done.tombstones) == (2, 3)
    assert list(CallRecord.objects.order_by("id").values_list("tool", flat=True)) == ["tool 2", "tool 3", "tool 4"]
    assert list(Tombstone.objects.order_by("id").values_list("public_id", flat=True)) == ["s_3", "s_4"]
