"""Which account a conversation is kept with.

Keeping is asked for on a page, by whoever has a link to buy: the account then sees the conversation's carts and orders,
and the conversation sees nothing. Proving is done in the conversation itself, and opens the account's things to it too.
"""

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext

from accounts.models import Person
from carts.models import OneCartUse, Session, SessionQuerySet
from carts.news import KEPT
from carts.services.one_cart import leave
from carts.services.ordering import tell_chat
from carts.sources import ELSEWHERE
from shopmcp.errors import LinkedElsewhere, NotFound, ShopError

# How many conversations an account keeps; the oldest ones have to be unlinked first.
MOST_LINKS = 500


class TooManyLinks(ShopError):
    code = "too_many_links"


def keep(public_id: str, person: Person) -> None:
    """Keep a conversation with an account, so that the account sees its carts and orders. The chat is told once.

    Raises:
        NotFound: If there is no such session.
        LinkedElsewhere: If another account keeps it.
        TooManyLinks: If the account keeps too many.
    """
    with transaction.atomic():
        session = _lock(Session.objects.filter(public_id=public_id))
        if session.person_id == person.pk:
            return
        if session.person_id is not None:
            raise _taken()
        _link(session, person, sees_person=False)
        if session.source != ELSEWHERE:
            with translation.override(session.language or translation.get_language()):
                text = gettext(
                    "Somebody with a link to this cart keeps it with their account now: the account sees the cart and "
                    "the orders of this chat. If that was not the shopper, they should tell the shop."
                )
            tell_chat(session.pk, KEPT, text)


def prove(session: int, person: Person, client: int | None = None) -> bool:
    """Open the account to a conversation in which the shopper has proved that it is theirs.

    Who proves it takes the conversation over from an account that only keeps it.

    Args:
        session: The key of the conversation's session, locked in this transaction.
        person: Whose account it is. It is locked too, and before the session (`accounts.services.people.lock`).
        client: The key of the client by whose token it is proved; None if the shopper said a code.

    Returns:
        Whether that was not so before.

    Raises:
        LinkedElsewhere: If it was proved for another account.
        TooManyLinks: If the account keeps too many.
    """
    found = _lock(Session.objects.filter(pk=session))
    if found.sees_person and found.person_id is not None:
        if found.person_id != person.pk:
            raise _taken()
        if client is None and found.linked_by is not None:
            Session.objects.filter(pk=found.pk).update(linked_by=None)
        return False
    _link(found, person, sees_person=True, client=client)
    return True


def unlink(public_id: str, person: Person) -> None:
    """End the link of a conversation with an account at once, for both.

    Raises:
        NotFound: If the account does not keep it.
    """
    rows = Session.objects.of_person(person).chats().filter(public_id=public_id)
    with transaction.atomic():
        session = _lock(rows)
        Session.objects.filter(pk=session.pk).update(person=None, sees_person=False, linked_at=None, linked_by=None)
        leave([session.pk])


def let_go(session: int) -> None:
    """Let no account keep a conversation any more; one that was proved stays as it is."""
    rows = Session.objects.filter(pk=session, sees_person=False).exclude(person=None)
    rows.update(person=None, linked_at=None)


def close_all(person: Person | int, client: int | None = None) -> int:
    """Let no chat see anything of the account any more, which still keeps them; return how many saw it.

    Args:
        person: Whose account it is; it is locked in this transaction.
        client: The key of a client, if only the chats that it linked are meant.
    """
    linked = Q(person=person, sees_person=True)
    # Chats whose tokens name the person use the one cart too.
    those = linked & Q(linked_by=client) if client is not None else linked | Q(pk__in=_using(person))
    with transaction.atomic():
        rows = Session.objects.filter(those).chats().select_for_update().in_locking_order()
        keys = list(rows.values_list("pk", flat=True))
        leave(keys)
        return Session.objects.filter(linked, pk__in=keys).update(sees_person=False, linked_by=None)


def _using(person: Person | int) -> QuerySet[OneCartUse, int]:
    """The keys of the sessions of chats that use the one cart of the person."""
    return OneCartUse.objects.filter(person=person).values_list("session", flat=True)


def _link(session: Session, person: Person, *, sees_person: bool, client: int | None = None) -> None:
    if session.person_id != person.pk and Session.objects.filter(person=person).count() >= MOST_LINKS:
        raise TooManyLinks(
            gettext("This account keeps too many chats."), fix=gettext("Unlink some on the page of the account first.")
        )
    Session.objects.filter(pk=session.pk).update(
        person=person,
        sees_person=sees_person,
        linked_at=timezone.now(),
        linked_by=client,
        # The answer that proves it offers the other cart itself.
        **({"other_cart_offered": True} if sees_person else {}),
    )


def _lock(rows: SessionQuerySet) -> Session:
    if (session := rows.select_for_update().order_by().first()) is None:
        raise NotFound(gettext("There is no such chat."), fix=gettext("It may have expired, or been unlinked."))
    return session


def _taken() -> LinkedElsewhere:
    return LinkedElsewhere(
        gettext("This chat is linked to another account."), fix=gettext("Unlink it there first, or begin a new chat.")
    )
