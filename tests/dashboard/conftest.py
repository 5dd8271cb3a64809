"""A shop with chats in it, and its owner in a browser."""

import pytest

from tests.carts.shop import ask, handle, honey, make_product, store, tea
from tests.dashboard.sessions import make_call, make_session

__all__ = ["ask", "handle", "honey", "make_call", "make_product", "make_session", "store", "tea"]


@pytest.fixture
def owner(admin_client):
    """The owner's browser: signed in, without a word on language or time zone."""
    return admin_client
