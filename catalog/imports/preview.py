"""What an import would change, as a job keeps it and a page shows it."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from catalog.feeds import Refused, Unreadable
from catalog.feeds.records import Understood
from catalog.imports.report import ImportReport

_REASONS = 30  # so many reasons are told, each with so many lines
_LINES = 10
_COUNTED = (
    "created", "changed", "unchanged", "withdrawn", "carried", "needs_force", "skipped", "without_image", "unresolved",
    "assumed_currency", "examples",
)  # fmt: skip


def preview_of(report: ImportReport) -> dict[str, Any]:
    """Return what an import would do, as JSON."""
    return {
        **{name: getattr(report, name) for name in _COUNTED},
        "refused": len(report.refused),
        "reasons": _by_reason(report.refused),
        "warned": report.warned,
        "warnings": _by_reason(report.warnings),
        "remarks": [said for remark in report.remarks if (said := without_options(remark))],
        **_columns(report.understood),
    }


def preview_of_refusal(refusal: Unreadable) -> dict[str, Any]:
    """Return what was understood of a file that cannot be read as it is, as JSON."""
    return _columns(refusal.understood or Understood())


def without_options(text: str) -> str:
    """The text without the sentences that name options of the command: a page has fields for them."""
    return " ".join(said for said in re.split(r"(?<=[.!?])\s+", text) if "--" not in said)


def _columns(understood: Understood) -> dict[str, Any]:
    options = {name: value for name, value in understood.options.items() if name != "format"}
    return {"columns": list(understood.columns), "held": dict(understood.held), "options": options}


def _by_reason(lines: Iterable[Refused]) -> Sequence[dict[str, Any]]:
    counted, first = Counter[str](), dict[str, list[dict[str, Any]]]()
    for line in lines:
        counted[line.reason] += 1
        shown = first.setdefault(line.reason, [])
        if len(shown) < _LINES:
            shown.append({"line": line.line, "sku": line.sku})
    return [
        {"reason": reason, "count": count, "lines": first[reason]} for reason, count in counted.most_common(_REASONS)
    ]
