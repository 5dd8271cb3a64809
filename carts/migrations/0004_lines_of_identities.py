import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    # Identities have the keys that their products had.
    dependencies = [("carts", "0003_settled_warnings"), ("catalog", "0010_versions_of_products")]

    operations = [
        migrations.AlterField(
            model_name="line",
            name="product",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="catalog.productidentity",
                verbose_name="product",
            ),
        ),
    ]
