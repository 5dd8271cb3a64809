"""What ends each test that commits: empty the tables that hold anything, and leave all others alone."""

from django.core.management.commands import flush
from django.db import connections, transaction

# They hold what the models are, which no test changes. Django's own command writes them anew each time.
KEPT = {"django_content_type", "auth_permission"}


class Command(flush.Command):
    """Stands in for Django's command, which truncates every table: on PostgreSQL that makes hundreds of files."""

    def handle(self, **options):
        database = options["database"]
        connection = connections[database]
        tables = sorted(set(connection.introspection.django_table_names(only_existing=True)) - KEPT)
        names = [connection.ops.quote_name(table) for table in tables]
        with transaction.atomic(using=database), connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                # Wait for whoever still writes, as truncating would.
                cursor.execute(f"LOCK TABLE {', '.join(names)} IN SHARE ROW EXCLUSIVE MODE")
            cursor.execute(" UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for name in names))
            # Foreign keys are looked at when the transaction ends, so any order will do.
            for (name,) in cursor.fetchall():
                cursor.execute(f"DELETE FROM {name}")
