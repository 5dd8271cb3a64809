"""A small shop, and products to put into carts."""

from tests.carts.shop import ask, handle, honey, kept, make_product, make_warnings, store, tea

__all__ = ["ask", "handle", "honey", "kept", "make_product", "make_warnings", "store", "tea"]
