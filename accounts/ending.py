"""What the apps above do when access to an account ends: settings name their functions, so that nothing is imported."""

from collections.abc import Callable
from typing import Any, cast

from django.conf import settings
from django.utils.module_loading import import_string

from accounts.models import Person


def close_chats(person: Person | int, client: int | None = None) -> int:
    """Let no chat see the account any more, or none that this client linked; return how many saw it."""
    return cast("int", _named(settings.ACCOUNTS_CLOSE_CHATS)(person, client))


def end_programs_and_chats(person: Person) -> None:
    """End the tokens of programs, what chats see of the account, and its code; browsers stay as they are."""
    _named(settings.ACCOUNTS_END_PROGRAMS_AND_CHATS)(person)


def _named(path: str) -> Callable[..., Any]:
    return cast("Callable[..., Any]", import_string(path))
