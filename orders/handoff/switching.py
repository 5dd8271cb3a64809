"""Switching the one cart of an account on and off (`carts.services.one_cart`)."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from accounts.models import Person
from accounts.services.people import lock
from carts.models import Cart, Change, OneCartUse, Session
from carts.services.one_cart import leave
from carts.services.other_carts import open_carts
from carts.services.saving import locked_elsewhere, save
from carts.services.sessions import new_public_id
from carts.sources import ACCOUNT, ELSEWHERE
from orders.handoff.bringing import bring
from shopmcp.errors import ShopError


def is_on(person: Person) -> bool:
    """Whether all chats of the person use one cart."""
    return Session.objects.holding_one_cart(person).exists()


def switch_on(person: Person, carts: Sequence[str] = ()) -> list[str]:
    """Let all chats of the person use one cart; return what could not be brought into it, in words.

    Args:
        person: Whose account it is.
        carts: The public ids of the open carts that come into it, as the shopper chose. The latest of them becomes the
            one cart, with its history, coupon and links, where the account keeps none of before. The others stay with
            their chats.
    """
    with transaction.atomic():
        lock(person.user_id)
        if is_on(person):
            return []
        chosen = list(open_carts(person.pk).exclude(session__source=ACCOUNT).filter(public_id__in=carts))
        earlier = Session.objects.filter(person=person, source=ACCOUNT)
        held = [*earlier.values_list("pk", flat=True), *(cart.session_id for cart in chosen)]
        list(Session.objects.filter(pk__in=held).in_locking_order().select_for_update().values_list("pk"))
        # Their chats may have changed or ordered them meanwhile.
        chosen = list(open_carts(person.pk).filter(pk__in=[cart.pk for cart in chosen]))
        home = earlier.first() or Session(public_id=new_public_id("s_"), source=ACCOUNT, person=person)
        home.one_cart_of, home.sees_person, home.last_seen_at = person, True, timezone.now()
        home.save()
        if chosen and not Cart.objects.open().filter(session=home).exists():
            _take_over(chosen.pop(0), home)
        return _bring_all(chosen, home) if chosen else []


def switch_off(person: Person) -> None:
    """Let each chat of the person use its own cart again, and hear of it; the account keeps the one cart."""
    with transaction.atomic():
        lock(person.user_id)
        using = list(OneCartUse.objects.filter(person=person).values_list("session", flat=True))
        home = Session.objects.holding_one_cart(person).values_list("pk", flat=True)
        rows = Session.objects.filter(pk__in=[*using, *home]).in_locking_order()
        list(rows.select_for_update().values_list("pk"))
        leave(using)
        Session.objects.holding_one_cart(person).update(one_cart_of=None)


def _take_over(cart: Cart, home: Session) -> None:
    """Make a chat's cart the one cart; its changes name the chat from now on."""
    Change.objects.filter(cart=cart).exclude(tool=ELSEWHERE).update(chat=cart.session_id)
    Cart.objects.filter(pk=cart.pk).update(session=home)


def _bring_all(carts: Sequence[Cart], home: Session) -> list[str]:
    missing = list[str]()
    with locked_elsewhere(home.public_id) as state:
        for cart in carts:
            try:
                told = bring(cart, state, "move")
            except ShopError as refusal:
                missing.append(refusal.message)
            else:
                missing += [notice.text for notice in told if notice.code != "resumed"]
        save(state, ELSEWHERE, [], undo_to=state.version)
    return missing
