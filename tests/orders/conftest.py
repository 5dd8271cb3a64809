"""A shop that delivers, and shoppers with carts."""

from tests.carts.shop import honey, make_product, store, tea
from tests.orders.ordering import courier, details, fill, order, pickup, to_haifa

__all__ = ["courier", "details", "fill", "honey", "make_product", "order", "pickup", "store", "tea", "to_haifa"]
