"""Starting the numbers afresh: what was counted is forgotten, and only what comes later counts."""

from django.db import connection, transaction
from django.db.models import Max

from analytics.models import Checkpoint, Fact, Tally
from carts.models import CallRecord


def reset_numbers() -> None:
    """Forget all counts. Sessions, carts and orders stay; a session that goes on counts as if it had begun now.

    One transaction: a count taken back that was forgotten would make numbers negative. So the tables are emptied as a
    whole, which takes as long for a million rows as for one.
    """
    with transaction.atomic():
        Checkpoint.objects.get_or_create(pk=1)
        checkpoint = Checkpoint.objects.select_for_update().get(pk=1)
        with connection.cursor() as cursor:
            for model in (Fact, Tally):
                empty = "TRUNCATE" if connection.vendor == "postgresql" else "DELETE FROM"
                cursor.execute(f'{empty} "{model._meta.db_table}"')
        checkpoint.call = CallRecord.objects.aggregate(newest=Max("pk"))["newest"] or checkpoint.call
        checkpoint.missing = []
        checkpoint.save()
