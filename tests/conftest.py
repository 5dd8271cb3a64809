"""Fixtures that talk like a client."""

from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.utils import translation
from mcp.client import Client

from shopmcp.server import load_tools, server
from shopmcp.translations import compile_translations

compile_translations()
load_tools()


@pytest.fixture(autouse=True)
def language():
    """Begin every test in the project's own language: requests leave theirs behind in the thread."""
    translation.deactivate()


@pytest.fixture
def call_tool(db):
    """Call a tool as a real MCP client would, in memory, on behalf of a conversation."""

    @async_to_sync
    async def call(name, *, session="chat-1", meta=None, mode="2026-07-28", **arguments):
        keys: Any = {"openai/session": session} if session else {}
        async with Client(server, mode=mode) as client:
            return await client.call_tool(name, arguments, meta=keys | (meta or {}))

    return call
