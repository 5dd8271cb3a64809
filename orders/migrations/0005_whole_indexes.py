from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("carts", "0013_handed_over_carts"),
        ("catalog", "0016_logos_of_stores"),
        ("offers", "0003_coupons"),
        ("orders", "0004_coupon_uses"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="order",
            name="order_by_name",
        ),
        migrations.RemoveIndex(
            model_name="order",
            name="order_by_surname",
        ),
        migrations.RemoveIndex(
            model_name="order",
            name="order_by_phone",
        ),
        migrations.RemoveIndex(
            model_name="order",
            name="order_by_email",
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["name_key"], name="order_by_name"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["surname_key"], name="order_by_surname"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["phone_key"], name="order_by_phone"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["email_key"], name="order_by_email"),
        ),
    ]
