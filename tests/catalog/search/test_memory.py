"""What is kept for one state of the catalogue."""

from catalog.search.memory import Memory


def test_it_is_kept_while_the_state_stays_the_same():
    memory = Memory[str, object](3)
    memory.of(("a",))["rice"] = 1

    assert memory.of(("a",)) == {"rice": 1}


def test_it_is_forgotten_in_another_state_for_good():
    memory = Memory[str, object](3)
    memory.of(("a",))["rice"] = 1

    assert memory.of(("b",)) == {}
    assert memory.of(("a",)) == {}


def test_what_was_worked_out_late_is_not_taken_for_the_state_that_came_meanwhile():
    memory = Memory[str, object](3)
    late = memory.of(("a",))
    memory.of(("b",))
    late["rice"] = 1

    assert memory.of(("b",)) == {}


def test_nothing_is_kept_of_no_state_and_never_more_than_so_much():
    memory = Memory[str, object](3)
    memory.of(())["rice"] = 1
    assert memory.of(()) == {}

    for word in ("a", "b", "c"):
        memory.of(("s",))[word] = word
    assert memory.of(("s",)) == {}
