from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0013_stock_moves"),
    ]

    operations = [
        migrations.AddField(
            model_name="store",
            name="buyer_contact",
            field=models.CharField(
                choices=[
                    ("either", "phone or e-mail"),
                    ("phone", "phone"),
                    ("email", "e-mail"),
                    ("both", "phone and e-mail"),
                ],
                default="either",
                max_length=6,
                verbose_name="contact of the buyer",
            ),
        ),
        migrations.AddField(
            model_name="store",
            name="orders_email",
            field=models.EmailField(
                blank=True,
                help_text="Where new orders are sent; empty for the addresses of alarms.",
                max_length=254,
                verbose_name="e-mail for orders",
            ),
        ),
        migrations.AddField(
            model_name="store",
            name="paused",
            field=models.CharField(
                blank=True,
                help_text="A sentence that says why and until when, which chats repeat. While it is here, nothing is ordered.",
                max_length=300,
                verbose_name="orders are paused",
            ),
        ),
        migrations.AddField(
            model_name="store",
            name="pay_instructions",
            field=models.TextField(
                blank=True,
                help_text="How to pay outside of this shop, such as by a bank transfer; empty if that is not offered.",
                max_length=2000,
                verbose_name="pay as the shop says",
            ),
        ),
        migrations.AddField(
            model_name="store",
            name="pay_on_delivery",
            field=models.BooleanField(default=True, verbose_name="pay on delivery or pick-up"),
        ),
    ]
