"""Validators of amounts."""

from decimal import Decimal

from django.core.exceptions import ValidationError
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
