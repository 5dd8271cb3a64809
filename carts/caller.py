"""Who calls, and the refusals for a caller without a cart."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy

from carts import queries
from carts.conversation import BY_HANDLE, UNKEYED, Conversation, conversation_of, shares_cart
from carts.languages import remembered
from carts.models import SessionWarning
from carts.queries import SessionRow
from carts.sold import StoreInfo
from carts.sources import ACCOUNT
from shopmcp.errors import CartExpired, LinkedElsewhere, SessionNeeded, UnknownCart
from shopmcp.mcp.call import Call

SHARED = gettext_lazy("This chat sends no conversation id, so it shares one cart with every other such chat.")
WITHOUT_HANDLE = gettext_lazy("This chat passed no cart_id: if an earlier answer gave one, pass it.")
# ISO 4217's code for no currency.
_NO_CURRENCY = "XXX"


@dataclass
class Caller:
    """The conversation behind one call; `carts.services.sessions` finds and locks its session.

    Attributes:
        call: The call.
        cart_id: The handle that came as an argument, not checked yet. None where no handle opens anything: in a call
            without a conversation id, if the shop refuses those.
        now: The moment of the call. Everything that it writes bears this time.
        told: The row of its session as the database driver returned it, for `carts.looks`.
    """

    call: Call
    cart_id: str | None = None
    now: datetime = field(default_factory=timezone.now)
    told: tuple[Any, ...] | None = None

    def __post_init__(self) -> None:
        if settings.SHOPMCP_UNKEYED_CALLS == "refuse" and not self.conversation.keyed:
            self.cart_id = None
        if self.conversation.by_widget:
            self.cart_id = None  # it named the conversation, and proves nothing more
        if self.home is not None:
            self.call.remark = ""
        self.call.notes.source = self.source
        if self.is_unkeyed:
            self.call.notes.warn(SessionWarning.Kind.UNKEYED.value)

    @cached_property
    def conversation(self) -> Conversation:
        return conversation_of(self.call)

    @cached_property
    def home(self) -> SessionRow | None:
        """What holds the one cart of the person whom a token names, for a call without an id of its own."""
        conversation = self.conversation
        if self.call.person is None or self.cart_id is not None or (conversation.keyed and not conversation.can_meet):
            return None
        row = queries.home_of_person.first(person=self.call.person)
        return None if row is None else SessionRow._make(row)

    @property
    def source(self) -> str:
        """What names the conversation: a `_meta` key, `cart_id`, or `default` for nothing.

        It is `account` for the one cart of the person whom a token names.
        """
        conversation = self.conversation
        if self.home is not None:
            return ACCOUNT
        if conversation.by_widget or (self.cart_id is not None and not conversation.keyed):
            return BY_HANDLE
        return conversation.source

    @property
    def is_unkeyed(self) -> bool:
        """Whether the call names no conversation."""
        return self.source == UNKEYED

    @property
    def shares_cart(self) -> bool:
        """Whether other chats use the same cart."""
        return self.cart_id is None and self.conversation.shares_cart and self.home is None

    @property
    def needs_handle(self) -> bool:
        """Whether only a `cart_id` finds the conversation again."""
        return not self.conversation.keyed and not self.shares_cart and self.home is None

    @property
    def can_meet(self) -> bool:
        """Whether this chat's cart can be another chat's too."""
        return self.shares_cart or (self.conversation.can_meet and self.home is None)

    @cached_property
    def first_store(self) -> StoreInfo:
        return first_store()

    def speak(self, row: SessionRow | None = None) -> None:
        """Use the caller's language, or else that of the conversation, of its cart's store, or of the first store."""
        call = self.call
        if call.language is None:
            call.language = (row and row.language) or remembered(call, self.cart_id)
        call.speak(call.language or (row and row.store_language) or self.first_store.language)

    def speak_as(self, store: StoreInfo) -> None:
        """Use the caller's language, or else that of the store that the cart gets."""
        self.call.speak(store.language)


def first_store() -> StoreInfo:
    """Return the store whose language and currency count where no cart names one; a blank one if there is none."""
    row = queries.first_store.first()
    return StoreInfo._make(row) if row else StoreInfo(0, "", "", _NO_CURRENCY, settings.LANGUAGE_CODE)


def shop_language() -> str:
    """Return the language of the first store."""
    return first_store().language


def remark(call: Call) -> str | Promise:
    """Return what every answer of a chat on the shared cart has to say."""
    return SHARED if shares_cart(call) else ""


def unknown_cart(*, keyed: bool) -> UnknownCart:
    """The refusal of a cart_id that this server never gave out; a keyed call needs none."""
    if keyed:
        fix = gettext("Leave cart_id out: this chat's cart is found without it.")
    else:
        fix = gettext("Pass the cart_id exactly as an earlier answer gave it, or none to start a new cart.")
    return UnknownCart(gettext("This cart_id opens no cart here."), fix=fix)


def foreign_cart() -> UnknownCart:
    """The refusal of a cart_id that belongs to another conversation than the call."""
    return UnknownCart(
        gettext("This cart_id belongs to another conversation."),
        fix=gettext("Leave cart_id out: this chat has a cart of its own."),
    )


def another_persons() -> LinkedElsewhere:
    """The refusal of a conversation that is linked to another person's account than the one who is signed in."""
    return LinkedElsewhere(
        gettext("This chat is linked to another account than the one that is signed in."),
        fix=gettext("Begin a new chat; or unlink this one on the page of the other account."),
    )


def expired_cart() -> CartExpired:
    """The refusal of a cart_id whose session was deleted."""
    return CartExpired(
        gettext("This cart was not used for long and has expired."),
        fix=gettext("Leave cart_id out; add_to_cart starts a new cart."),
    )


def expired_widget() -> CartExpired:
    """The refusal of a widget handle that no longer opens its conversation's cart."""
    return CartExpired(
        gettext("This cart_id was made for what an earlier answer showed, and holds for a day."),
        fix=gettext("Ask in the chat to see the cart, and go on with what that shows."),
    )


def session_needed() -> SessionNeeded:
    """The refusal of a call that names no conversation."""
    if settings.SHOPMCP_UNKEYED_CALLS == "refuse":
        return SessionNeeded(
            gettext("This chat sends no conversation id, and this shop keeps no cart without one."),
            fix=gettext("Call debug_session: it says what arrived and what the shop's owner can do."),
        )
    return SessionNeeded(
        gettext("This chat sends no conversation id, so its cart is found by the cart_id alone."),
        fix=gettext("Pass the cart_id that an earlier answer gave; if there is none yet, add_to_cart starts a cart."),
    )
