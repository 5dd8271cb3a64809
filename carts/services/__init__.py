"""Everything that changes a session or a cart. Tools, API and commands all call these.

A change is one transaction: the session row is locked first, so that changes of one conversation happen one after the
other; the cart is loaded, changed in memory, and the difference is saved together with one row that tells what changed.
"""

from carts.services.changes import add_items, clear_cart, remove_item, set_quantity
from carts.services.records import Recorded, record_calls
from carts.services.retention import Cleanup, clean_up, delete_sessions
from carts.services.saving import Conversation, Outcome, Request, find_item, in_transaction, load
from carts.services.undo import undo_change

__all__ = [
    "Cleanup",
    "Conversation",
    "Outcome",
    "Recorded",
    "Request",
    "add_items",
    "clean_up",
    "clear_cart",
    "delete_sessions",
    "find_item",
    "in_transaction",
    "load",
    "record_calls",
    "remove_item",
    "set_quantity",
    "undo_change",
]
