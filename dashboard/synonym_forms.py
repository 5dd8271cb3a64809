"""The forms of a synonym, and of a group of them."""

from django import forms
from django.utils.translation import gettext_lazy as _


class SynonymForm(forms.Form):
    """Words that shoppers search for, and words that find the products."""

    words = forms.CharField(label=_("Shoppers search for"), max_length=80)
    known = forms.CharField(
        label=_("The shop has it as"), max_length=80, help_text=_("A word of your products' names, such as courgette.")
    )


class GroupForm(forms.Form):
    """All words of a group."""

    words = forms.CharField(
        label=_("Words that mean the same"),
        max_length=500,
        help_text=_("With commas between them, and of at most three words each."),
    )
