import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("carts", "0004_lines_of_identities")]

    operations = [
        migrations.CreateModel(
            name="AnsweredRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("request_id", models.CharField(max_length=64)),
                ("fingerprint", models.CharField(max_length=43)),
                ("cart_key", models.BigIntegerField(null=True)),
                ("version", models.PositiveIntegerField()),
                ("told", models.TextField()),
                ("filled", models.BigIntegerField()),
                ("created_at", models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                (
                    "session",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="requests",
                        to="carts.session",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["session", "filled"], name="answer_filled")],
                "constraints": [
                    models.UniqueConstraint(fields=("session", "request_id"), name="one_answer_per_request")
                ],
            },
        ),
    ]
