import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

# What moved before moves were rows.
EARLIER = """
INSERT INTO catalog_stockmove (product_id, pieces, reason, reference, created_at)
SELECT id, stock_moved, 'earlier', '', CURRENT_TIMESTAMP FROM catalog_productidentity WHERE stock_moved <> 0
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0012_search_by_sound_and_sale")]

    operations = [
        migrations.AddField(
            model_name="productidentity",
            name="on_order",
            field=models.PositiveBigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="store",
            name="feed_counts_orders",
            field=models.BooleanField(
                default=False,
                help_text="Tick this if the stock in the product file already leaves out what was ordered here. "
                "Otherwise an import takes the units of open orders off.",
                verbose_name="its file counts orders",
            ),
        ),
        migrations.CreateModel(
            name="StockMove",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("pieces", models.BigIntegerField(verbose_name="pieces")),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("ordered", "ordered"),
                            ("returned", "back from an order"),
                            ("edited", "set by the owner"),
                            ("earlier", "before moves were kept"),
                        ],
                        max_length=10,
                        verbose_name="reason",
                    ),
                ),
                ("reference", models.CharField(blank=True, max_length=20, verbose_name="reference")),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="time")),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="moves",
                        to="catalog.productidentity",
                    ),
                ),
            ],
            options={
                "verbose_name": "move of stock",
                "verbose_name_plural": "moves of stock",
                "indexes": [
                    models.Index(
                        condition=models.Q(("reference", ""), _negated=True), fields=["reference"], name="move_of_order"
                    )
                ],
            },
        ),
        migrations.RunSQL(EARLIER, migrations.RunSQL.noop),
    ]
