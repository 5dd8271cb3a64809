"""What every change of a store's offers does: it cleans and checks a row, and draws a new revision."""

import secrets

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models
from django.utils.translation import gettext

from catalog.language.text import clean, clean_paragraphs
from offers.models import Merchant
from shopmcp.errors import InvalidArguments, Taken


def revise(store_id: int) -> None:
    """Make every process read what the store offers anew; within the transaction of the change."""
    Merchant.objects.update_or_create(store_id=store_id, defaults={"revision": new_revision()})


def new_revision() -> str:
    """Return a revision that no store ever had."""
    return secrets.token_urlsafe(16)


def clean_row(row: models.Model) -> None:
    """Clean the texts of a row, and check its values.

    Raises:
        InvalidArguments: If one is wrong; it tells each.
        Taken: If nothing is wrong but a name that another row has.
    """
    for field in row._meta.fields:
        if field.editable and isinstance(field, models.CharField | models.TextField):
            text = getattr(row, field.attname) or ""
            keep = clean_paragraphs if isinstance(field, models.TextField) else clean
            setattr(row, field.attname, keep(str(text), len(str(text))))
    try:
        row.clean_fields()
        row.clean()
    except ValidationError as error:
        problems = [one.code for errors in error.update_error_dict({}).values() for one in errors]
        kind = Taken if set(problems) == {"taken"} else InvalidArguments
        raise kind(" ".join(_told(row, error)), fix=gettext("Correct it; nothing was changed.")) from None


def _told(row: models.Model, error: ValidationError) -> list[str]:
    told: dict[str, list[ValidationError]] = error.update_error_dict({})
    labels = {NON_FIELD_ERRORS: ""} | {
        field.name: str(getattr(field, "verbose_name", field.name)) for field in row._meta.get_fields()
    }
    texts = {name: " ".join(text for one in errors for text in one.messages) for name, errors in told.items()}
    return [": ".join(filter(None, (labels[name], text))) for name, text in texts.items()]
