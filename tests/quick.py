"""Which tests `make quick` plays: some of everything, and nothing that makes one wait. It is the same each time."""

from collections import defaultdict

import pytest

# Cases of a test, and tests of a module that use the database.
CASES, TESTS = 3, 2
# What begins a process, a thread, a server or a database, or plays hundreds of examples.
SLOW_NAMES = {
    "LiveServer",
    "MailServer",
    "Receiver",
    "Thread",
    "ThreadPoolExecutor",
    "given",
    "make_database",
    "manage",
    "open_browser",
    "run_state_machine_as_test",
    "serving",
    "subprocess",
    "threading",
}
SLOW_FIXTURES = {"another_database", "live_server", "shared_database", "transactional_db"}


def quick(items):
    """The tests of `make quick`, of all that were collected and marked."""
    with_database: dict[str, dict[str, pytest.Item]] = defaultdict(dict)
    others: dict[tuple[str, str], list[pytest.Item]] = defaultdict(list)
    for item in sorted(items, key=lambda item: item.nodeid):
        if is_slow(item):
            continue
        if item.get_closest_marker("no_database"):
            others[item.parent.nodeid, item.originalname].append(item)
        else:
            with_database[item.parent.nodeid].setdefault(item.originalname, item)
    return [
        *(item for cases in others.values() for item in spread(cases, CASES)),
        *(item for tests in with_database.values() for item in spread(list(tests.values()), TESTS)),
    ]


def spread(items, most):
    """The first, the last, and some between."""
    if len(items) <= most:
        return items
    return [items[n * (len(items) - 1) // (most - 1)] for n in range(most)]


def is_slow(item):
    """Whether it is marked so, or its module, the test or one of its fixtures names what is slow."""
    fixtures = [found for made in item._fixtureinfo.name2fixturedefs.values() for found in made]
    named = set(vars(item.module)).union(*(names_in(fixture.func) for fixture in fixtures))
    return bool(item.get_closest_marker("slow") or SLOW_NAMES & named or SLOW_FIXTURES & set(item.fixturenames))


def names_in(function):
    """The names that a function's code uses, with the functions in it."""
    found, codes = set(), [getattr(function, "__code__", None)]
    for code in codes:
        if hasattr(code, "co_names"):
            found.update(code.co_names)
            codes += code.co_consts
    return found
