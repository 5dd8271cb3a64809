from datetime import datetime
from decimal import Decimal

from django.core.management.color import no_style
from django.db import migrations
from django.db.models import F, Q
from django.utils import timezone

BATCH = 500


def settle(apps, schema_editor):
    """End imports that run, or ran until the shop was stopped: products become what chats saw of them."""
    Product, Run, Entry = (apps.get_model("catalog", name) for name in ("Product", "ImportRun", "Entry"))
    Line = apps.get_model("carts", "Line")
    running = list(Run.objects.filter(state="staging").values_list("pk", flat=True))
    now = timezone.now()
    Product.objects.filter(leaving__in=running).update(leaving=None)
    Product.objects.filter(leaving__isnull=False, withdrawn_at=None).update(withdrawn_at=now)
    new = Product.objects.filter(staged__in=running, previous__isnull=True)
    new.filter(pk__in=Line.objects.values("product")).update(withdrawn_at=now, staged=None)
    changed = Product.objects.filter(staged__in=running).exclude(pk__in=new.values("pk"))
    while batch := list(changed.order_by("pk")[:BATCH]):
        take_back(Product, batch)
    # The text of these entries is in a table of its own on SQLite.
    gone = Q(arriving__in=running) | Q(leaving__isnull=False) & ~Q(leaving__in=running)
    keys = list(Entry.objects.filter(gone | Q(product__in=new)).values_list("pk", flat=True))
    if schema_editor.connection.vendor == "sqlite":
        with schema_editor.connection.cursor() as cursor:
            cursor.executemany("DELETE FROM catalog_entry_text WHERE rowid = %s", [(key,) for key in keys])
    for n in range(0, len(keys), BATCH):
        Entry.objects.filter(pk__in=keys[n : n + BATCH]).delete()
    Entry.objects.filter(leaving__in=running).update(leaving=None)
    new.delete()
    Run.objects.filter(pk__in=running).update(
        state="failed", failure="The shop was upgraded while this import ran.", ended_at=now
    )
    Run.objects.filter(state="switched").update(state="published")


def take_back(Product, rows):
    """Put back what the rows said before the import."""
    # What a product is found by is derived by the code of today, as `rebuild_search` would do it.
    from catalog.models import Product as Current

    names = {"name_key", "url_key", "search_text", "staged", "previous"}
    for row in rows:
        for name, value in row.previous.items():
            if value is not None and name in ("price", "former_price"):
                value = Decimal(value)
            elif value is not None and name == "withdrawn_at":
                value = datetime.fromisoformat(value)
            setattr(row, name, value)
        names.update(row.previous)
        Current.index(row)
        row.staged = row.previous = None
    Product.objects.bulk_update(rows, sorted(names), batch_size=50)


def identify(apps, schema_editor):
    """Give each product an identity with its own key, so that what refers to the product refers to that."""
    Product, Identity = apps.get_model("catalog", "Product"), apps.get_model("catalog", "ProductIdentity")
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO catalog_productidentity (id, store_id, sku, stock_moved, created_at) "
            "SELECT id, store_id, sku, 0, created_at FROM catalog_product ORDER BY id"
        )
        for statement in schema_editor.connection.ops.sequence_reset_sql(no_style(), [Identity]):
            cursor.execute(statement)
    Product.objects.update(identity=F("id"), leaving=None)


class Migration(migrations.Migration):
    dependencies = [("catalog", "0008_product_identities")]

    operations = [migrations.RunPython(settle), migrations.RunPython(identify)]
