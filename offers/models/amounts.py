"""Amounts in the currency of a store: their fields, their validators, and how they are shown."""

from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _


def zero_or_more(amount: Decimal) -> None:
    if amount < 0:
        raise ValidationError(_("Give an amount of 0 or more."))


def above_zero(amount: Decimal) -> None:
    if amount <= 0:
        raise ValidationError(_("Give an amount above 0, or leave it empty."))


def below_100(rate: Decimal) -> None:
    if rate >= 100:
        raise ValidationError(_("Give a rate below 100."))


def optional_amount(label: Any, help_text: Any) -> "models.DecimalField[Any, Any]":
    """Return a field for an amount above 0 in the currency of a store, which may be left empty."""
    return models.DecimalField(
        label, max_digits=12, decimal_places=3, null=True, blank=True, validators=[above_zero], help_text=help_text
    )
