from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalog", "0005_entries_by_marked_tokens")]

    operations = [
        # Without a condition, which no database takes for fulfilled when one entry is compared with another.
        migrations.RemoveIndex(model_name="entry", name="entry_by_group"),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(fields=["group_key", "product"], name="entry_by_group"),
        ),
    ]
