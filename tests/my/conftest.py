"""A shop that delivers, shoppers with carts, and shoppers with accounts."""

from tests.carts.shop import honey, make_product, store
from tests.my.linking import ask_as, code, keep_path
from tests.my.mailing import shop
from tests.my.signing_in import dana, mail, ruth
from tests.orders.ordering import courier, details, fill, order, pickup, to_haifa
from tests.orders.pages import full, path, send, tea, view_path

__all__ = [
    "ask_as",
    "code",
    "courier",
    "dana",
    "details",
    "fill",
    "full",
    "honey",
    "keep_path",
    "mail",
    "make_product",
    "order",
    "path",
    "pickup",
    "ruth",
    "send",
    "shop",
    "store",
    "tea",
    "to_haifa",
    "view_path",
]  # fmt: skip
