"""Counting: once, in steps, and for good."""

from datetime import timedelta
from threading import Event, Thread

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from analytics import names
from analytics.models import Checkpoint, Fact, Tally
from analytics.reports import summary
from analytics.schemas import RefusalOut
from analytics.services import catch_up, forget, roll_up, uncounted
from carts.models import CallRecord, Cart, Session


@pytest.fixture
def told(db):
    def ask(**asked):
        now = timezone.now()
        return summary(now - timedelta(days=29), now, **asked)

    return ask


def stages(found):
    return {stage.stage: stage.sessions for stage in found.funnel}


def products(found):
    return [(product.product_id, product.seen, product.added) for product in found.products]


def test_each_call_is_counted_once_however_often_and_in_whatever_steps(make_session, make_call, told):
    for n in range(5):
        session = make_session(n)
        make_call(session, tool="search_products")
        make_call(session, tool="add_to_cart", outcome="not_found")

    assert [roll_up(4) for _ in range(4)] == [4, 4, 2, 0]
    found = told()

    assert (found.sessions, found.calls) == (5, 10)
    assert stages(found) == {"searched": 5, "viewed": 0, "added": 0, "handed_over": 0, "ordered": 0}
    assert found.refusals == [RefusalOut(tool="add_to_cart", code="not_found", calls=5)]


def test_a_session_that_comes_again_is_one_session_at_its_last_call(make_session, make_call, told):
    session = make_session(ago=timedelta(days=3))
    make_call(session, ago=timedelta(days=3), tool="search_products")
    catch_up()
    now = timezone.now()
    Session.objects.update(last_seen_at=now)
    Cart.objects.create(public_id="c_1", session=session, currency="ILS", item_count=2)
    make_call(session, tool="add_to_cart", products=["shop:honey"])
    catch_up()

    assert (told().sessions, told().filled, products(told())) == (1, 1, [("shop:honey", 100, 100)])
    assert summary(now - timedelta(days=4), now - timedelta(days=1)).sessions == 0
    assert stages(summary(now - timedelta(days=1), now)) == {
        "searched": 1,
        "viewed": 1,
        "added": 1,
        "handed_over": 0,
        "ordered": 0,
    }


def test_a_call_that_is_committed_late_is_counted_once(make_session, make_call, told):
    session = make_session()
    first = make_call(session)
    make_call(session, pk=first.pk + 2)
    catch_up()
    make_call(session, pk=first.pk + 1)
    catch_up()
    catch_up()

    assert told().calls == 3
    assert Checkpoint.objects.get().missing == []


def test_a_call_that_never_comes_is_forgotten_after_an_hour(make_session, make_call):
    first = make_call(make_session())
    make_call(pk=first.pk + 2)
    catch_up()
    progress = Checkpoint.objects.get()
    assert [key for key, _ in progress.missing] == [first.pk + 1]
    progress.missing = [[key, at - 3601] for key, at in progress.missing]
    progress.save()
    make_call()
    catch_up()

    assert Checkpoint.objects.get().missing == []


def test_the_cleanup_keeps_the_numbers_of_what_it_deletes_counted_or_not(make_session, make_call, told):
    ago = timedelta(days=27)
    for n in range(3):
        make_call(make_session(n, ago=ago), ago=ago, tool="get_product", products=["shop:honey"])
    # Nobody had counted them yet.
    assert not Tally.objects.exists()

    call_command("cleanup_sessions")

    assert not Session.objects.exists()
    CallRecord.objects.all().delete()
    assert (told().sessions, told().calls, products(told())) == (3, 3, [("shop:honey", 100, 0)])
    assert forget() == 3
    assert not Fact.objects.exists()
    assert told().sessions == 3


def test_a_step_that_fails_leaves_nothing_behind(make_session, make_call, told):
    make_call(make_session())
    Checkpoint.objects.create(pk=1)

    def fail_at_its_end(execute, sql, *rest):
        if sql.startswith("UPDATE") and Checkpoint._meta.db_table in sql:
            raise RuntimeError
        return execute(sql, *rest)

    with connection.execute_wrapper(fail_at_its_end), pytest.raises(RuntimeError):
        roll_up()
    assert not Tally.objects.exists()
    assert not Fact.objects.exists()
    catch_up()
    assert told().calls == 1


def every_tally():
    return sorted(
        Tally.objects.exclude(count=0).values_list("everybody", "client", "kind", "grain", "start", "name", "count")
    )


@pytest.mark.parametrize("step", [1, 7, 1000])
def test_sessions_that_go_on_between_the_steps_are_counted_as_they_are_in_the_end(make_session, make_call, step):
    sessions = [make_session(n, client=f"client {n % 3}", source=["x", "cart_id"][n % 5 == 0]) for n in range(10)]
    for n in range(40):
        tool = ["search_products", "get_product", "add_to_cart"][n % 3]
        make_call(sessions[n * 7 % 10], tool=tool, outcome=["ok", "gone"][n % 11 == 0], products=[f"shop:{n % 9}"])

    def of_sessions():
        return [row for row in every_tally() if row[2] not in ("calls", "latency", "unkeyed_calls", "refused")]

    catch_up()
    at_once = of_sessions()
    for model in (Tally, Fact, Checkpoint):
        model.objects.all().delete()
    last = Session.objects.values_list("last_seen_at", flat=True).order_by("-last_seen_at")[0]
    for hours in (50, 20, 1):
        moved = timedelta(hours=hours)
        Session.objects.update(last_seen_at=last - moved, created_at=last - moved)
        roll_up(step)
    for session in sessions:
        session.save()
        make_call(session, tool="view_cart")
    catch_up(step)

    assert of_sessions() == at_once
    assert at_once


def test_days_and_everybody_are_sums_of_hours_and_clients(make_session, make_call):
    for n in range(12):
        make_call(make_session(n, client=f"client {n % 3}", ago=timedelta(hours=5 * n)), ago=timedelta(hours=5 * n))
    catch_up()

    def whole(**of):
        return sum(Tally.objects.filter(kind="calls", **of).values_list("count", flat=True))

    assert {whole(grain=grain, everybody=everybody) for grain in ("hour", "day") for everybody in (True, False)} == {12}


def test_a_cart_is_counted_once_in_the_hour_it_was_opened(make_session, make_call):
    opened = timezone.now() - timedelta(hours=3)
    session = make_session(created_at=opened)
    make_call(session)
    catch_up()
    Cart.objects.create(public_id="c_1", session=session, currency="ILS", ordered_at=timezone.now(), created_at=opened)
    for _time in range(2):
        make_call(session)
        catch_up()
        Cart.objects.get_or_create(public_id="c_2", session=session)
    make_call(session)
    catch_up()
    carts = Tally.objects.filter(kind="carts", grain="hour", everybody=True).order_by("start")

    hour = opened.replace(minute=0, second=0, microsecond=0)
    assert [(tally.start, tally.count) for tally in carts] == [
        (hour, 1),
        (timezone.now().replace(minute=0, second=0, microsecond=0), 1),
    ]


def test_a_session_that_sees_everything_is_remembered_for_so_much_of_it(make_session, make_call):
    session = make_session()
    for n in range(40):
        make_call(session, tool="search_products", products=[f"shop:{n}-{m}" for m in range(10)])
    make_call(session, tool="add_to_cart", products=["shop:0-0", "shop:new"])
    catch_up()

    products = Fact.objects.get().products
    assert (len(products), products["shop:0-0"]) == (300, True)


def test_what_waits_to_be_counted_is_told_and_stays_uncounted(make_session, make_call):
    session = make_session()
    calls = [make_call(session) for _ in range(5)]

    found = uncounted(3)

    assert (found.call, found.more, [visit.session for visit in found.visits]) == (0, 2, [session.pk])
    assert not Tally.objects.exists()
    catch_up()
    assert (uncounted().call, uncounted().more) == (calls[-1].pk, 0)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time anyway")
@pytest.mark.django_db(transaction=True)
def test_catching_up_waits_for_whoever_is_counting_now(make_session, make_call, told):
    make_call(make_session())
    Checkpoint.objects.create(pk=1)
    locked = Event()

    def hold():
        """Count, until somebody waits for it or is done."""
        with transaction.atomic(), connection.cursor() as cursor:
            Checkpoint.objects.select_for_update().get(pk=1)
            locked.set()
            while other.is_alive():
                cursor.execute("SELECT count(*) FROM pg_locks WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))")
                if cursor.fetchone()[0]:
                    break
        connection.close()

    def wait():
        locked.wait()
        assert roll_up() == 0
        catch_up()
        connection.close()

    holder, other = Thread(target=hold), Thread(target=wait)
    other.start()
    holder.start()
    other.join()
    holder.join()

    assert Checkpoint.objects.get().call == CallRecord.objects.get().pk
    assert told().calls == 1


def test_much_that_is_missing_is_looked_for_with_few_variables(make_call, few_variables):
    first = make_call()
    make_call(pk=first.pk + 1501)
    catch_up()
    for late in (1, 1500):
        make_call(pk=first.pk + late)

    assert roll_up() == 2
    assert len(Checkpoint.objects.get().missing) == 1498


def test_many_deleted_sessions_are_forgotten_with_few_variables(few_variables):
    ago = timezone.now() - timedelta(days=2)
    Fact.objects.bulk_create(Fact(session=n, keyed=True, last_at=ago, seconds=1) for n in range(1, 1002))

    assert forget() == 1001


def flood(number, *, ago=timedelta(0), start=0):
    """Calls of as many made-up clients, each with a search of its own that found nothing."""
    at = timezone.now() - ago
    calls = [
        CallRecord(
            at=at,
            tool="search_products",
            outcome="ok",
            milliseconds=1,
            client=f"client {n}",
            source="openai/session",
            words=[f"word{n}"],
            results=0,
        )
        for n in range(start, start + number)
    ]
    CallRecord.objects.bulk_create(calls)


def test_made_up_names_of_clients_and_searches_share_one_row_beyond_a_number(told, monkeypatch):
    monkeypatch.setattr(names, "MOST_SEARCHES", 150)
    flood(1000)
    catch_up()
    rows = Tally.objects.count()
    flood(1000, start=1000)
    catch_up()

    assert Tally.objects.count() == rows
    days = Tally.objects.filter(grain="day")
    assert days.filter(everybody=False).values("client").distinct().count() == names.MOST_CLIENTS + 1
    assert days.filter(everybody=True, kind="fruitless").count() == 150 + 1
    assert told().calls == 2000
    assert told(client="…").calls == 2000 - names.MOST_CLIENTS


def test_a_client_that_was_there_within_a_month_keeps_its_own_rows_in_a_flood(make_session, make_call, told):
    make_call(make_session(client="ChatGPT"), ago=timedelta(days=20), client="ChatGPT")
    catch_up()
    flood(names.MOST_CLIENTS * 2)
    catch_up()
    Session.objects.update(last_seen_at=timezone.now())
    make_call(Session.objects.get(), client="ChatGPT", tool="add_to_cart")
    catch_up()

    assert (told(client="ChatGPT").calls, told(client="ChatGPT").sessions) == (2, 1)


@pytest.mark.django_db
def test_old_tallies_are_deleted_by_their_age():
    flood(3, ago=timedelta(days=4 * 365))
    flood(3, ago=timedelta(days=100))
    flood(3)
    catch_up()

    ages = Tally.objects.filter(everybody=True, kind="calls").order_by("grain", "start")
    assert [(tally.grain, (timezone.now() - tally.start).days // 50) for tally in ages] == [
        ("day", 2),
        ("day", 0),
        ("hour", 0),
    ]
