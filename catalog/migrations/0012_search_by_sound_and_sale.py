from django.db import migrations, models


def forget(apps, schema_editor):
    # Words come back, with their sounds, when `manage.py serve` rebuilds the index, which has another layout now.
    apps.get_model("catalog", "Word").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("catalog", "0011_sales_as_data")]

    operations = [
        migrations.RunPython(forget, migrations.RunPython.noop),
        migrations.AddField(
            model_name="word",
            name="sound",
            field=models.CharField(blank=True, db_index=True, default="", max_length=40),
            preserve_default=False,
        ),
        migrations.AddField(model_name="entry", name="begins", field=models.BigIntegerField(null=True)),
        migrations.AddField(model_name="entry", name="ends", field=models.BigIntegerField(null=True)),
        migrations.AddField(model_name="entry", name="reduced", field=models.BooleanField(default=False)),
        migrations.RemoveIndex(model_name="entry", name="entry_by_category"),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(
                fields=["store", "category", "price", "arriving", "leaving", "begins", "ends", "reduced"],
                name="entry_by_category",
            ),
        ),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(
                fields=["begins", "ends"], condition=models.Q(begins__isnull=False), name="entry_with_sale"
            ),
        ),
        migrations.AlterField(
            model_name="revision", name="layout", field=models.PositiveSmallIntegerField(default=3)
        ),
    ]
