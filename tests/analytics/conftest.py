from tests.dashboard.conftest import honey, make_call, make_product, make_session, store, tea

__all__ = ["honey", "make_call", "make_product", "make_session", "store", "tea"]
