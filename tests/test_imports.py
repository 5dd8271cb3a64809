"""What import-linter does not say of the imports: there are no circles, not even among the files of a folder."""

from itertools import count

import grimp
import pytest

APPS = [
    "shopmcp",
    "outbox",
    "accounts",
    "catalog",
    "offers",
    "carts",
    "orders",
    "my",
    "analytics",
    "health",
    "dashboard",
    "maintenance",
]


def circles(imports):
    """The groups of modules that import each other, by Tarjan's algorithm; `imports` tells what each imports."""
    numbers, lowest, open_now, found, numbering = {}, {}, [], [], count()

    def visit(module):
        numbers[module] = lowest[module] = next(numbering)
        open_now.append(module)
        for other in imports[module]:
            if other not in numbers:
                visit(other)
                lowest[module] = min(lowest[module], lowest[other])
            elif other in open_now:
                lowest[module] = min(lowest[module], numbers[other])
        if lowest[module] == numbers[module]:
            group = open_now[open_now.index(module) :]
            del open_now[-len(group) :]
            if len(group) > 1:
                found.append(sorted(group))

    for module in sorted(imports):
        if module not in numbers:
            visit(module)
    return found


def test_a_circle_is_found():
    assert circles({"a": ["b"], "b": ["c"], "c": ["b", "d"], "d": []}) == [["b", "c"]]
    assert circles({"a": ["b", "c"], "b": ["c"], "c": []}) == []


@pytest.mark.slow
def test_no_module_imports_one_that_imports_it():
    graph = grimp.build_graph(*APPS, cache_dir=None)

    assert len(graph.modules) > 400
    assert circles({module: graph.find_modules_directly_imported_by(module) for module in graph.modules}) == []
