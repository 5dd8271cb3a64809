"""Making, finding and revoking API keys; people are in `people`."""

from accounts.services.keys import PREFIX, create_key, find_key, note_use, revoke_keys

__all__ = ["PREFIX", "create_key", "find_key", "note_use", "revoke_keys"]
