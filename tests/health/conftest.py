"""A shop, its chats and its product files."""

from tests.carts.shop import ask, honey, make_product, store, tea
from tests.catalog.conftest import load
from tests.dashboard.sessions import make_call, make_session

__all__ = ["ask", "honey", "load", "make_call", "make_product", "make_session", "store", "tea"]
