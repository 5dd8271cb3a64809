"""Work beside requests: results that are shared, and work that is repeated."""

from threading import Barrier, Event, Thread

from shopmcp.background import Renewed, Repeated


def renewed(work, *, every=10.0, patience=5.0, now=(0.0,)):
    """With the clock `now`, a list of one time."""
    return Renewed(work, every=lambda found: every, patience=patience, clock=lambda: now[0])


def test_a_result_is_used_until_it_is_old():
    now, results = [0.0], iter(range(9))
    number = renewed(lambda: next(results), now=now)

    assert [number.get(), number.get()] == [0, 0]
    now[0] = 9.9
    assert number.get() == 0
    now[0] = 10.0
    assert number.get() == 1


def test_how_long_it_is_used_depends_on_it():
    now, results = [0.0], iter("ab")
    letter = Renewed(lambda: next(results), every=lambda found: 1 if found == "a" else 9, clock=lambda: now[0])

    assert letter.get() == "a"
    now[0] = 1
    assert letter.get() == "b"
    now[0] = 9.9
    assert letter.get() == "b"


def test_a_lasting_result_is_returned_while_it_is_renewed():
    now, may_end, looks = [0.0], Event(), []

    def look():
        looks.append(1)
        assert len(looks) == 1 or may_end.wait(60)
        return len(looks)

    number = Renewed(look, every=lambda found: 10.0, lasting=True, clock=lambda: now[0])

    assert number.get() == 1
    now[0] = 10.0
    assert number.get() == 1
    may_end.set()
    while number.get() == 1:
        Event().wait(0.001)
    assert len(looks) == 2


def test_many_callers_share_one_look():
    may_end, looks, found = Event(), [], []

    def look():
        looks.append(1)
        assert may_end.wait(60)
        return "found"

    number, together = renewed(look), Barrier(9)

    def ask():
        together.wait(60)
        found.append(number.get())

    callers = [Thread(target=ask) for _ in range(8)]
    for caller in callers:
        caller.start()
    together.wait(60)
    may_end.set()
    for caller in callers:
        caller.join(60)

    assert found == ["found"] * 8
    assert len(looks) == 1


def test_a_look_that_hangs_holds_nobody_up_and_is_not_started_again():
    may_end, looks = Event(), []

    def look():
        looks.append(1)
        assert may_end.wait(20)
        return "late"

    number = renewed(look, patience=0.01)
    assert [number.get() for _ in range(5)] == [None] * 5
    assert len(looks) == 1
    patient = renewed(lambda: "other")
    assert patient.get() == "other"
    may_end.set()


def test_a_look_that_fails_is_no_result_and_the_next_caller_looks_again(caplog):
    results = iter([ZeroDivisionError(), "good"])

    def look():
        result = next(results)
        if isinstance(result, Exception):
            raise result
        return result

    number = renewed(look)

    assert number.get() is None
    assert number.get() == "good"
    assert "ZeroDivisionError" in caplog.text


def test_repeated_work_survives_a_failure_and_ends_when_told(caplog):
    done, times = Event(), []

    def work(stopping):
        times.append(stopping())
        if len(times) == 1:
            raise RuntimeError("a bug")
        done.set()

    repeated = Repeated("test", work, 0.001)
    repeated.start()
    assert done.wait(60)
    repeated.stop()
    repeated.join(60)
    count = len(times)

    assert "a bug" in caplog.text
    assert times[:2] == [False, False]
    assert len(times) == count
