"""The conversation of one call: finds, makes and locks its session by the rules of the contract."""

from collections.abc import Sequence

from django.conf import settings
from django.utils.translation import gettext, gettext_lazy

from carts import queries
from carts.cart import StoreInfo
from carts.digests import digests_of, public_id_of
from carts.identity import (
    BY_HANDLE,
    UNKEYED,
    Identity,
    identify,
    warn,
)
from carts.models import SessionWarning
from carts.queries import SessionRow
from carts.services import saving
from carts.services import sessions as rows
from shopmcp.errors import CartExpired, SessionNeeded, UnknownCart
from shopmcp.mcp.tools import Call, WriteNeeded, toolbox

SHARED = gettext_lazy("This chat sends no conversation id, so it shares one cart with every other such chat.")

WITHOUT_HANDLE = gettext_lazy("This chat passed no cart_id: if an earlier answer gave one, pass it.")


class Caller:
    """The conversation of one call: finds, makes and locks its session by the rules of the contract."""

    def __init__(self, call: Call, cart_id: str | None = None) -> None:
        self.call = call
        self.identity = identify(call)
        self._cart_id = cart_id
        self._first_store: StoreInfo | None = None
        call.notes["source"] = self.source

    @property
    def source(self) -> str:
        """The `_meta` key that decided, or `cart_id`, or `default`."""
        if self.identity.keyed or self._cart_id is None:
            return self.identity.source
        return BY_HANDLE

    @property
    def unkeyed(self) -> bool:
        return self.source == UNKEYED

    @property
    def shares_cart(self) -> bool:
        """Whether other chats use the same cart."""
        return self._cart_id is None and self.identity.shares_cart

    def speak(self, row: SessionRow | None = None) -> None:
        """Use the caller's language, or else that of the session's store, or of the first there is."""
        language = row.store_language if row else None
        if language is None and (store := self.first_store) is not None:
            language = store.language
        self.call.speak(language or settings.LANGUAGE_CODE)

    def warn_if_unkeyed(self) -> None:
        """Note down that nothing told this chat from others, if so."""
        if self.unkeyed:
            warn(self.call, SessionWarning.Kind.UNKEYED)

    @property
    def first_store(self) -> StoreInfo | None:
        """The store that speaks where no cart names one."""
        if self._first_store is None and (row := queries.first_store.first()) is not None:
            self._first_store = StoreInfo._make(row)
        return self._first_store

    def find(self) -> SessionRow | None:
        """Return the session for a read; None where an unkeyed chat has none.

        Raises:
            WriteNeeded: If it has to be made first, where changes do not belong.
            UnknownCart, CartExpired: If the cart_id opens nothing, or nothing of this conversation.
        """
        self.warn_if_unkeyed()
        digests, handle = self._way_in()
        if digests:
            row = rows.find_by_digests(digests)
            if row is None or self._is_outdated(row, digests[:1]):
                row = self._write_first()
            elif self.identity.is_another(row):
                row = rows.find_by_digests(self.identity.with_subject) or self._write_first()
                warn(self.call, SessionWarning.Kind.SUBJECT_CHANGED)
            return self._entered(row)
        if handle is not None:
            return self._entered(rows.find_by_public_id(handle))
        self.speak()
        return None

    def find_for_cart(self) -> SessionRow:
        """Return the session for a read of its cart.

        Raises:
            SessionNeeded: If the call names none.
            WriteNeeded, UnknownCart, CartExpired: As `find`.
        """
        row = self.find()
        if row is None:
            raise self._nameless()
        return row

    def lock(self) -> SessionRow:
        """Return the session for a change, locked; make it if it is new, or mint one for an unkeyed chat.

        Raises:
            SessionNeeded: If the call names none and the shop refuses such calls.
            UnknownCart, CartExpired: As `find`.
        """
        self.warn_if_unkeyed()
        digests, handle = self._way_in()
        if digests:
            row = self._locked(digests)
            if self.identity.is_another(row):
                row = self._locked(self.identity.with_subject)
                warn(self.call, SessionWarning.Kind.SUBJECT_CHANGED)
            if self._is_outdated(row, (*digests[:1], *self.identity.with_subject[:1])):
                row = self._renewed(row, digests)
            return self._entered(row)
        if handle is None:
            if settings.SHOPMCP_UNKEYED_CALLS == "refuse":
                raise self._nameless()
            handle = self._made((), BY_HANDLE)
            self.call.remark = WITHOUT_HANDLE
        return self._entered(rows.lock_by_public_id(handle))

    def _way_in(self) -> tuple[tuple[str, ...], str | None]:
        """The digests by which the session is found, or else the public id that a proven cart_id names."""
        if self.identity.keyed:
            return self.identity.digests, None
        if self._cart_id is not None:
            return (), self._proven(self._cart_id)
        if settings.SHOPMCP_UNKEYED_CALLS == "shared":
            return digests_of("shared"), None
        return (), None

    def _proven(self, cart_id: str) -> str:
        if (public_id := public_id_of(cart_id)) is None:
            warn(self.call, SessionWarning.Kind.UNKNOWN_HANDLE)
            self.speak()
            raise unknown_cart(keyed=self.identity.keyed)
        return public_id

    def _entered(self, row: SessionRow | None) -> SessionRow:
        """Speak the language of the session's store, check the cart_id against the session, and note it down."""
        self.speak(row)
        if row is None:
            warn(self.call, SessionWarning.Kind.EXPIRED_HANDLE)
            raise expired_cart()
        if self._cart_id is not None and (public_id := self._proven(self._cart_id)) != row.public_id:
            if rows.find_by_public_id(public_id) is None:
                warn(self.call, SessionWarning.Kind.EXPIRED_HANDLE)
                raise expired_cart()
            warn(self.call, SessionWarning.Kind.FOREIGN_HANDLE)
            raise foreign_cart()
        self.call.notes["session"] = row.id
        return row

    def _write_first(self) -> SessionRow:
        if not self.call.may_write:
            raise WriteNeeded
        return saving.in_transaction(self)

    def _locked(self, digests: tuple[str, ...]) -> SessionRow:
        for _ in range(2):
            if (row := rows.lock_by_digests(digests)) is not None:
                return row
            # Whoever makes it at the same moment wins; either way it is there now.
            self._made(digests, self.source)
        raise AssertionError("a session that was just made cannot be found")

    def _made(self, digests: tuple[str, ...], source: str) -> str:
        self.call.notes["made"] = True
        return rows.insert_session(
            digests=digests,
            source=source,
            subject=self.identity.subject,
            client=self.call.client,
            # The shared session belongs to everybody, whoever comes first.
            is_check=self.identity.is_check and not self.shares_cart,
        )

    def _is_outdated(self, row: SessionRow, current: Sequence[str]) -> bool:
        """Whether the session is kept under an earlier secret key, or its person is, or was not known before."""
        subjects = self.identity.subjects
        return row.digest not in current or (bool(subjects) and (not row.subject or row.subject in subjects[1:]))

    def _renewed(self, row: SessionRow, digests: tuple[str, ...]) -> SessionRow:
        """Keep the session under the current secret key, and under the person who is calling."""
        own = self.identity.with_subject if row.digest in self.identity.with_subject else digests
        return rows.rename_session(row, digest=own[0], subject=self.identity.subject or row.subject)

    def _nameless(self) -> SessionNeeded:
        self.speak()
        return nameless()


def note_browsing(call: Call) -> Identity:
    """Note who browses: the session is found, or made, when the call is recorded."""
    identity = identify(call)
    if not identity.keyed and BY_HANDLE not in call.given:
        warn(call, SessionWarning.Kind.UNKEYED)
    return identity


@toolbox.open
def announce(call: Call) -> None:
    """Have every answer say so where the chat shares its cart with others."""
    if shares_cart(call):
        call.remark = SHARED


def shares_cart(call: Call) -> bool:
    """Whether it is one of the calls that all belong to one session."""
    return BY_HANDLE not in call.given and identify(call).shares_cart


@toolbox.introduce
def introduce(call: Call) -> None:
    """Note who calls with arguments that cannot be read, and speak to them as to everybody."""
    caller = Caller(call, "" if BY_HANDLE in call.given else None)
    caller.warn_if_unkeyed()
    caller.speak()


def session_of(identity: Identity, client: str) -> int:
    """Return the key of the session that a browsing call belongs to, making it if it is new; else of the shared one.

    It takes no locks: whoever records many calls at once would otherwise wait for others who do the same.
    """
    digests = identity.digests or digests_of("shared")
    row = rows.find_by_digests(digests)
    if row is not None and identity.is_another(row):
        digests = identity.with_subject
        row = rows.find_by_digests(digests)
    if row is None:
        rows.insert_session(
            digests=digests,
            source=identity.source,
            subject=identity.subject,
            client=client,
            is_check=identity.is_check and identity.keyed,
        )
        row = rows.find_by_digests(digests)
    assert row is not None
    return row.id


def unknown_cart(*, keyed: bool) -> UnknownCart:
    """For a cart_id that this server never gave out.

    Args:
        keyed: The call names its conversation, so it needs none.
    """
    if keyed:
        fix = gettext("Leave cart_id out: this chat's cart is found without it.")
    else:
        fix = gettext("Pass the cart_id exactly as an earlier answer gave it, or none to start a new cart.")
    return UnknownCart(gettext("This cart_id opens no cart here."), fix=fix)


def foreign_cart() -> UnknownCart:
    """For a cart_id beside the id of another conversation."""
    return UnknownCart(
        gettext("This cart_id belongs to another conversation."),
        fix=gettext("Leave cart_id out: this chat has a cart of its own."),
    )


def expired_cart() -> CartExpired:
    """For a cart_id whose session is gone."""
    return CartExpired(
        gettext("This cart was not used for long and has expired."),
        fix=gettext("Leave cart_id out; add_to_cart starts a new cart."),
    )


def nameless() -> SessionNeeded:
    """For a call that names no conversation, by the shop's policy for such calls."""
    if settings.SHOPMCP_UNKEYED_CALLS == "refuse":
        return SessionNeeded(
            gettext("This chat sends no conversation id, and this shop keeps no cart without one."),
            fix=gettext("Call debug_session: it says what arrived and what the shop's owner can do."),
        )
    return SessionNeeded(
        gettext("This chat sends no conversation id, so its cart is found by the cart_id alone."),
        fix=gettext("Pass the cart_id that an earlier answer gave; if there is none yet, add_to_cart starts a cart."),
    )
