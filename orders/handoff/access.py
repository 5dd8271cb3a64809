"""Ending what opens an account, all at once."""

from django.db import transaction

from accounts.models import Person
from accounts.oauth.tokens import end_access_of
from accounts.services.people import lock, sign_out_everywhere
from carts.services.linking import close_all
from orders.models import AccountCode


def end_access(person: Person) -> None:
    """End all sessions of browsers, tokens, what chats see of the account, and its code; it still sees its chats."""
    with transaction.atomic():
        lock(person.user_id)
        sign_out_everywhere(person)
        end_programs_and_chats(person)


def end_programs_and_chats(person: Person) -> None:
    """End all that opens the account but the sessions of browsers."""
    with transaction.atomic():
        end_access_of(person)
        close_all(person)
        AccountCode.objects.filter(person=person).delete()
