from contextlib import ExitStack

import pytest
from django.db import connection


@pytest.fixture
def break_stores(db):
    """Let every query for stores from now on fail with this error."""
    with ExitStack() as stack:

        def break_stores(error):
            def fail(execute, sql, *rest):
                if "catalog_store" in sql:
                    raise error
                return execute(sql, *rest)

            stack.enter_context(connection.execute_wrapper(fail))

        yield break_stores
