"""What the JSON API's operations have in common: arguments of lists, and text that a database can look for."""

from typing import Annotated, Any

from ninja.params.functions import Path, Query

# Control characters name nothing, and PostgreSQL refuses some of them.
_PLAIN = "^[^\u0000-\u001f\u007f]*$"


def text(most: int, description: str) -> Any:
    """A text argument of the query, at most so many characters long."""
    return Query(max_length=most, pattern=_PLAIN, description=description)


def name(most: int, description: str, example: str) -> Any:
    """A text in the path that names something."""
    return Path(min_length=1, max_length=most, pattern=_PLAIN, description=description, example=example)


Limit = Annotated[int, Query(ge=1, le=100, description="How many to a page.")]
Cursor = Annotated[str, text(2000, "`next_cursor` of the page before; empty for the first.")]
