"""The shop's tables as text: one line of JSON for each row, the same from both databases."""

from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from hashlib import sha256
from itertools import islice
from typing import Any, TypeVar

import orjson
from django.apps.registry import Apps
from django.db import connection, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.query import QuerySet

T = TypeVar("T")
# Made anew from the products.
DERIVED = frozenset({"catalog.entry", "catalog.word", "catalog.revision"})
# Who is signed in, on the pages or from a chat: what was ended after the backup must not come back to life. And the row
# to which each server writes to see whether it can: it is in an empty shop too.
LEFT_OUT = frozenset(
    {
        *("sessions.session", "accounts.shoppersession"),
        *(f"oauth2_provider.{name}" for name in ("accesstoken", "refreshtoken", "grant", "idtoken", "devicegrant")),
        "outbox.pulse",
    }
)
_BATCH = 2000
_AS_THEY_ARE = (models.CharField, models.TextField, models.IntegerField, models.BooleanField, models.FloatField)


class Sum:
    """The number of rows and a digest of them, which is the same in any order."""

    def __init__(self, rows: int = 0, digest: str = "0") -> None:
        self.rows, self._sum = rows, int(digest, 16)

    def add(self, line: bytes) -> None:
        self.rows += 1
        self._sum += int.from_bytes(sha256(line).digest(), "big")

    @property
    def digest(self) -> str:
        return f"{self._sum % 2**256:064x}"

    def over(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the lines, adding each."""
        for line in lines:
            self.add(line)
            yield line

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sum) and (self.rows, self.digest) == (other.rows, other.digest)

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True)
class Table:
    """A table that a backup holds. `model` may be that of an earlier migration."""

    model: type[models.Model]

    @property
    def name(self) -> str:
        return self.model._meta.label_lower

    @cached_property
    def fields(self) -> "list[models.Field[Any, Any]]":
        return [field for field in self.model._meta.local_concrete_fields if not getattr(field, "generated", False)]

    @property
    def columns(self) -> list[str]:
        return [field.attname for field in self.fields]

    @property
    def numbered(self) -> bool:
        """Whether the database numbers its rows."""
        return isinstance(self.model._meta.pk, models.AutoField | models.BigAutoField | models.SmallAutoField)

    def lines(self, database: BaseDatabaseWrapper) -> Iterator[bytes]:
        """Yield the rows; the memory in use is that of a batch."""
        # Not by a manager: those of the apps may leave rows out.
        rows: QuerySet[Any, Any] = QuerySet(self.model, using=database.alias).order_by("pk").values_list(*self.columns)
        for row in rows.iterator(chunk_size=_BATCH):
            yield orjson.dumps(row, default=_plain, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)

    def load(self, lines: Iterable[bytes]) -> None:
        """Insert the rows of these lines into the default database."""
        convert = [None if isinstance(_target(field), _AS_THEY_ARE) else _from_plain(field) for field in self.fields]
        rows: Iterator[list[Any]] = (
            [value if turn is None else turn(value) for turn, value in zip(convert, orjson.loads(line), strict=True)]
            for line in lines
        )
        quote = connection.ops.quote_name
        into = f"{quote(self.model._meta.db_table)} ({', '.join(quote(str(field.column)) for field in self.fields)})"
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                with cursor.copy(f"COPY {into} FROM STDIN") as copy:
                    for row in rows:
                        copy.write_row(row)
                return
            insert = f"INSERT INTO {into} VALUES ({', '.join(['%s'] * len(self.fields))})"
            for batch in batches(rows):
                cursor.executemany(insert, batch)

    def clear(self) -> None:
        """Delete all rows in the default database, such as those that migrations made."""
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(self.model._meta.db_table)}")

    def last_key(self, database: BaseDatabaseWrapper) -> int:
        """Return the highest key that the database has given to a row, even if the row is gone; 0 for none."""
        if not self.numbered:
            return 0
        with database.cursor() as cursor:
            if database.vendor == "sqlite":
                cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [self.model._meta.db_table])
            else:
                cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", self._key_column)
                (sequence,) = cursor.fetchone()
                cursor.execute(f"SELECT last_value FROM {sequence} WHERE is_called")
            found = cursor.fetchone()
        return int(found[0]) if found else 0

    def go_on_after(self, key: int) -> None:
        """Let the default database give the next row a higher key than this."""
        if not self.numbered or not key:
            return
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                table = self.model._meta.db_table
                cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
                cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, key])
            else:
                cursor.execute("SELECT setval(pg_get_serial_sequence(%s, %s), %s)", [*self._key_column, key])

    @property
    def _key_column(self) -> list[str]:
        return [connection.ops.quote_name(self.model._meta.db_table), str(self.model._meta.pk.column)]


def tables_of(apps: Apps) -> list[Table]:
    """Return the tables that a backup holds: every managed one that is neither derived nor left out."""
    return sorted(
        (
            Table(model)
            for model in apps.get_models(include_auto_created=True)
            if model._meta.managed and not model._meta.proxy and model._meta.label_lower not in DERIVED | LEFT_OUT
        ),
        key=lambda table: table.name,
    )


def batches(items: Iterable[T], size: int = _BATCH) -> Iterator[list[T]]:
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


def _plain(value: object) -> str:
    """What orjson does not write by itself; `Field.to_python` reads it."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, bytes | memoryview):
        return b64encode(value).decode()
    raise TypeError(f"{type(value)} has no form in a backup")


def _target(field: "models.Field[Any, Any]") -> "models.Field[Any, Any]":
    return field.target_field if isinstance(field, models.ForeignKey) else field


def _from_plain(field: "models.Field[Any, Any]") -> Callable[[Any], Any]:
    return lambda value: None if value is None else field.get_db_prep_save(field.to_python(value), connection)
