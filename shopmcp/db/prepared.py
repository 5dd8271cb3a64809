"""ORM queries whose SQL is built once.

Building SQL is most of the cost of a small query in Django. A prepared query is an ORM query with `Param` in place of
values. Its first use on a database compiles it; later uses only execute it. PostgreSQL also keeps its plan for each
connection (psycopg, "Prepared statements").

    by_slug = Select(lambda: Store.objects.filter(slug=Param("slug", Store, "slug")).values_list("id", "name"))
    by_slug.first(slug="demo")
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC
from functools import lru_cache
from operator import attrgetter, itemgetter, methodcaller
from threading import local
from typing import Any, TypeVar

import orjson
from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import sql
from django.db.models.constants import OnConflict
from django.db.models.expressions import Expression

T = TypeVar("T")
# Cache these conversions: they are slow, and the values are immutable.
_REMEMBERED = (models.DecimalField, models.DateTimeField)
_REMEMBERED_READ = (*_REMEMBERED, models.BooleanField)
_remembering = lru_cache(maxsize=4096)
_FETCH: Callable[[Any], list[tuple[Any, ...]]] = methodcaller("fetchall")
_ROWCOUNT: Callable[[Any], int] = attrgetter("rowcount")
_AS_THEY_ARE = (models.CharField, models.TextField, models.IntegerField, models.BooleanField, models.FloatField)


class _Here(local):
    database: BaseDatabaseWrapper | None = None


_here = _Here()


def keep_connection(database: BaseDatabaseWrapper) -> None:
    """Use this connection in this thread from now on. Django's look-up of it costs more than many a statement."""
    _here.database = database


def kept_connection() -> BaseDatabaseWrapper | None:
    """Return the connection that this thread keeps; None if it keeps none."""
    return _here.database


def _database() -> BaseDatabaseWrapper:
    return _here.database or connections[DEFAULT_DB_ALIAS]


# One cache for all fields: a call writes the same moment into several rows.
@_remembering
def _written_moment(value: Any, database: BaseDatabaseWrapper) -> Any:
    if database.vendor == "sqlite" and value is not None and value.tzinfo is UTC and database.timezone is UTC:
        # What Django does, without looking at each of its settings.
        return value.replace(tzinfo=None).isoformat(" ")
    return database.ops.adapt_datetimefield_value(value)


@lru_cache(maxsize=4096)
def _written_names(names: tuple[str, ...]) -> str:
    """A list of names as Django writes it: the same few are written again and again."""
    return json.dumps(names)


def _written_json(value: Any, database: BaseDatabaseWrapper) -> Any:
    """The value as JSON, without the layers of its field. Most lists of a record are empty, or of a few names."""
    if value is None:
        return None
    if database.vendor != "sqlite":
        return database.ops.adapt_json_value(value, None)
    if not value and isinstance(value, list | tuple):
        return "[]"
    if isinstance(value, list | tuple) and type(value[0]) is str:
        return _written_names(tuple(value))
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # lone surrogates and large integers
        return json.dumps(value)


class Param(Expression):
    """The place of a value in a prepared query; the named field of the model converts the value."""

    def __init__(self, name: str, model: type[models.Model], field: str) -> None:
        found = model._meta.get_field(field)
        assert isinstance(found, models.Field)
        self._field = found.target_field if isinstance(found, models.ForeignKey) else found
        super().__init__(output_field=self._field)
        self.name = name
        # What makes of a value what the database driver wants; None where it is the same.
        self.convert: Callable[[Any, BaseDatabaseWrapper], Any] | None = None
        if isinstance(self._field, models.DateTimeField):
            self.convert = _written_moment
        elif isinstance(self._field, _REMEMBERED):
            self.convert = _remembering(self._field.get_db_prep_save)
        elif isinstance(self._field, models.JSONField) and self._field.encoder is None:
            self.convert = _written_json
        elif not isinstance(self._field, _AS_THEY_ARE):
            self.convert = self._field.get_db_prep_save

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return "%s", [self]


def look_up(text: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Return the rows of a frequent statement, with `%s` for each value.

    Use it only for look-ups by key, because PostgreSQL keeps one plan for all values.
    """
    database = _database()
    return _run(database, text.replace("%s", "?") if database.vendor == "sqlite" else text, values, _FETCH)


def _run(database: BaseDatabaseWrapper, text: str, values: Sequence[Any], read: Callable[[Any], T]) -> T:
    sqlite = database.vendor == "sqlite"
    if database.connection is None or database.needs_rollback or database.force_debug_cursor:
        with database.cursor() as cursor:
            cursor.execute(_for_cursor(text) if sqlite else text, values)
            return read(cursor)
    # Bypass Django's cursor. On SQLite it translates the placeholders of the whole text at every execution. On
    # PostgreSQL it writes the values into the text, so that the server would plan each statement anew.
    with database.wrap_database_errors:
        if sqlite:
            return read(database.connection.execute(text, values))
        driver: Any = database
        with driver.Database.Cursor(driver.connection) as cursor:
            return read(cursor.execute(text, values))


def _for_cursor(text: str) -> str:
    return text.replace("?", "%s")


class _Prepared:
    def __init__(self, build: Callable[[], Any]) -> None:
        # Called at the first use, because Django may still be loading models when a query is defined.
        self._build = build
        self._compiled: dict[str, tuple[str, _Binding]] = {}

    def _compile(self) -> tuple[str, Sequence[Any]]:
        raise NotImplementedError

    def _execute(self, database: BaseDatabaseWrapper, values: dict[str, Any], read: Callable[[Any], T]) -> T:
        text, binding = self._compiled.get(database.vendor) or self._statement(database)
        return _run(database, text, binding.bound(values, database), read)

    def _statement(self, database: BaseDatabaseWrapper) -> tuple[str, "_Binding"]:
        text, params = self._compile()
        if database.vendor == "sqlite":
            assert "?" not in text and "%%" not in text
            text = text.replace("%s", "?")
        self._compiled[database.vendor] = found = text, _Binding(params)
        return found


class _Binding:
    """The values of a statement in their order. Most are taken as they are, so that one call of C gathers them all."""

    def __init__(self, params: Sequence[Any]) -> None:
        # A constant of the statement gets a name that no parameter has.
        names = [param.name if isinstance(param, Param) else f"={place}" for place, param in enumerate(params)]
        self._constants = {f"={place}": param for place, param in enumerate(params) if not isinstance(param, Param)}
        self._converts = [
            (place, param.convert)
            for place, param in enumerate(params)
            if isinstance(param, Param) and param.convert is not None
        ]
        # With one name alone, it would return the value and not a tuple.
        self._gather: Callable[[Mapping[str, Any]], tuple[Any, ...]] = (
            itemgetter(*names) if len(names) > 1 else lambda values: tuple(values[name] for name in names)
        )

    def bound(self, values: dict[str, Any], database: BaseDatabaseWrapper) -> Sequence[Any]:
        """Return the values for the database driver; constants are added to `values`."""
        if self._constants:
            values.update(self._constants)
        found = self._gather(values)
        if not self._converts:
            return found
        converted = list(found)
        for place, convert in self._converts:
            converted[place] = convert(converted[place], database)
        return converted


class Select(_Prepared):
    """A `values_list` query."""

    def __init__(self, build: Callable[[], models.QuerySet[Any, Any]]) -> None:
        super().__init__(build)
        self._converters: dict[str, list[tuple[int, Callable[[Any], Any]]]] = {}

    def _compile(self) -> tuple[str, Sequence[Any]]:
        compiler = self._build().query.get_compiler(connection=connection)
        text, params = compiler.as_sql()
        assert compiler.select is not None
        found = compiler.get_converters([expression for expression, _, _ in compiler.select])
        self._converters[connection.vendor] = [
            (column, _converter(converters, expression)) for column, (converters, expression) in found.items()
        ]
        return text, params

    def all(self, **values: Any) -> list[tuple[Any, ...]]:
        database = _database()
        rows: list[tuple[Any, ...]] = self._execute(database, values, _FETCH)
        converters = self._converters[database.vendor]
        if not converters or not rows:
            return rows
        if len(rows) == 1:
            row = list(rows[0])
            for column, convert in converters:
                row[column] = convert(row[column])
            return [tuple(row)]
        columns: list[Iterable[Any]] = list(zip(*rows, strict=True))
        for column, convert in converters:
            columns[column] = map(convert, columns[column])
        return list(zip(*columns, strict=True))

    def unread(self, **values: Any) -> list[tuple[Any, ...]]:
        """Return the rows as the database driver does, for `read`: who remembers rows need not convert them again."""
        return self._execute(_database(), values, _FETCH)

    def read(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return one of the rows of `unread` as `all` does."""
        read = list(row)
        for column, convert in self._converters[_database().vendor]:
            read[column] = convert(read[column])
        return tuple(read)

    def first(self, **values: Any) -> tuple[Any, ...] | None:
        rows = self.all(**values)
        return rows[0] if rows else None


def _converter(converters: Sequence[Any], expression: Any) -> Callable[[Any], Any]:
    """All of a column's converters as one."""
    if len(converters) == 1:
        (only,) = converters

        def convert_once(value: Any) -> Any:
            return only(value, expression, connection)

        return _remembering(convert_once) if isinstance(expression.output_field, _REMEMBERED_READ) else convert_once

    def convert(value: Any) -> Any:
        for converter in converters:
            value = converter(value, expression, connection)
        return value

    return _remembering(convert) if isinstance(expression.output_field, _REMEMBERED) else convert


class _Change(_Prepared):
    def run(self, **values: Any) -> int:
        """Return how many rows were changed."""
        return int(self._execute(_database(), values, _ROWCOUNT))


class Update(_Change):
    """An update of the rows that a query finds."""

    def __init__(self, build: Callable[[], models.QuerySet[Any, Any]], **values: Any) -> None:
        super().__init__(build)
        self._values = values

    def _compile(self) -> tuple[str, Sequence[Any]]:
        query = self._build().query.chain(sql.UpdateQuery)
        query.add_update_values(self._values)
        text, params = query.get_compiler(connection=connection).as_sql()
        return text, params


class Delete(_Change):
    """A deletion of rows that nothing points at: it does not look for dependent rows."""

    def _compile(self) -> tuple[str, Sequence[Any]]:
        query = self._build().query.chain(sql.DeleteQuery)
        text, params = query.get_compiler(connection=connection).as_sql()
        return text, params


class Insert(_Prepared):
    """An insertion of rows of which every named field is given."""

    def __init__(
        self,
        model: type[models.Model],
        fields: Sequence[str],
        *,
        returning: bool = True,
        ignore_conflicts: bool = False,
    ) -> None:
        super().__init__(model)
        self._model = model
        self._fields = fields
        self._returning = returning and not ignore_conflicts
        self._ignore = ignore_conflicts

    def _compile(self) -> tuple[str, Sequence[Any]]:
        meta = self._model._meta
        fields = [field for field in map(meta.get_field, self._fields) if isinstance(field, models.Field)]
        row = self._build()
        for field in fields:
            # Set in __dict__, because the descriptor of a relation takes only an instance.
            row.__dict__[field.attname] = Param(field.attname, self._model, field.name)
        query = sql.InsertQuery(self._model, on_conflict=OnConflict.IGNORE if self._ignore else None)
        query.insert_values(fields, [row])
        compiler = query.get_compiler(connection=connection)
        if self._returning:
            compiler.returning_fields = [meta.pk]
        ((text, params),) = compiler.as_sql()
        # A field that sets its own value, such as auto_now_add, would repeat the first value.
        assert all(isinstance(param, Param) for param in params)
        return text, params

    def run(self, **values: Any) -> int | None:
        """Insert one row; return its primary key, unless built without."""
        if not self._returning:
            self._execute(_database(), values, _ROWCOUNT)
            return None
        ((key,),) = self._execute(_database(), values, _FETCH)
        return int(key)

    def many(self, rows: Iterable[dict[str, Any]]) -> None:
        """Insert several rows; the query must not return keys."""
        assert not self._returning
        database = _database()
        text, binding = self._compiled.get(database.vendor) or self._statement(database)
        with database.cursor() as cursor:
            cursor.executemany(
                _for_cursor(text) if database.vendor == "sqlite" else text,
                [binding.bound(row, database) for row in rows],
            )
