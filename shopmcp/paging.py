"""Pages of lists. A cursor holds the position of a page's last row, so new rows neither repeat nor hide others.

A cursor of another list raises `InvalidArguments`.
"""

from datetime import datetime
from typing import Any, TypeVar

from django.core.signing import BadSignature, Signer
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext

from shopmcp.errors import InvalidArguments

_FEW = 8

Row = TypeVar("Row", bound=Model)
Rows = TypeVar("Rows", bound=QuerySet[Any])


def seal(of: str, *position: Any) -> str:
    """Return a signed cursor for one kind of list; the position holds JSON values and moments."""
    values = [value.isoformat() if isinstance(value, datetime) else value for value in position]
    # A short position gets no shorter, and beginning to compress costs as much as the signature.
    return _signer(of).sign_object(values, compress=len(values) > _FEW)


def unseal(of: str, cursor: str) -> tuple[Any, ...]:
    """Return the position in a cursor; moments come back as ISO 8601."""
    try:
        return tuple(_signer(of).unsign_object(cursor))
    except BadSignature:
        raise InvalidArguments(
            gettext("This cursor does not belong to this list."),
            fix=gettext("Start again without a cursor, then use each next_cursor with the same arguments."),
        ) from None


def after(of: str, rows: Rows, cursor: str, *, by: str = "id") -> Rows:
    """Return the rows beyond the cursor, newest first by that column; all without a cursor."""
    if not cursor:
        return rows
    first, *rest = unseal(of, cursor)
    beyond = Q(**{f"{by}__lt": first})
    # The second condition is a range of the column's index.
    return rows.filter(beyond | Q(id__lt=rest[0]), **{f"{by}__lte": first}) if rest else rows.filter(beyond)


def page(of: str, rows: QuerySet[Row], limit: int, cursor: str = "", *, by: str = "id") -> tuple[list[Row], str]:
    """Return a page of rows, newest first by that column, and the cursor of the next page: empty at the end."""
    columns = ["id"] if by == "id" else [by, "id"]
    found = list(after(of, rows, cursor, by=by).order_by(*(f"-{column}" for column in columns))[: limit + 1])
    more, found = len(found) > limit, found[:limit]
    return found, seal(of, *(getattr(found[-1], column) for column in columns)) if more else ""


def _signer(of: str) -> Signer:
    return Signer(salt=f"shopmcp.paging.{of}")
