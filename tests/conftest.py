"""Fixtures that talk like a client."""

import sqlite3
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from django.utils import translation
from mcp.client import Client

from shopmcp.composition import endpoint
from shopmcp.translations import compile_translations

compile_translations()


@pytest.fixture(autouse=True)
def language():
    """Begin every test in the project's own language: requests leave theirs behind in the thread."""
    translation.deactivate()


@pytest.fixture
def few_variables(db):
    """Take 999 variables in a statement, as some builds of SQLite do; PostgreSQL takes as many as ever."""
    if connection.vendor != "sqlite":
        yield
        return
    before = connection.connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 999)
    yield
    connection.connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, before)


@pytest.fixture
def call_tool(db):
    """Call a tool as a real MCP client would, in memory, on behalf of a conversation."""

    @async_to_sync
    async def call(name, *, session="chat-1", meta=None, mode="2026-07-28", **arguments):
        keys: Any = {"openai/session": session} if session else {}
        async with Client(endpoint.server, mode=mode) as client:
            return await client.call_tool(name, arguments, meta=keys | (meta or {}))

    return call
