"""No file and no function is longer than one can read at once."""

import ast

import pytest

from tests.live import ROOT

MOST_LINES = {"file": 350, "function": 60}
# Django writes migrations; the environment and what a shop keeps are not the project's.
LEFT_OUT = {"migrations", "node_modules", "var", "__pycache__"}


def sources():
    """The project's Python files and the scripts of its checks."""
    folders = [path for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")]
    found = [*ROOT.glob("*.py"), *(path for folder in folders for path in folder.rglob("*.py"))]
    found += [path for path in (ROOT / ".ci").iterdir() if path.is_file()]
    return [path for path in found if not LEFT_OUT & set(path.relative_to(ROOT).parts)]


def is_python(path):
    return path.suffix == ".py" or "python" in path.read_text().partition("\n")[0]


@pytest.fixture(scope="module")
def lengths():
    """The length of each file and function, with where it is."""
    found: dict[str, list[tuple[int, str]]] = {"file": [], "function": []}
    for path in sources():
        name, text = path.relative_to(ROOT), path.read_text()
        found["file"].append((text.count("\n"), f"{name}"))
        for node in ast.walk(ast.parse(text)) if is_python(path) else ():
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno is not None
                found["function"].append((node.end_lineno - node.lineno + 1, f"{name}: {node.name}"))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("kind", MOST_LINES)
def test_nothing_is_longer_than_one_can_read_at_once(lengths, kind):
    assert len(lengths[kind]) > 500
    assert [(lines, name) for lines, name in lengths[kind] if lines > MOST_LINES[kind]] == []
