"""Count opened carts, and calls that name neither a conversation nor a cart.

Both are shown for the last day only. What was counted before is therefore filled in from the calls and carts of
yesterday and today; a session of before that comes again has its cart counted then, in the hour it was opened.
"""

from collections import Counter
from datetime import UTC, timedelta

from django.db import migrations, models
from django.db.models import Count, Max, OuterRef, Subquery
from django.db.models.functions import Coalesce, TruncHour
from django.utils import timezone


def fill_in(apps, schema_editor):
    Tally, Fact, Progress = (apps.get_model("analytics", name) for name in ("Tally", "Fact", "Progress"))
    Cart, CallRecord = (apps.get_model("carts", name) for name in ("Cart", "CallRecord"))
    progress = Progress.objects.filter(pk=1).first()
    if progress is None:
        return
    since = (timezone.now() - timedelta(hours=25)).astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    nameless = (
        CallRecord.objects.filter(at__gte=since, pk__lte=progress.call, warning="unkeyed")
        .exclude(pk__in=[key for key, _ in progress.missing])
        .order_by()
        .annotate(hour=TruncHour("at", tzinfo=UTC))
        .values_list("hour", "client")
        .annotate(n=Count("pk"))
    )
    counted = Fact.objects.filter(last_at__gte=since).values("session")
    carts = (
        Cart.objects.filter(session__in=counted, created_at__gte=since)
        .order_by()
        .annotate(hour=TruncHour("created_at", tzinfo=UTC))
        .values_list("hour", "session__client")
        .annotate(n=Count("pk"))
    )
    sums = Counter()
    for kind, rows in (("nameless", nameless), ("carts", carts)):
        for hour, client, n in rows:
            for grain, start in (("hour", hour), ("day", hour.replace(hour=0))):
                sums[True, "", kind, grain, start] += n
                sums[False, client, kind, grain, start] += n
    Tally.objects.bulk_create(
        [
            Tally(everybody=everybody, client=client, kind=kind, grain=grain, start=start, count=n)
            for (everybody, client, kind, grain, start), n in sums.items()
        ],
        batch_size=100,
    )
    newest = Cart.objects.filter(session=OuterRef("session")).order_by().values("session").annotate(newest=Max("pk"))
    Fact.objects.filter(last_at__gte=since).update(cart=Coalesce(Subquery(newest.values("newest")), 0))


class Migration(migrations.Migration):

    dependencies = [
        ("analytics", "0001_hourly_numbers"),
        ("carts", "0003_settled_warnings"),
    ]

    operations = [
        migrations.AddField(
            model_name="fact",
            name="cart",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AlterField(
            model_name="tally",
            name="kind",
            field=models.CharField(choices=[('sessions', 'Sessions'), ('unkeyed', 'Unkeyed'), ('filled', 'Filled'), ('stage', 'Stage'), ('duration', 'Duration'), ('seen', 'Seen'), ('added', 'Added'), ('carts', 'Carts'), ('calls', 'Calls'), ('unkeyed_calls', 'Unkeyed Calls'), ('nameless', 'Nameless'), ('fruitless', 'Fruitless'), ('refused', 'Refused'), ('latency', 'Latency')], max_length=16),
        ),
        migrations.RunPython(fill_in, migrations.RunPython.noop),
    ]
