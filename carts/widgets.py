"""The `cart_id` that an answer with a widget carries, for the calls of the widget itself."""

from django.conf import settings

from carts.conversation import BY_HANDLE, conversation_of, place_of
from carts.digests import public_id_of
from carts.widget_handles import handle_of
from shopmcp.mcp.call import Call


def cart_id_for_widget(call: Call) -> str | None:
    """Return the `cart_id` by which a widget of this call's answer finds the same conversation; without a query.

    None where there is nothing to find it by, and where the shop keeps no cart for calls without an id.
    """
    if settings.SHOPMCP_UNKEYED_CALLS == "refuse":
        return None
    conversation = conversation_of(call)
    if conversation.keyed:
        return handle_of(
            place_of(conversation.source),
            conversation.digests,
            conversation.subjects,
            conversation.with_subject,
            is_placeholder=conversation.is_placeholder,
        )
    given = call.given.get(BY_HANDLE)
    return given.strip() if isinstance(given, str) and public_id_of(given) else None
