import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("offers", "0003_coupons"),
        ("orders", "0003_orders"),
    ]

    operations = [
        migrations.AddField(
            model_name="order",
            name="coupon_use",
            field=models.OneToOneField(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="order",
                to="offers.couponuse",
            ),
        ),
    ]
