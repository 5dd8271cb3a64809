"""The tables of a new database, made at once as all migrations together leave them.

Migrations bring a shop up to date. To make an empty one by all of them takes ten seconds, which Django spends on the
models of every step between. A new database has their names too, and goes on like any other.
"""

from abc import ABC, abstractmethod

from django.apps import apps
from django.db import models, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.executor import MigrationExecutor


class WithOwnSql(ABC):
    """The configuration of an app whose migrations also make, by SQL, what no model describes."""

    @abstractmethod
    def complete_tables(self, editor: BaseDatabaseSchemaEditor) -> None:
        """Make that in a database that has the tables of the models."""


def make_tables(database: BaseDatabaseWrapper) -> bool:
    """Make all tables if the database has none, in one transaction; return whether it had none."""
    executor = MigrationExecutor(database)
    wanted = _models(executor, database)
    with database.cursor() as cursor:
        existing = set(database.introspection.table_names(cursor))
    taken = existing & {model._meta.db_table for model in wanted}
    # Branches of migrations that were not merged are what `migrate` refuses.
    if executor.loader.applied_migrations or taken or executor.loader.detect_conflicts():
        return False
    recorder = executor.recorder
    with database.schema_editor() as editor:
        for model in wanted:
            editor.create_model(model)
        for app in apps.get_app_configs():
            if isinstance(app, WithOwnSql):
                app.complete_tables(editor)
        if recorder.Migration._meta.db_table not in existing:
            editor.create_model(recorder.Migration)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        recorder.migration_qs.bulk_create(
            [recorder.Migration(app=migration.app_label, name=migration.name) for migration, _ in plan]
        )
    return True


def _models(executor: MigrationExecutor, database: BaseDatabaseWrapper) -> list[type[models.Model]]:
    """As the migrations leave them: the code may be ahead of its migrations while somebody works on it."""
    return [
        model
        for model in executor.loader.project_state().apps.get_models()
        if model._meta.can_migrate(database) and router.allow_migrate_model(database.alias, model)
    ]
