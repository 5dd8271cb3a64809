"""The form of a key for the JSON API."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Scope
from dashboard.base_forms import PlainLabels

# The permissions that a person needs to make a key with a scope.
NEEDED = {
    Scope.ORDERS: ("orders.view_order",),
    Scope.PEOPLE: ("orders.view_order", "orders.see_people"),
    Scope.CATALOGUE: ("catalog.change_product", "offers.change_merchant"),
}


class KeyForm(PlainLabels, forms.Form):
    """What `create_key` takes."""

    name = forms.CharField(
        label=_("name"), max_length=80, help_text=_("After what uses it, such as: stock report."), strip=True
    )
    scopes = forms.TypedMultipleChoiceField(
        label=_("It may"),
        choices=Scope.choices,
        coerce=Scope,
        widget=forms.CheckboxSelectMultiple,
        initial=[Scope.READ],
        error_messages={"required": _("Choose at least one.")},
    )
    days = forms.TypedChoiceField(
        label=_("good for"),
        coerce=int,
        choices=[(30, _("30 days")), (90, _("90 days")), (365, _("a year")), (0, _("ever, until you revoke it"))],
        initial=90,
    )

    @property
    def asked(self) -> dict[str, Any]:
        """The arguments of `create_key`; a key that may change nothing is read-only."""
        given = self.cleaned_data
        return {
            "name": given["name"],
            "scopes": given["scopes"],
            "read_only": Scope.CATALOGUE not in given["scopes"],
            "expires_in": timedelta(days=given["days"]) if given["days"] else None,
        }
