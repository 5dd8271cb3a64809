from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("carts", "0013_handed_over_carts"),
    ]

    operations = [
        migrations.AddField(
            model_name="callrecord",
            name="origin",
            field=models.PositiveSmallIntegerField(editable=False, null=True),
        ),
    ]
