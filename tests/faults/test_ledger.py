import pytest

from faults.client import Verdict
from faults.ledger import Ledger, Line, judge
from faults.outcome import Outcome


def found(quantity, *told, **options):
    """What is counted of a product of which one was added for each answer, and so many are in the cart."""
    line, outcome = Line(), Outcome()
    for verdict in told:
        line.note(lambda before: before + 1, verdict)
    judge(quantity, line, outcome, **options)
    return outcome.lost, outcome.doubled, outcome.false


def test_what_fits_the_answers_is_not_counted():
    assert found(1, Verdict.DONE) == found(0, Verdict.NOT_DONE) == found(0, Verdict.DOWN) == (0, 0, 0)


@pytest.mark.parametrize("verdict", [Verdict.CUT, Verdict.MAYBE])
def test_a_change_without_a_clear_answer_may_be_there_or_not_but_not_twice(verdict):
    assert found(0, verdict) == found(1, verdict) == (0, 0, 0)
    assert found(2, verdict) == (0, 1, 0)


def test_an_acknowledged_change_that_is_missing_is_lost():
    assert found(0, Verdict.DONE) == (1, 0, 0)


def test_a_change_that_is_there_twice_is_doubled():
    assert found(2, Verdict.DONE) == (0, 1, 0)


def test_a_change_that_is_there_and_was_told_as_not_done_is_a_false_answer():
    assert found(1, Verdict.NOT_DONE) == (0, 0, 1)


def test_writes_after_the_ledger_was_copied_may_be_there():
    assert found(2, Verdict.DONE, later_writes=True) == (0, 0, 0)
    assert found(0, Verdict.DONE, later_writes=True) == (1, 0, 0)


def test_a_copy_does_not_change_with_its_ledger():
    ledger = Ledger()
    ledger.note("chat", "shop:tea", lambda before: before + 1, Verdict.DONE)
    copy = ledger.copy()

    ledger.note("chat", "shop:tea", lambda before: before + 1, Verdict.DONE)

    assert (copy.acknowledged, ledger.acknowledged) == (1, 2)
