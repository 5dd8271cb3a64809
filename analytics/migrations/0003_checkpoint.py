from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ("analytics", "0002_opened_carts_and_nameless_calls"),
    ]

    operations = [
        migrations.RenameModel(old_name="Progress", new_name="Checkpoint"),
        migrations.RemoveField(model_name="checkpoint", name="counted_at"),
    ]
