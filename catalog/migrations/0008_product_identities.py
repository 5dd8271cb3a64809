import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """What stays of a product through every import gets a row of its own; the next migrations fill and use it."""

    dependencies = [
        ("catalog", "0007_products_without_category_index"),
        # The next migration asks which products carts hold.
        ("carts", "0003_settled_warnings"),
    ]

    operations = [
        migrations.CreateModel(
            name="ProductIdentity",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sku", models.CharField(max_length=64, verbose_name="SKU")),
                ("stock_moved", models.BigIntegerField(default=0)),
                ("edits", models.JSONField(editable=False, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                (
                    "store",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="identities",
                        to="catalog.store",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="product",
            name="identity",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="versions",
                to="catalog.productidentity",
            ),
        ),
        migrations.AddField(
            model_name="importrun",
            name="hidden",
            field=models.BooleanField(default=False, editable=False),
        ),
    ]
