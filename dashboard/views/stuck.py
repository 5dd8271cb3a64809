"""Where models get stuck: each kind of refusal, the words of the answers, and what happened next."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from analytics.definitions import DEFINITIONS
from analytics.over_time import bounds
from analytics.reports import summary
from analytics.schemas import RefusalOut
from analytics.stuck import Stuck
from analytics.stuck import stuck as stuck_at
from dashboard.exports import csv_file
from dashboard.forms import PeriodForm
from dashboard.pages import owner_page, show
from dashboard.texts import outcome_text

_MEANING = DEFINITIONS["stuck"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of refusal: how many calls there were, and what is known of the newest."""

    refusal: RefusalOut
    seen: Stuck


@owner_page
@require_safe
def stuck(request: HttpRequest) -> HttpResponse:
    """The most frequent kinds of refusals in a period; a query for each kind."""
    form = PeriodForm(request.GET)
    context = form.chosen | {"kinds": _kinds(form), "definition": _(_MEANING)}
    return show(request, "dashboard/stuck.html", context)


@owner_page
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """The same as a CSV file: a row for each answer."""
    header = [
        _("Reason"), _("Code"), _("Tool"), _("Calls"), _("Looked at"), _("Conversations"), _("Next call worked"),
        _("Refused again"), _("No further call"), _("The tool answered"), _("Times"),
    ]  # fmt: skip
    return csv_file("stuck", header, _rows(_kinds(PeriodForm(request.GET))))


def _kinds(form: PeriodForm) -> list[Kind]:
    client = form.chosen_client
    found = summary(*bounds(*form.days), client=client)
    return [
        Kind(refusal, stuck_at(refusal.tool, refusal.code, found.since, found.until, client))
        for refusal in found.refusals
    ]


def _rows(kinds: list[Kind]) -> Iterator[list[Any]]:
    for kind in kinds:
        seen = kind.seen
        for words, times in seen.words or [("", 0)]:
            yield [
                outcome_text(kind.refusal.code),
                kind.refusal.code,
                kind.refusal.tool,
                kind.refusal.calls,
                seen.looked_at,
                seen.sessions,
                seen.worked,
                seen.refused_again,
                seen.ended,
                words,
                times or "",
            ]
