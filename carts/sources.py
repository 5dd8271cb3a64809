"""Sources of sessions that no conversation named: see `carts/conversation.py` for the others."""

from typing import Final

# Of a cart that belongs to no chat, and the `Change.tool` of what was done outside of one.
ELSEWHERE: Final = "page"
# Of what holds the one cart of an account, which all chats of the account use.
ACCOUNT: Final = "account"
# No chats: no number counts them.
NO_CHATS: Final = (ELSEWHERE, ACCOUNT)
