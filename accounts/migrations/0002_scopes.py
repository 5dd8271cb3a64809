from django.db import migrations, models

# A key from before may do what it could: neither orders nor people were there.
READ_ONLY = "UPDATE accounts_apikey SET scopes = 'read' WHERE read_only"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_api_keys")]

    operations = [
        migrations.AddField(
            model_name="apikey",
            name="scopes",
            field=models.CharField(default="read catalogue", max_length=80, verbose_name="scopes"),
        ),
        migrations.RunSQL(READ_ONLY, migrations.RunSQL.noop),
    ]
