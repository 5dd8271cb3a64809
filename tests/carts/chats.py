"""How chats call: what they send, and which warnings they left."""

from typing import Any

from carts.conversation import conversation_of
from carts.models import SessionWarning
from carts.services.saving import locked_cart
from shopmcp.mcp.call import Call

CART_TOOLS: dict[str, dict[str, Any]] = {
    "add_to_cart": {"product_id": "shop:honey"},
    "update_cart_item": {"product_id": "shop:honey", "quantity": 2},
    "remove_from_cart": {"product_id": "shop:honey"},
    "view_cart": {},
    "clear_cart": {},
    "undo_cart_change": {},
}


def conversation(meta):
    """What a call with this `_meta` says about its conversation."""
    return conversation_of(Call("view_cart", meta))


def change(what, caller, *args):
    """Change the caller's cart as a tool does."""
    with locked_cart(caller) as cart:
        return what(cart, *args)


def person(conversation, subject=None):
    """The `_meta` of a conversation, and of a person where one is named."""
    return {"openai/session": conversation, **({"openai/subject": subject} if subject else {})}


def kinds():
    """The kinds of warnings that were recorded."""
    return set(SessionWarning.objects.values_list("kind", flat=True))
