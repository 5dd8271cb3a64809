"""The proxy that other tests put in front of PostgreSQL."""

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import psycopg
import pytest

from tests.proxy import Proxy

SERVER = os.environ.get("TEST_DATABASE_URL", "")
pytestmark = pytest.mark.skipif(not SERVER, reason="TEST_DATABASE_URL names no PostgreSQL")


@pytest.fixture
def direct():
    with psycopg.connect(SERVER, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS proxied")
        connection.execute("CREATE TABLE proxied (id int)")
        yield connection
        connection.execute("DROP TABLE proxied")


@pytest.fixture
def proxy():
    with Proxy(SERVER) as proxy:
        yield proxy


def rows(connection):
    return [row[0] for row in connection.execute("SELECT id FROM proxied ORDER BY id")]


def insert(connection, number):
    connection.execute("INSERT INTO proxied VALUES (%s)", [number])
    connection.commit()


def test_what_it_passes_on_arrives_and_is_answered(proxy, direct):
    with psycopg.connect(proxy.url) as connection:
        insert(connection, 1)

        assert (rows(connection), proxy.connections, proxy.commits) == ([1], 1, 1)


@pytest.mark.parametrize(("loss", "kept"), [("answer", [1, 2]), ("command", [1])])
def test_it_loses_the_commit_that_it_is_told_to(proxy, direct, loss, kept):
    proxy.lose(loss, after=1)
    with closing(psycopg.connect(proxy.url)) as connection:
        insert(connection, 1)

        with pytest.raises(psycopg.OperationalError):
            insert(connection, 2)

    assert rows(direct) == kept


def test_a_database_that_is_down_can_be_reached_again_when_it_is_up(proxy):
    with closing(psycopg.connect(proxy.url)) as connection:
        proxy.down()

        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(proxy.url)

    proxy.up()
    with psycopg.connect(proxy.url) as again:
        assert again.execute("SELECT 1").fetchone() == (1,)


def test_a_frozen_one_answers_nothing_until_it_thaws(proxy):
    with psycopg.connect(proxy.url, autocommit=True) as connection, ThreadPoolExecutor() as threads:
        proxy.freeze()
        asked = threads.submit(connection.execute, "SELECT 1")
        with pytest.raises(TimeoutError):
            asked.result(timeout=0.2)

        proxy.thaw()

        assert asked.result(timeout=60).fetchone() == (1,)
