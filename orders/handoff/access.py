"""Ending what opens an account, all at once."""

from django.db import transaction
from django.utils import timezone

from accounts.models import Person
from accounts.oauth.tokens import end_access_of
from accounts.services.people import lock, sign_out_everywhere
from carts.services import linking
from carts.sources import ACCOUNT
from orders.models import AccountCode, CheckoutLink


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
        close_chats(person)
        AccountCode.objects.filter(person=person).delete()


def close_chats(person: Person | int, client: int | None = None) -> int:
    """Let no chat see the account any more, or none that this client linked; return how many saw it.

    The links to the one cart end too: the chats may hold them.
    """
    with transaction.atomic():
        closed = linking.close_all(person, client)
        if closed or client is None:
            _end_links_to_one_cart(person)
    return closed


def unlink(public_id: str, person: Person) -> None:
    """End the link of a conversation with an account at once, and the links to the one cart, which it may hold.

    Raises:
        NotFound: If the account does not keep it.
    """
    with transaction.atomic():
        linking.unlink(public_id, person)
        _end_links_to_one_cart(person)


def _end_links_to_one_cart(person: Person | int) -> None:
    links = CheckoutLink.objects.filter(cart__session__person=person, cart__session__source=ACCOUNT)
    links.open().update(revoked_at=timezone.now())
