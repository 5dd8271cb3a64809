"""The form of what a store is called, says and looks like."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from catalog.forms import StoreForm
from catalog.models import Store
from dashboard.base_forms import PlainLabels


class TextsForm(PlainLabels, StoreForm):
    """The texts that chats repeat, the logo and the colour."""

    base_url = forms.URLField(
        label=_("base URL"),
        max_length=500,
        required=False,
        assume_scheme="https",
        widget=forms.TextInput(attrs={"inputmode": "url", "dir": "ltr"}),
        help_text=_("Of relative addresses in the product file, such as https://www.example.com/."),
    )

    class Meta:
        model = Store
        fields = (
            "name", "shipping", "returns", "contact", "accent", "language", "time_zone", "base_url",
        )  # fmt: skip
        widgets = {
            "accent": forms.TextInput(attrs={"dir": "ltr", "size": 8}),
            "language": forms.TextInput(attrs={"dir": "ltr", "size": 8}),
            "time_zone": forms.TextInput(attrs={"dir": "ltr"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.has_logo = self.initial.pop("logo", None) is not None
        # Beside the picture itself, a link to it says nothing.
        self.fields["logo"].widget = forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp"})
        for field in self.fields.values():
            if isinstance(field.widget, forms.Textarea):
                field.widget.attrs["rows"] = 4
