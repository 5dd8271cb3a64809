"""What the apps above do when access to an account ends. They set their functions here: none is imported below."""

from collections.abc import Callable

from accounts.models import Person


def _nothing(person: Person | int, client: int | None = None) -> int:
    return 0


def _nothing_of(person: Person) -> None:
    pass


# Lets no chat see the account any more, or none that this client linked; returns how many saw it.
close_chats: Callable[[Person | int, int | None], int] = _nothing
# Ends the tokens of programs, what chats see of the account, and its code; browsers stay as they are.
end_programs_and_chats: Callable[[Person], None] = _nothing_of
