"""A shop with chats in it, and its owner in a browser."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from carts.models import CallRecord, Session
from tests.carts.conftest import ask, handle, honey, make_product, store, tea

__all__ = ["ask", "handle", "honey", "make_product", "store", "tea"]


@pytest.fixture(autouse=True)
def nothing_remembered():
    """What a page keeps for half a minute belongs to one test."""
    cache.clear()


@pytest.fixture
def owner(admin_client):
    """The owner's browser: signed in, without a word on language or time zone."""
    return admin_client


@pytest.fixture
def make_session(db):
    """Make a session that was seen some time ago, with a call for it."""

    def make(n=0, *, ago=timedelta(0), **fields):
        seen = timezone.now() - ago
        fields = {"source": "openai/session", "client": "openai-mcp", "created_at": seen, "last_seen_at": seen} | fields
        return Session.objects.create(public_id=f"s_{n:016d}", digest=f"digest-{n}", **fields)

    return make


@pytest.fixture
def make_call(db):
    """Record a call."""

    def make(session=None, *, ago=timedelta(0), **fields):
        fields = {
            "tool": "view_cart",
            "outcome": "ok",
            "milliseconds": 3.2,
            "client": session.client if session else "openai-mcp",
            "source": session.source if session else "default",
            "at": timezone.now() - ago,
        } | fields
        return CallRecord.objects.create(session=session, **fields)

    return make
