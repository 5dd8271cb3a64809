from django.db import migrations


def set_workers(apps, schema_editor):
    # A search is over before PostgreSQL has started a second process for it.
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE catalog_entry SET (parallel_workers = 0)")


def reset_workers(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE catalog_entry RESET (parallel_workers)")


class Migration(migrations.Migration):
    dependencies = [("catalog", "0003_search_index")]

    operations = [migrations.RunPython(set_workers, reset_workers)]
