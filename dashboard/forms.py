"""What the addresses of the owner's pages may ask for."""

from datetime import datetime, time, timedelta
from typing import Any, get_args

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from carts.listing import SessionFilter, State
from carts.sessions import BY_HANDLE, KEYS, UNKEYED

STATES = {
    "": _("All"),
    "active": _("Active"),
    "cart": _("With cart"),
    "idle": _("Idle"),
    "unkeyed": _("Unkeyed"),
    "empty": _("Empty cart"),
}
PRODUCT_STATES = {
    "": _("Carried"),
    "withdrawn": _("Withdrawn"),
    "unpriced": _("Without a price"),
    "imageless": _("Without an image"),
    "sold_out": _("Sold out"),
}
assert set(STATES) == set(get_args(State))


class SessionFilterForm(forms.Form):
    """The filters of a list of sessions. What cannot be understood is left out, and said."""

    state = forms.ChoiceField(label=_("State"), choices=list(STATES.items()), required=False)
    q = forms.CharField(label=_("Public id or product"), max_length=200, required=False)
    client = forms.CharField(label=_("Client"), max_length=60, required=False)
    source = forms.CharField(
        label=_("Source of the id"), max_length=64, required=False, widget=forms.TextInput(attrs={"list": "sources"})
    )
    product = forms.CharField(label=_("Product id"), max_length=120, required=False)
    since = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    until = forms.DateField(
        label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, data: Any) -> None:
        super().__init__(data, auto_id="filter-%s", label_suffix="")
        for name, field in self.fields.items():
            if name in self.errors:
                field.widget.attrs |= {"aria-invalid": "true"}

    @property
    def sources(self) -> list[str]:
        """What a session may be told by."""
        return [*settings.SHOPMCP_SESSION_KEYS, *KEYS, BY_HANDLE, UNKEYED]

    @property
    def asked(self) -> SessionFilter:
        """The filter that the valid fields make; days are whole days where the reader is, the last one included."""
        given = self.cleaned_data
        until = given.get("until")
        return SessionFilter(
            state=given.get("state", ""),
            client=given.get("client", ""),
            source=given.get("source", ""),
            product=given.get("product", ""),
            search=given.get("q", ""),
            since=_midnight(given.get("since")),
            until=_midnight(until + timedelta(days=1)) if until else None,
        )


def _midnight(day: Any) -> datetime | None:
    return timezone.make_aware(datetime.combine(day, time())) if day else None
