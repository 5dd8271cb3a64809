"""Whose job comes next, when several callers wait."""

from dataclasses import dataclass
from threading import Thread

import pytest

from shopmcp.db.turns import MANY, MOST_CHARGED, OWN, Turns

pytestmark = pytest.mark.no_database


@dataclass
class Job:
    caller: str
    number: int = 0
    charged: float = 0.0


def waiting(*callers, one_at_a_time=False):
    turns: Turns[Job] = Turns(one_at_a_time=one_at_a_time)
    for number, caller in enumerate(callers):
        turns.put(Job(caller, number))
    return turns


def order(turns, costs=None):
    """Take all jobs, each when the one before is finished; return their callers."""
    taken = []
    while (job := turns.take_waiting()) is not None:
        taken.append(job.caller)
        turns.finish(job, (costs or {}).get(job.caller, 0.001))
    return taken


def test_callers_whose_work_costs_the_same_take_turns():
    assert order(waiting("a", "a", "a", "b", "b", "c")) == ["a", "b", "c", "a", "b", "a"]


def test_jobs_of_one_caller_keep_their_order():
    turns = waiting("a", "a", "a")

    assert [turns.take_waiting().number for _ in range(3)] == [0, 1, 2]


def test_a_caller_whose_work_costs_ten_times_as_much_has_a_tenth_of_the_turns():
    taken = order(waiting(*["dear"] * 20, *["cheap"] * 100), {"dear": 0.01, "cheap": 0.001})

    assert taken[:44].count("dear") == 4


def test_one_who_comes_is_next_however_many_jobs_of_others_wait():
    turns = waiting(*["a"] * 50, *["b"] * 50)
    for _ in range(20):
        turns.finish(turns.take_waiting(), 0.01)

    turns.put(Job("new"))

    assert turns.take_waiting().caller == "new"


def test_one_who_was_away_has_saved_nothing():
    turns = waiting("away", *["busy"] * 100)
    for _ in range(51):
        turns.finish(turns.take_waiting(), 0.01)
    for number in range(10):
        turns.put(Job("away", number))

    assert order(turns, {"away": 0.01, "busy": 0.01})[:6] == ["away", "busy", "away", "busy", "away", "busy"]


def test_one_who_left_after_dear_work_waits_for_the_others_when_he_comes_back():
    turns = waiting("dear", *["cheap"] * 10)
    turns.finish(turns.take_waiting(), 0.005)
    turns.put(Job("dear"))

    assert order(turns)[:5] == ["cheap"] * 5


def test_the_shop_s_own_work_is_never_behind():
    turns = waiting(OWN, *["a"] * 10)
    turns.finish(turns.take_waiting(), 5.0)
    turns.finish(turns.take_waiting(), 0.001)
    turns.put(Job(OWN))

    assert turns.take_waiting().caller == OWN


def test_work_is_charged_before_it_ends_so_that_several_threads_do_not_serve_one_caller():
    turns = waiting("a", "a", "a", "b", "c")

    assert [turns.take_waiting().caller for _ in range(3)] == ["a", "b", "c"]


def test_jobs_of_a_caller_run_one_at_a_time_where_they_would_wait_for_each_other():
    turns = waiting("a", "a", "b", one_at_a_time=True)
    first, second = turns.take_waiting(), turns.take_waiting()

    assert (first.caller, second.caller, turns.take_waiting()) == ("a", "b", None)
    turns.finish(first, 0.001)
    assert turns.take_waiting().caller == "a"


def test_the_shop_s_own_jobs_run_at_once_in_any_case():
    turns = waiting(OWN, OWN, one_at_a_time=True)

    assert [turns.take_waiting().caller for _ in range(2)] == [OWN, OWN]


def test_threads_end_when_nothing_waits_any_more():
    turns, done = waiting(*"abcabcabc", one_at_a_time=True), []
    turns.end(3)

    def serve():
        while (job := turns.take()) is not None:
            done.append(job.number)
            turns.finish(job, 0.001)

    threads = [Thread(target=serve) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sorted(done) == list(range(9))


def test_callers_who_have_gone_are_forgotten():
    turns: Turns[Job] = Turns(one_at_a_time=False)
    for number in range(3 * MANY):
        turns.put(Job(f"caller {number}"))
        turns.put(Job("stays"))
        order(turns)

    assert turns.known <= MANY


def test_a_caller_whose_job_met_a_halt_is_served_before_the_others_have_used_as_much():
    turns = waiting("slow", one_at_a_time=False)
    others = [f"other {number}" for number in range(64)]
    turns.finish(turns.take_waiting(), 5.0)
    for name in others:
        turns.put(Job(name))
    turns.put(Job("slow"))
    used, served = 0.0, ""
    while (served := turns.take_waiting()).caller != "slow":
        turns.finish(served, 0.002)
        used += 0.002
        turns.put(Job(served.caller))

    assert used <= (len(others) + 1) * MOST_CHARGED
