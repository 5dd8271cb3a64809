"""The base of the forms on the owner's pages."""

from typing import Any

from django import forms


class PlainLabels(forms.BaseForm):
    """A form whose labels end without a colon: they stand above their fields, or in a table."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
