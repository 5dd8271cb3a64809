from tests.carts.shop import honey, make_product, store, tea
from tests.dashboard.sessions import make_call, make_session

__all__ = ["honey", "make_call", "make_product", "make_session", "store", "tea"]
