"""Which person does a call belong to? The only code that decides it.

An `openai/subject` decides nothing: any caller can send one.
"""

from accounts.oauth import tokens
from carts.conversation import conversation_of
from carts.queries import SessionRow
from shopmcp.mcp.call import Call


def person_of(call: Call, row: SessionRow | None) -> int | None:
    """Return the key of the `accounts.Person` whose things the call may see; None for nobody.

    A valid token names the person (`Call.person`). Without one it is the person whom the conversation is kept with,
    once the shopper has proved in it that it is theirs (`Session.sees_person`): an account may keep a conversation
    whose link somebody sent. A conversation whose id other chats send too is nobody's, whatever was proved in it. Costs
    no query.

    Args:
        call: The call.
        row: The session of its conversation; None if it has none.
    """
    if call.person is not None:
        return call.person
    person = proved(row)
    return None if person is None or conversation_of(call).can_meet else person


def hold(call: Call) -> None:
    """Check in the transaction of a change that the call's token still opens its account, and lock the account.

    The token was looked up before the transaction began. Whoever ends its access waits for the change, or is waited
    for. Call it before a session is locked; a call without a token costs nothing.

    Raises:
        SignInNeeded: If its access has ended.
    """
    if call.token:
        tokens.hold(call.token)


def proved(row: SessionRow | None) -> int | None:
    """Return the person for whom a conversation was proved; None for nobody."""
    return row.person_id if row is not None and row.sees_person else None
