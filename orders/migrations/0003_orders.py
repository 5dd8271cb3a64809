import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("carts", "0008_news_for_chats"),
        ("catalog", "0014_how_orders_are_taken"),
        ("orders", "0002_permalink_counts"),
    ]

    operations = [
        migrations.CreateModel(
            name="Order",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=9, unique=True, verbose_name="number")),
                ("request_key", models.CharField(editable=False, max_length=64, unique=True)),
                ("language", models.CharField(max_length=10, verbose_name="language")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("awaiting", "awaiting payment"),
                            ("placed", "placed"),
                            ("confirmed", "confirmed"),
                            ("ready", "ready"),
                            ("completed", "completed"),
                            ("cancelled", "cancelled"),
                        ],
                        default="placed",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("is_test", models.BooleanField(default=False, verbose_name="test")),
                ("placed_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="placed")),
                ("changed_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="changed")),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                ("goods", models.DecimalField(decimal_places=3, max_digits=14, verbose_name="goods")),
                ("discount", models.DecimalField(decimal_places=3, default=0, max_digits=14, verbose_name="discount")),
                ("coupon_code", models.CharField(blank=True, max_length=40, verbose_name="coupon")),
                (
                    "delivery_price",
                    models.DecimalField(decimal_places=3, default=0, max_digits=14, verbose_name="delivery"),
                ),
                ("tax_rate", models.DecimalField(decimal_places=3, default=0, max_digits=6, verbose_name="tax rate")),
                ("tax_included", models.BooleanField(default=True, verbose_name="prices include tax")),
                ("tax", models.DecimalField(decimal_places=3, default=0, max_digits=14, verbose_name="tax")),
                (
                    "delivery_tax",
                    models.DecimalField(decimal_places=3, default=0, max_digits=14, verbose_name="tax of the delivery"),
                ),
                ("total", models.DecimalField(decimal_places=3, max_digits=14, verbose_name="total")),
                ("first_total", models.DecimalField(decimal_places=3, max_digits=14, verbose_name="total when placed")),
                ("name", models.CharField(blank=True, max_length=100, verbose_name="name")),
                ("phone", models.CharField(blank=True, max_length=30, verbose_name="phone")),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="e-mail")),
                ("note", models.TextField(blank=True, max_length=1000, verbose_name="note")),
                ("street", models.CharField(blank=True, max_length=200, verbose_name="street and house")),
                (
                    "street_more",
                    models.CharField(blank=True, max_length=200, verbose_name="entrance, floor, apartment"),
                ),
                ("city", models.CharField(blank=True, max_length=100, verbose_name="city")),
                ("postal_code", models.CharField(blank=True, max_length=20, verbose_name="postal code")),
                ("name_key", models.CharField(blank=True, editable=False, max_length=100)),
                ("surname_key", models.CharField(blank=True, editable=False, max_length=100)),
                ("phone_key", models.CharField(blank=True, editable=False, max_length=8)),
                ("email_key", models.CharField(blank=True, editable=False, max_length=254)),
                ("delivery_name", models.CharField(max_length=100, verbose_name="delivery option")),
                ("is_pickup", models.BooleanField(default=False, verbose_name="pick-up")),
                ("pickup_place", models.CharField(blank=True, max_length=300, verbose_name="place of pick-up")),
                ("pickup_hours", models.CharField(blank=True, max_length=300, verbose_name="hours of pick-up")),
                (
                    "delivery_note",
                    models.TextField(blank=True, max_length=500, verbose_name="note of the delivery option"),
                ),
                (
                    "payment",
                    models.CharField(
                        choices=[("on_delivery", "on delivery or pick-up"), ("instructions", "as the shop says")],
                        default="on_delivery",
                        max_length=20,
                        verbose_name="way to pay",
                    ),
                ),
                ("payment_text", models.TextField(blank=True, max_length=2000, verbose_name="how to pay")),
                (
                    "payment_state",
                    models.CharField(
                        choices=[("unpaid", "not paid"), ("paid", "paid"), ("refunded", "refunded")],
                        default="unpaid",
                        max_length=10,
                        verbose_name="payment",
                    ),
                ),
                ("paid", models.DecimalField(decimal_places=3, default=0, max_digits=14, verbose_name="paid")),
                ("refunded", models.DecimalField(decimal_places=3, default=0, max_digits=14, verbose_name="paid back")),
                (
                    "cancelled_by",
                    models.CharField(
                        blank=True,
                        choices=[("shopper", "the shopper"), ("owner", "the shop"), ("system", "by itself")],
                        max_length=10,
                        verbose_name="cancelled by",
                    ),
                ),
                ("cancel_reason", models.CharField(blank=True, max_length=500, verbose_name="reason")),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True, verbose_name="withdrawn")),
                (
                    "cart",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="order",
                        to="carts.cart",
                        verbose_name="cart",
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="carts.session",
                        verbose_name="session",
                    ),
                ),
                (
                    "store",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="catalog.store",
                        verbose_name="store",
                    ),
                ),
            ],
            options={
                "verbose_name": "order",
                "verbose_name_plural": "orders",
                "ordering": ["-id"],
                "permissions": [
                    ("see_people", "Can see names, contacts and addresses of buyers"),
                    ("refund", "Can pay back"),
                ],
            },
        ),
        migrations.CreateModel(
            name="OrderEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("placed", "placed"),
                            ("confirmed", "confirmed"),
                            ("ready", "ready"),
                            ("completed", "completed"),
                            ("cancelled", "cancelled"),
                            ("changed", "changed"),
                            ("paid", "payment noted"),
                            ("refunded", "repayment noted"),
                            ("withdrawn", "withdrawal"),
                        ],
                        max_length=12,
                        verbose_name="what",
                    ),
                ),
                (
                    "actor",
                    models.CharField(
                        choices=[("shopper", "the shopper"), ("owner", "the shop"), ("system", "by itself")],
                        max_length=10,
                        verbose_name="who",
                    ),
                ),
                ("who", models.CharField(blank=True, max_length=150, verbose_name="name")),
                ("text", models.CharField(blank=True, max_length=1000, verbose_name="details")),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="time")),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to="orders.order",
                        verbose_name="order",
                    ),
                ),
            ],
            options={
                "verbose_name": "event",
                "verbose_name_plural": "events",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="OrderLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField()),
                ("product_id_then", models.CharField(max_length=120, verbose_name="product id")),
                ("name", models.CharField(max_length=300, verbose_name="name")),
                ("options", models.JSONField(blank=True, default=dict, verbose_name="options")),
                ("image", models.CharField(blank=True, max_length=1000, verbose_name="image")),
                ("unit_price", models.DecimalField(decimal_places=3, max_digits=14, verbose_name="price")),
                ("quantity", models.PositiveSmallIntegerField(verbose_name="quantity")),
                ("first_quantity", models.PositiveSmallIntegerField(verbose_name="quantity when placed")),
                ("total", models.DecimalField(decimal_places=3, max_digits=14, verbose_name="total")),
                ("discount", models.DecimalField(decimal_places=3, default=0, max_digits=14, verbose_name="discount")),
                ("tax", models.DecimalField(decimal_places=3, default=0, max_digits=14, verbose_name="tax")),
                ("remark", models.CharField(blank=True, max_length=300, verbose_name="remark")),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lines",
                        to="orders.order",
                        verbose_name="order",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalog.productidentity",
                        verbose_name="product",
                    ),
                ),
            ],
            options={
                "verbose_name": "line",
                "verbose_name_plural": "lines",
                "ordering": ["position"],
            },
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["state", "-id"], name="order_by_state"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["store", "-id"], name="order_by_store"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["placed_at"], name="order_placed"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                condition=models.Q(("name_key", ""), _negated=True), fields=["name_key"], name="order_by_name"
            ),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                condition=models.Q(("surname_key", ""), _negated=True), fields=["surname_key"], name="order_by_surname"
            ),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                condition=models.Q(("phone_key", ""), _negated=True), fields=["phone_key"], name="order_by_phone"
            ),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                condition=models.Q(("email_key", ""), _negated=True), fields=["email_key"], name="order_by_email"
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("delivery_price__gte", 0),
                    ("discount__gte", 0),
                    ("goods__gte", 0),
                    ("tax__gte", 0),
                    ("total__gte", 0),
                ),
                name="order_sums_not_negative",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(("discount__lte", models.F("goods"))), name="discount_within_goods"
            ),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.UniqueConstraint(fields=("order", "position"), name="one_line_per_position"),
        ),
    ]
