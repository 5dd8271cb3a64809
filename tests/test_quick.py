"""`make quick` plays some of everything, and nothing that makes one wait."""

from types import SimpleNamespace

import pytest

from tests.live import ROOT
from tests.quick import quick, spread

ROOMS = [
    "accounts",
    "analytics",
    "carts",
    "catalog",
    "dashboard",
    "health",
    "maintenance",
    "offers",
    "orders",
    "outbox",
    "shopmcp",
]
EMPTY = SimpleNamespace()


def item(name, *marks, module=EMPTY, fixtures=()):
    return SimpleNamespace(
        nodeid=name,
        originalname=name.partition("[")[0],
        parent=SimpleNamespace(nodeid="module"),
        module=module,
        fixturenames=fixtures,
        _fixtureinfo=SimpleNamespace(name2fixturedefs={}),
        get_closest_marker=lambda mark: mark if mark in marks else None,
    )


def chosen(items):
    return [found.nodeid for found in quick(items)]


def test_of_a_test_with_many_cases_the_first_the_last_and_some_between_are_played():
    assert spread(list(range(50)), 4) == [0, 16, 32, 49]
    assert spread([0, 1, 2, 3], 4) == [0, 1, 2, 3]
    cases = [item(f"test_a[{n:02}]", "no_database") for n in range(50)]

    assert chosen(cases) == chosen(cases[::-1]) == [f"test_a[{n:02}]" for n in (0, 24, 49)]


def test_of_the_tests_of_a_module_that_use_the_database_two_are_played_each_in_one_case():
    assert chosen(item(f"test_{test}[{n}]") for test in "abcdefg" for n in range(3)) == [
        f"test_{test}[0]" for test in "ag"
    ]


@pytest.mark.parametrize(
    "slow",
    [
        {"marks": ["slow"]},
        {"module": SimpleNamespace(subprocess=None)},
        {"fixtures": ["shared_database"]},
    ],
    ids=str,
)
def test_what_is_slow_is_left_out(slow):
    marks = slow.pop("marks", [])

    assert chosen([item("test_a", *marks, **slow), item("test_b")]) == ["test_b"]


@pytest.mark.slow
def test_each_room_is_in_it(request):
    if len(request.session.items) < 5000:
        pytest.skip("this run has not all tests")
    played = [found for found in request.session.items if found.get_closest_marker("quick")]

    assert {found.path.relative_to(ROOT).parts[1] for found in played} >= set(ROOMS)
