"""Forms for the query strings of the owner's pages."""

from datetime import date, datetime, time, timedelta
from typing import Any, get_args

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from carts.browse import SessionFilter, SessionState
from carts.conversation import BY_HANDLE, KEYS, UNKEYED
from dashboard.base_forms import PlainLabels

STATES = {
    "": _("All"),
    "active": _("Active"),
    "cart": _("With cart"),
    "idle": _("Idle"),
    "unkeyed": _("Unkeyed"),
    "empty": _("Empty cart"),
    "handed_over": _("Handed over"),
    "left": _("At the store's checkout"),
    "abandoned": _("Abandoned"),
    "lost": _("Lost"),
    "keyed": _("With a conversation id"),
}
PRODUCT_STATES = {
    "": _("Carried"),
    "withdrawn": _("Withdrawn"),
    "hidden": _("Hidden by you"),
    "unpriced": _("Without a price"),
    "imageless": _("Without an image"),
    "sold_out": _("Sold out"),
}
PERIODS = {"day": _("Today"), "week": _("7 days"), "month": _("30 days")}
assert set(STATES) == set(get_args(SessionState))
# Days outside these bounds may not exist in another time zone.
_FIRST, _LAST = date(2, 1, 1), date(9998, 12, 31)


def _date() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class SessionFilterForm(PlainLabels, forms.Form):
    """The filters of a list of sessions. Invalid filters are ignored and marked."""

    state = forms.ChoiceField(label=_("State"), choices=list(STATES.items()), required=False)
    q = forms.CharField(label=_("Id, order, client or product"), max_length=200, required=False)
    client = forms.CharField(label=_("Client"), max_length=60, required=False)
    source = forms.CharField(
        label=_("Source of the id"), max_length=64, required=False, widget=forms.TextInput(attrs={"list": "sources"})
    )
    since = forms.DateField(label=_("From"), required=False, widget=_date())
    until = forms.DateField(label=_("To"), required=False, widget=_date())
    # Filters of the links from other pages.
    product = forms.CharField(max_length=300, required=False, widget=forms.HiddenInput)
    keyed = forms.BooleanField(required=False, widget=forms.HiddenInput)
    did = forms.CharField(max_length=200, required=False, widget=forms.HiddenInput)
    outcome = forms.CharField(max_length=40, required=False, widget=forms.HiddenInput)
    saw = forms.CharField(max_length=300, required=False, widget=forms.HiddenInput)
    missed = forms.CharField(max_length=200, required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any) -> None:
        super().__init__(data, auto_id="filter-%s")

    @property
    def sources(self) -> list[str]:
        return [*settings.SHOPMCP_SESSION_KEYS, *KEYS, BY_HANDLE, UNKEYED]

    @property
    def asked(self) -> SessionFilter:
        """The filter by the valid fields. Days are in the reader's time zone, and `until` is included."""
        given = self.cleaned_data
        since, until = given.get("since"), given.get("until")
        return SessionFilter(
            state=given.get("state", ""),
            client=given.get("client", ""),
            source=given.get("source", ""),
            product=given.get("product", ""),
            search=given.get("q", ""),
            keyed=given.get("keyed", False),
            did=given.get("did", ""),
            outcome=given.get("outcome", ""),
            saw=given.get("saw", ""),
            missed=given.get("missed", ""),
            since=midnight(since) if since else None,
            until=midnight(min(until, _LAST) + timedelta(days=1)) if until else None,
        )


def midnight(day: date) -> datetime:
    """Return the beginning of the day in the reader's time zone."""
    return timezone.make_aware(datetime.combine(min(max(day, _FIRST), _LAST), time()))


class PeriodForm(PlainLabels, forms.Form):
    """The days and the client of a page of numbers. Invalid fields are ignored and marked."""

    period = forms.ChoiceField(label=_("Period"), choices=[*PERIODS.items(), ("", _("Chosen days"))], required=False)
    since = forms.DateField(label=_("From"), required=False, widget=_date())
    until = forms.DateField(label=_("To"), required=False, widget=_date())
    client = forms.CharField(label=_("Client"), max_length=60, required=False)

    def __init__(self, data: Any) -> None:
        super().__init__(data, auto_id="filter-%s")
        self.is_valid()

    @property
    def chosen(self) -> dict[str, Any]:
        """What the template of the fields shows."""
        since, until = self.days
        return {"form": self, "periods": PERIODS, "since": since, "until": until, "client": self.chosen_client}

    @property
    def chosen_client(self) -> str:
        return str(self.cleaned_data.get("client", ""))

    @property
    def days(self) -> tuple[date, date]:
        """The first and the last day; a week without a valid choice."""
        given, today = self.cleaned_data, timezone.localdate()
        since, until = given.get("since"), given.get("until")
        if given.get("period", "") == "" and (since or until):
            last = min(until or today, today)
            return min(since or last, last), last
        back = {"day": 0, "month": 29}.get(given.get("period", ""), 6)
        return today - timedelta(days=back), today

    @property
    def period_shown(self) -> str:
        """The period in force; empty for chosen days."""
        given = self.cleaned_data
        chosen = given.get("period", "")
        return chosen if chosen or given.get("since") or given.get("until") else "week"
