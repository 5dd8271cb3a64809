from importlib import import_module

from django.apps import AppConfig, apps
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.utils.translation import gettext_lazy as _

from shopmcp.db.new_database import WithOwnSql


class CatalogConfig(WithOwnSql, AppConfig):
    name = "catalog"
    verbose_name = _("Catalogue")

    def complete_tables(self, editor: BaseDatabaseSchemaEditor) -> None:
        """Make the full-text side of the search index as the migrations do."""
        first, settings, newest = (
            import_module(f"catalog.migrations.{name}")
            for name in ("0003_search_index", "0004_entries_by_one_worker", "0005_entries_by_marked_tokens")
        )
        first.create(apps, editor)
        settings.set_workers(apps, editor)
        newest.replace(apps, editor, newest.CREATE)
