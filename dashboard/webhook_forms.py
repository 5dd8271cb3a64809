"""The form of a webhook. Its service checks what only it knows, such as whether an address may be used."""

from collections.abc import Iterable
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from catalog.models import Store
from dashboard.base_forms import PlainLabels
from outbox.models import KINDS

# What whoever sets up a webhook must be allowed to see, by the first word of an event's type.
SEEN: Final = {
    "order": "orders.view_order",
    "payment": "orders.view_order",
    "cart": "carts.view_cart",
    "stock": "catalog.view_product",
}
# The same for names, contacts and addresses of buyers.
PEOPLE: Final = "orders.see_people"


def needed(event_types: Iterable[str]) -> list[str]:
    """Return the permissions that a webhook with these events needs: its address would tell them."""
    return sorted({SEEN[kind.partition(".")[0]] for kind in event_types})


class WebhookForm(PlainLabels, forms.Form):
    """What `make_endpoint` and `change_endpoint` take.

    Args:
        may_share: Whether the reader may let a webhook know names and contacts.
    """

    name = forms.CharField(label=_("name"), max_length=80, required=False, help_text=_("For yourself, such as: till."))
    address = forms.CharField(
        label=_("address"),
        max_length=2000,
        widget=forms.TextInput(
            attrs={"inputmode": "url", "dir": "ltr", "placeholder": "https://erp.example.com/hooks"}
        ),
        error_messages={"required": _("Give the address of your system.")},
    )
    event_types = forms.MultipleChoiceField(
        label=_("events"),
        choices=list(KINDS.items()),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one event.")},
    )
    store = forms.ChoiceField(label=_("store"), required=False)
    with_people = forms.BooleanField(
        label=_("with names, contacts and addresses of buyers"),
        required=False,
        help_text=_("Only if your system needs them: it has to keep them safe, and delete them when you do."),
    )

    def __init__(self, *args: Any, may_share: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stores = Store.objects.oldest_first().values_list("slug", "name")
        self.fields["store"].choices = [("", _("All stores")), *stores]  # type: ignore[attr-defined]  # a choice field
        # A disabled field keeps its value, whatever is sent.
        self.fields["with_people"].disabled = not may_share
