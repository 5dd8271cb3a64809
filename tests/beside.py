"""Two transactions, of which the second begins before the first one's commit."""

from concurrent.futures import ThreadPoolExecutor
from time import monotonic

import pytest
from django.db import connection, connections, transaction


@pytest.fixture
def beside(shared_database):
    """Do something in a transaction, and another thing beside it that begins before the commit."""

    def beside(first, second):
        def begin():
            try:
                second()
            finally:
                connections.close_all()

        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                first()
                done = pool.submit(begin)
                until = monotonic() + 20
                while connection.vendor == "postgresql" and not _somebody_waits() and monotonic() < until:
                    assert not done.done(), "it did not wait"
            done.result(60)

    return beside


def _somebody_waits():
    with connection.cursor() as cursor:
        cursor.execute("select exists (select from pg_locks where not granted)")
        return cursor.fetchone()[0]
