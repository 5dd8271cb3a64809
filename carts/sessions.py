"""Which conversation is calling? The only code that knows how clients say so.

A call names its conversation by a `_meta` key, or proves with a `cart_id` that this server gave it one, or does neither
and is unkeyed. Ids are bearer secrets: only keyed digests of them leave this module, and public ids.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext_lazy

from carts import refusals, services, statements
from carts.digests import digests_of
from carts.handles import public_id_of
from carts.meta import CHECK, is_check, is_id, places
from carts.models import SessionWarning
from carts.services import sessions as rows
from carts.state import StoreInfo
from carts.statements import SessionRow
from shopmcp.errors import SessionNeeded
from shopmcp.server import Call, WriteNeeded, toolbox

KEYS = (
    "openai/session",
    "vscode.conversationId",
    "ai.opencode/sessionID",
    "antigravity.google/conversation_id",
    "threadId",
    "sessionId",
    "conversationId",
    "session_id",
)
SUBJECT = "openai/subject"
BY_HANDLE = "cart_id"
UNKEYED = "default"

SHARED = gettext_lazy("This chat sends no conversation id, so it shares one cart with every other such chat.")

WITHOUT_HANDLE = gettext_lazy("This chat passed no cart_id: if an earlier answer gave one, pass it.")

_Kind = SessionWarning.Kind


@dataclass(frozen=True, slots=True)
class Identity:
    """What a call says about its conversation.

    `digests` and `subjects` hold one digest for each secret key, the current one first; they are empty where the call
    names no conversation, or no person. `with_subject` names the conversation and the person together.
    """

    source: str
    digests: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    with_subject: tuple[str, ...] = ()
    malformed: tuple[str, ...] = ()
    is_check: bool = False

    @property
    def keyed(self) -> bool:
        return bool(self.digests)

    @property
    def subject(self) -> str:
        """The person's digest under the current secret key; empty where the call names nobody."""
        return self.subjects[0] if self.subjects else ""

    def is_another(self, row: SessionRow) -> bool:
        """Whether the session belongs to another person than the one who is calling."""
        return bool(row.subject) and bool(self.subjects) and row.subject not in self.subjects


def identify(call: Call) -> Identity:
    """Read who is calling from what came with the call, without asking the database."""
    known = call.notes.get("identity")
    if isinstance(known, Identity):
        return known
    malformed: list[str] = []
    source = UNKEYED
    named: tuple[str, str] | None = None
    subject: str | None = None
    for place in places(call):
        for key in (*settings.SHOPMCP_SESSION_KEYS, *KEYS):
            if named is None and key in place:
                if is_id(value := place[key]):
                    named, source = (key, value), key
                else:
                    malformed.append(key)
        if subject is None and (value := place.get(SUBJECT)) is not None:
            if is_id(value):
                subject = value
            else:
                malformed.append(SUBJECT)
    identity = Identity(
        source,
        digests=digests_of("conversation", *named) if named else (),
        subjects=digests_of("subject", subject) if subject and named else (),
        with_subject=digests_of("conversation", *named, subject) if subject and named else (),
        malformed=tuple(malformed),
        is_check=is_check(call.meta.get(CHECK)),
    )
    call.notes["identity"] = identity
    if malformed:
        warn(call, _Kind.MALFORMED)
    return identity


def warn(call: Call, kind: SessionWarning.Kind) -> None:
    """Note a sign that chats may not be told apart; the recorder keeps it."""
    warnings: list[str] = call.notes.setdefault("warnings", [])
    if kind.value not in warnings:
        warnings.append(kind.value)


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
        return self._cart_id is None and _is_shared(self.identity)

    def speak(self, row: SessionRow | None = None) -> None:
        """Use the caller's language, or else that of the session's store, or of the first there is."""
        language = row.store_language if row else None
        if language is None and (store := self.first_store) is not None:
            language = store.language
        self.call.speak(language or settings.LANGUAGE_CODE)

    def warn_if_unkeyed(self) -> None:
        """Note down that nothing told this chat from others, if so."""
        if self.unkeyed:
            warn(self.call, _Kind.UNKEYED)

    @property
    def first_store(self) -> StoreInfo | None:
        """The store that speaks where no cart names one."""
        if self._first_store is None and (row := statements.first_store.first()) is not None:
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
                warn(self.call, _Kind.SUBJECT_CHANGED)
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
                warn(self.call, _Kind.SUBJECT_CHANGED)
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
            warn(self.call, _Kind.UNKNOWN_HANDLE)
            self.speak()
            raise refusals.unknown_cart(keyed=self.identity.keyed)
        return public_id

    def _entered(self, row: SessionRow | None) -> SessionRow:
        """Speak the language of the session's store, check the cart_id against the session, and note it down."""
        self.speak(row)
        if row is None:
            warn(self.call, _Kind.EXPIRED_HANDLE)
            raise refusals.expired_cart()
        if self._cart_id is not None and (public_id := self._proven(self._cart_id)) != row.public_id:
            if rows.find_by_public_id(public_id) is None:
                warn(self.call, _Kind.EXPIRED_HANDLE)
                raise refusals.expired_cart()
            warn(self.call, _Kind.FOREIGN_HANDLE)
            raise refusals.foreign_cart()
        self.call.notes["session"] = row.id
        return row

    def _write_first(self) -> SessionRow:
        if not self.call.may_write:
            raise WriteNeeded
        return services.in_transaction(self)

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
        return refusals.nameless()


def note_browsing(call: Call) -> Identity:
    """Note who browses: the session is found, or made, when the call is recorded."""
    identity = identify(call)
    if not identity.keyed and BY_HANDLE not in call.given:
        warn(call, _Kind.UNKEYED)
    return identity


@toolbox.open
def announce(call: Call) -> None:
    """Have every answer say so where the chat shares its cart with others."""
    if shares_cart(call):
        call.remark = SHARED


def shares_cart(call: Call) -> bool:
    """Whether it is one of the calls that all belong to one session."""
    return BY_HANDLE not in call.given and _is_shared(identify(call))


def _is_shared(identity: Identity) -> bool:
    return settings.SHOPMCP_UNKEYED_CALLS == "shared" and not identity.keyed


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
