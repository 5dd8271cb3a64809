import django.db.models.deletion
from django.db import migrations, models

# One column of tokens, each with the place where it stands: a name is found without reading past the descriptions that
# say the same. Beginnings are found by the words there are. `manage.py serve` fills it.
CREATE = """
    CREATE VIRTUAL TABLE catalog_entry_text USING fts5(
        tokens, detail=none, columnsize=0, tokenize="ascii tokenchars '.%=+'"
    )
"""
FORMER = """
    CREATE VIRTUAL TABLE catalog_entry_text USING fts5(
        name, meta, body, detail=column, columnsize=0, prefix='2 3', tokenize="ascii tokenchars '.%'"
    )
"""


def replace(apps, schema_editor, create):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TABLE catalog_entry_text")
        schema_editor.execute(create)


def mark(apps, schema_editor):
    replace(apps, schema_editor, CREATE)
    # Written in the layout before: to be written anew.
    Revision, Store = apps.get_model("catalog", "Revision"), apps.get_model("catalog", "Store")
    Revision.objects.bulk_create([Revision(store=store, token=0, layout=1) for store in Store.objects.all()])


def unmark(apps, schema_editor):
    replace(apps, schema_editor, FORMER)


class Migration(migrations.Migration):
    dependencies = [("catalog", "0004_entries_by_one_worker")]

    operations = [
        migrations.CreateModel(
            name="Revision",
            fields=[
                (
                    "store",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="catalog.store",
                    ),
                ),
                ("token", models.BigIntegerField()),
                ("layout", models.PositiveSmallIntegerField(default=2)),
            ],
        ),
        migrations.RunPython(mark, unmark),
    ]
