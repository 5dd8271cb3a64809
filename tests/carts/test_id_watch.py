"""What a series of calls shows about ids."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from carts.id_watch import NETWORKS, ROTATIONS, IdWatch, KeyedCall

START = datetime(2026, 11, 26, tzinfo=UTC)


@pytest.fixture
def look():
    """Show a watch the next call, which begins a second after the one before; gives its signs."""
    watch, sessions, seconds = IdWatch(), count(1), count()

    def look(session=None, *, at=None, takes=0.01, client="c", subject="", network="", begins=None):
        since = START + timedelta(seconds=next(seconds) if at is None else at)
        number = next(sessions) if session is None else session
        begun = session is None if begins is None else begins
        return watch.signs(KeyedCall(client, number, begun, subject, network, since, since + timedelta(seconds=takes)))

    return look


def test_a_new_id_with_each_call_is_a_rotating_one(look):
    signs = [look() for _ in range(ROTATIONS + 5)]

    assert signs[: ROTATIONS - 1] == [[]] * (ROTATIONS - 1)
    assert signs[ROTATIONS - 1 :] == [["rotating_id"]] * 6


def test_conversations_that_go_on_are_none(look):
    for session in range(1, 100):
        assert look(session, begins=True) == []
        assert look(session, begins=False) == []


def test_a_client_that_is_mended_gives_no_further_sign(look):
    for _ in range(ROTATIONS + 5):
        look()

    assert look(99, begins=False) == []
    assert look() == []


def test_another_client_has_its_own_measure(look):
    for _ in range(ROTATIONS - 1):
        look(client="rotating")

    assert look(client="other") == []
    assert look(client="rotating") == ["rotating_id"]


@pytest.mark.parametrize("known_by", ["subject", "network"])
def test_many_people_who_ask_once_each_are_no_rotating_id(look, known_by):
    assert [look(**{known_by: f"person {n}"}) for n in range(60)] == [[]] * 60


@pytest.mark.parametrize("known_by", ["subject", "network"])
def test_one_person_whose_id_changes_is(look, known_by):
    signs = [look(**{known_by: "dana"}) for _ in range(ROTATIONS + 1)]

    assert signs[-1] == ["rotating_id"]


@pytest.mark.parametrize("other", [{"network": "b"}, {"client": "d"}])
def test_one_id_in_use_at_two_places_at_once_is_a_shared_one(look, other):
    one = {"network": "a", "client": "c"}
    assert look(1, at=1, takes=2, **one) == []

    assert look(1, at=2, takes=3, **one | other) == ["shared_id"]


def test_one_chat_may_call_twice_at_once(look):
    look(1, at=1, takes=2, network="a")

    assert look(1, at=2, takes=3, network="a") == []


def test_a_network_that_is_not_known_is_no_other_one(look):
    look(1, at=1, takes=2, network="a")

    assert look(1, at=2, takes=3) == []


def test_somebody_on_the_move_is_no_shared_id(look):
    assert [look(1, network=name) for name in ("home", "phone", "home", "phone")] == [[]] * 4


def test_one_id_from_many_networks_within_an_hour_is_a_shared_one(look):
    signs = [look(1, network=f"network {n}") for n in range(NETWORKS + 1)]

    assert signs == [*[[]] * (NETWORKS - 1), ["shared_id"], ["shared_id"]]


def test_networks_of_another_day_do_not_count(look):
    assert [look(1, at=n * 4000, network=f"network {n}") for n in range(5)] == [[]] * 5


def test_a_person_who_is_named_may_call_from_anywhere(look):
    assert [look(1, subject="dana", network=f"network {n}") for n in range(9)] == [[]] * 9


def test_names_and_ids_of_callers_choosing_do_not_fill_the_memory():
    watch = IdWatch()
    for n in range(10_500):
        watch.signs(KeyedCall(f"client {n}", n, True, "", f"network {n}", START, START))

    assert len(watch._clients) <= 200
    assert len(watch._uses) <= 10_000
