"""Types that the operations of the JSON API share: errors, times and the arguments of lists."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from ninja.params.functions import Path, Query
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

# No control characters: PostgreSQL refuses NUL.
PLAIN = "^[^\u0000-\u001f\u007f]*$"


class ErrorFacts(BaseModel):
    """A refusal in words."""

    code: str = Field(description="For programs; it stays the same in every language.")
    message: str = Field(description="What is wrong, for people.")
    fix: str = Field(description="What to do instead, for people.")


class ErrorOut(BaseModel):
    """What every answer other than 2xx holds."""

    error: ErrorFacts


def text(most: int, description: str) -> Any:
    """A query argument of at most so many characters."""
    return Query(max_length=most, pattern=PLAIN, description=description)


def name(most: int, description: str, example: str) -> Any:
    """A name or id in the path."""
    return Path(min_length=1, max_length=most, pattern=PLAIN, description=description, example=example)


def _written_as_a_time(value: Any) -> Any:
    """Refuse bare numbers, which pydantic takes for seconds; restore a `+` that a query turned into a space."""
    if not (isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\d", value)):
        raise ValueError("a time is written like 2026-11-23T09:30:00+02:00")
    return re.sub(r" (\d\d:?\d\d)$", r"+\1", value) if "T" in value else value


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("this time lies outside the years 1 to 9999") from None


Moment = Annotated[datetime, BeforeValidator(_written_as_a_time), AfterValidator(_in_utc)]
Limit = Annotated[int, Query(ge=1, le=100, description="How many to a page.")]
Cursor = Annotated[str, text(2000, "`next_cursor` of the page before; empty for the first.")]
