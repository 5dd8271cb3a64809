import django.db.models.deletion
import django.db.models.manager
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalog", "0009_products_as_versions")]

    operations = [
        migrations.AlterModelOptions(
            name="product",
            options={
                "base_manager_name": "versions",
                "ordering": ["-identity_id"],
                "verbose_name": "product",
                "verbose_name_plural": "products",
            },
        ),
        migrations.AlterModelManagers(
            name="product",
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("versions", django.db.models.manager.Manager()),
            ],
        ),
        migrations.RemoveConstraint(model_name="product", name="one_product_per_sku"),
        migrations.RemoveIndex(model_name="product", name="product_by_price"),
        migrations.RemoveIndex(model_name="product", name="product_staged"),
        migrations.RemoveField(model_name="product", name="created_at"),
        migrations.RemoveField(model_name="product", name="previous"),
        migrations.RemoveField(model_name="product", name="staged"),
        migrations.RemoveField(model_name="product", name="arriving"),
        migrations.AddField(
            model_name="product",
            name="arriving",
            field=models.BigIntegerField(blank=True, editable=False, null=True),
        ),
        migrations.RenameField(model_name="product", old_name="stock", new_name="counted"),
        migrations.AlterField(
            model_name="product",
            name="counted",
            field=models.BigIntegerField(blank=True, null=True, verbose_name="stock"),
        ),
        migrations.AlterField(
            model_name="product",
            name="identity",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="versions", to="catalog.productidentity"
            ),
        ),
        migrations.AlterField(
            model_name="product",
            name="public_id",
            field=models.CharField(db_index=True, max_length=120, verbose_name="product id"),
        ),
        migrations.AddConstraint(
            model_name="product",
            constraint=models.UniqueConstraint(
                condition=models.Q(("leaving", None)), fields=("identity",), name="one_version_stays"
            ),
        ),
        migrations.AddConstraint(
            model_name="productidentity",
            constraint=models.UniqueConstraint(fields=("store", "sku"), name="one_product_per_sku"),
        ),
        migrations.AlterField(
            model_name="entry",
            name="product",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="catalog.productidentity"
            ),
        ),
        migrations.AlterField(
            model_name="importrun",
            name="hidden",
            field=models.BooleanField(default=True, editable=False),
        ),
        migrations.AlterField(
            model_name="importrun",
            name="state",
            field=models.CharField(
                choices=[
                    ("staging", "running"),
                    ("published", "done"),
                    ("not_modified", "nothing new at the address"),
                    ("failed", "failed, nothing was changed"),
                    ("undone", "undone"),
                ],
                default="staging",
                max_length=12,
                verbose_name="state",
            ),
        ),
        migrations.AddIndex(
            model_name="importrun",
            index=models.Index(condition=models.Q(("hidden", True)), fields=["id"], name="import_hidden"),
        ),
    ]
