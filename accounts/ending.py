"""What the apps above do when access to an account ends. They set their functions here: none is imported below."""

from collections.abc import Callable

from accounts.models import Person


def _nothing(person: Person | int, client: int | None = None) -> int:
    return 0


# Lets no chat see the account any more, or none that this client linked; returns how many saw it.
close_chats: Callable[[Person | int, int | None], int] = _nothing
