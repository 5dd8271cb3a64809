"""Sessions and calls of some time ago, for the pages that show them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from carts.models import CallRecord, Session


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
