"""Which conversation is calling? The only code that knows how clients say so.

A call names its conversation by a `_meta` key, or proves with a `cart_id` that this server gave it one, or does neither
and is unkeyed. Ids are bearer secrets: only keyed digests of them leave this module, and public ids.
"""

import hmac
import re
from base64 import b32encode, urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b, sha256
from typing import Any

from django.conf import settings
from django.core import signing
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from carts import services, statements
from carts.models import SessionWarning
from carts.state import StoreInfo
from carts.statements import SessionRow
from shopmcp.errors import CartExpired, SessionNeeded, UnknownCart
from shopmcp.server import Call, WriteNeeded

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
# A `_meta` beside `params`, where the edge puts it.
OUTER = "shopmcp/outer"
# Marks the calls of `check_isolation`; signed, so that nobody else can hide from the statistics.
CHECK = "shopmcp/check"
CHECK_SALT = "shopmcp.check"
BY_HANDLE = "cart_id"
UNKEYED = "default"

SHARED = gettext_lazy("This chat sends no conversation id, so it shares one cart with every other such chat.")

_MAX_ID = 256
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_HANDLE = re.compile(r"cart_([a-z2-7]{16})([a-z2-7]{26})")
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


def identify(call: Call) -> Identity:
    """Read who is calling from what came with the call, without asking the database."""
    known = call.notes.get("identity")
    if isinstance(known, Identity):
        return known
    outer = call.meta.get(OUTER)
    places = (call.meta, outer) if isinstance(outer, Mapping) else (call.meta,)
    malformed: list[str] = []
    source = UNKEYED
    named: tuple[str, str] | None = None
    for place in places:
        for key in (*settings.SHOPMCP_SESSION_KEYS, *KEYS):
            if named is None and key in place:
                if _is_id(value := place[key]):
                    named, source = (key, value), key
                else:
                    malformed.append(key)
    subject = call.meta.get(SUBJECT)
    if subject is not None and not _is_id(subject):
        malformed.append(SUBJECT)
        subject = None
    identity = Identity(
        source,
        digests=_digests("conversation", *named) if named else (),
        subjects=_digests("subject", subject) if subject and named else (),
        with_subject=_digests("conversation", *named, subject) if subject and named else (),
        malformed=tuple(malformed),
        is_check=_is_check(call.meta.get(CHECK)),
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
        # Made by this call, for a chat that has to pass the cart_id from now on.
        self.minted = False
        self._first_store: StoreInfo | None = None
        call.notes["source"] = self.source
        if self.shares_cart:
            call.remark = SHARED

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
        return self.unkeyed and settings.SHOPMCP_UNKEYED_CALLS == "shared"

    def speak(self, row: SessionRow | None = None) -> None:
        """Use the caller's language, or else that of the session's store, or of the first there is."""
        language = row.store_language if row else None
        if language is None and (store := self.first_store) is not None:
            language = store.language
        self.call.speak(language or settings.LANGUAGE_CODE)

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
        self._warn_if_unkeyed()
        digests, handle = self._way_in()
        if digests:
            row = _by_digest(digests)
            if row is None or self._is_outdated(row, digests[:1]):
                row = self._write_first()
            elif self._is_another(row):
                row = _by_digest(self.identity.with_subject) or self._write_first()
                warn(self.call, _Kind.SUBJECT_CHANGED)
            return self._entered(row)
        if handle is not None:
            return self._entered(_row(statements.session_by_public_id.first(public_id=handle)))
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
        self._warn_if_unkeyed()
        digests, handle = self._way_in()
        if digests:
            row = self._locked(digests)
            if self._is_another(row):
                row = self._locked(self.identity.with_subject)
                warn(self.call, _Kind.SUBJECT_CHANGED)
            if self._is_outdated(row, (*digests[:1], *self.identity.with_subject[:1])):
                row = self._renewed(row, digests)
            return self._entered(row)
        if handle is None:
            if settings.SHOPMCP_UNKEYED_CALLS == "refuse":
                raise self._nameless()
            handle = self._made((), BY_HANDLE)
            self.minted = True
        statements.touch_public_id.run(public_id=handle, now=timezone.now())
        return self._entered(_row(statements.session_by_public_id.first(public_id=handle)))

    def _way_in(self) -> tuple[tuple[str, ...], str | None]:
        """The digests by which the session is found, or else the public id that a proven cart_id names."""
        if self.identity.keyed:
            return self.identity.digests, None
        if self._cart_id is not None:
            return (), self._proven(self._cart_id)
        if settings.SHOPMCP_UNKEYED_CALLS == "shared":
            return _digests("shared"), None
        return (), None

    def _proven(self, cart_id: str) -> str:
        if (public_id := public_id_of(cart_id)) is None:
            warn(self.call, _Kind.UNKNOWN_HANDLE)
            self.speak()
            raise UnknownCart(
                gettext("This cart_id opens no cart here."),
                fix=gettext("Pass the cart_id exactly as an earlier answer gave it, or none to start a new cart."),
            )
        return public_id

    def _entered(self, row: SessionRow | None) -> SessionRow:
        """Speak the language of the session's store, check the cart_id against the session, and note it down."""
        self.speak(row)
        if row is None:
            warn(self.call, _Kind.EXPIRED_HANDLE)
            raise _expired()
        if self._cart_id is not None and (public_id := self._proven(self._cart_id)) != row.public_id:
            if statements.session_by_public_id.first(public_id=public_id) is None:
                warn(self.call, _Kind.EXPIRED_HANDLE)
                raise _expired()
            warn(self.call, _Kind.FOREIGN_HANDLE)
            raise UnknownCart(
                gettext("This cart_id belongs to another conversation."),
                fix=gettext("Leave cart_id out: this chat has a cart of its own."),
            )
        self.call.notes["session"] = row.id
        return row

    def _write_first(self) -> SessionRow:
        if not self.call.may_write:
            raise WriteNeeded
        return services.in_transaction(self)

    def _locked(self, digests: tuple[str, ...]) -> SessionRow:
        for _ in range(2):
            for digest in digests:
                if statements.touch_digest.run(digest=digest, now=timezone.now()):
                    return _present(statements.session_by_digest.first(digest=digest))
            # Whoever makes it at the same moment wins; either way it is there now.
            self._made(digests, self.source)
        raise AssertionError("a session that was just made cannot be found")

    def _made(self, digests: tuple[str, ...], source: str) -> str:
        self.call.notes["made"] = True
        return services.insert_session(
            digests=digests,
            source=source,
            subject=self.identity.subjects[0] if self.identity.subjects else "",
            client=self.call.client,
            # The shared session belongs to everybody, whoever comes first.
            is_check=self.identity.is_check and not self.shares_cart,
        )

    def _is_outdated(self, row: SessionRow, current: Sequence[str]) -> bool:
        """Whether the session is kept under an earlier secret key, or its person is, or was not known before."""
        subjects = self.identity.subjects
        return row.digest not in current or (bool(subjects) and (not row.subject or row.subject in subjects[1:]))

    def _is_another(self, row: SessionRow) -> bool:
        """Whether the conversation belongs to another person than the call's."""
        return bool(row.subject) and bool(self.identity.subjects) and row.subject not in self.identity.subjects

    def _renewed(self, row: SessionRow, digests: tuple[str, ...]) -> SessionRow:
        """Keep the session under the current secret key, and under the person who is calling."""
        subject = self.identity.subjects[0] if self.identity.subjects else row.subject
        own = self.identity.with_subject if row.digest in self.identity.with_subject else digests
        statements.rename_session.run(id=row.id, digest=own[0], subject=subject)
        return row._replace(digest=own[0], subject=subject)

    def _warn_if_unkeyed(self) -> None:
        if self.unkeyed:
            warn(self.call, _Kind.UNKEYED)

    def _nameless(self) -> SessionNeeded:
        self.speak()
        if settings.SHOPMCP_UNKEYED_CALLS == "refuse":
            return SessionNeeded(
                gettext("This chat sends no conversation id, and this shop keeps no cart without one."),
                fix=gettext("Call debug_session: it says what arrived and what the shop's owner can do."),
            )
        return SessionNeeded(
            gettext("This chat sends no conversation id, so its cart is found by the cart_id alone."),
            fix=gettext(
                "Pass the cart_id that an earlier answer gave; if there is none yet, add_to_cart starts a cart."
            ),
        )


def note_browsing(call: Call) -> Identity:
    """Note who browses: the session is found, or made, when the call is recorded."""
    identity = identify(call)
    if not identity.keyed and BY_HANDLE not in call.given:
        warn(call, _Kind.UNKEYED)
    return identity


def session_of(identity: Identity, client: str) -> int | None:
    """Return the key of the session that a browsing call belongs to, making it if it is new.

    It takes no locks: whoever records many calls at once would otherwise wait for others who do the same.
    """
    if not identity.keyed:
        return None
    digests = identity.digests
    row = _by_digest(digests)
    if row is not None and row.subject and identity.subjects and row.subject not in identity.subjects:
        digests = identity.with_subject
        row = _by_digest(digests)
    if row is None:
        services.insert_session(
            digests=digests,
            source=identity.source,
            subject=identity.subjects[0] if identity.subjects else "",
            client=client,
            is_check=identity.is_check,
        )
        row = _by_digest(digests)
    return _present(row).id


def cart_id_of(public_id: str) -> str:
    """The handle of a session: its public id and the proof that this server gave it."""
    return f"cart_{public_id[2:]}{_proof(settings.SECRET_KEY, public_id)}"


def public_id_of(cart_id: str) -> str | None:
    """The public id that a handle names; None unless this server made it, with the present or an earlier key."""
    if (found := _HANDLE.fullmatch(cart_id.strip())) is None:
        return None
    public_id = f"s_{found[1]}"
    proofs = [_proof(secret, public_id) for secret in _secrets()]
    return public_id if any(hmac.compare_digest(found[2], proof) for proof in proofs) else None


def received(call: Call) -> list[str]:
    """The names of what came in `_meta`, never a value; clipped, at most 20."""
    outer = call.meta.get(OUTER)
    names = [
        name for name in call.meta if name not in (OUTER, CHECK) and not name.startswith("io.modelcontextprotocol/")
    ]
    names += list(outer) if isinstance(outer, Mapping) else []
    return sorted({ascii(name)[1:-1][:64] for name in names})[:20]


def check_mark() -> str:
    """What `check_isolation` sends so that its calls count nowhere."""
    return signing.dumps("check", salt=CHECK_SALT)


def _row(row: tuple[Any, ...] | None) -> SessionRow | None:
    return None if row is None else SessionRow._make(row)


def _present(row: tuple[Any, ...] | None) -> SessionRow:
    assert row is not None
    return SessionRow._make(row)


def _by_digest(digests: Iterable[str]) -> SessionRow | None:
    for digest in digests:
        if (row := statements.session_by_digest.first(digest=digest)) is not None:
            return SessionRow._make(row)
    return None


def _expired() -> CartExpired:
    return CartExpired(
        gettext("This cart was not used for long and has expired."),
        fix=gettext("Leave cart_id out; add_to_cart starts a new cart."),
    )


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _MAX_ID and _UNFIT.search(value) is None


def _is_check(mark: Any) -> bool:
    if not isinstance(mark, str):
        return False
    try:
        return bool(signing.loads(mark, salt=CHECK_SALT, max_age=3600) == "check")
    except signing.BadSignature:
        return False


def _secrets() -> tuple[str, ...]:
    return (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


def _digests(purpose: str, *parts: str) -> tuple[str, ...]:
    """A digest of the parts under each secret key, the current one first."""
    # Lengths first: no part can pretend to be the end of the one before.
    message = "\0".join((purpose, *(f"{len(part)}:{part}" for part in parts))).encode()
    return tuple(
        urlsafe_b64encode(blake2b(message, key=_key(secret), digest_size=32).digest()).decode().rstrip("=")
        for secret in _secrets()
    )


@lru_cache(maxsize=100_000)
def _proof(secret: str, public_id: str) -> str:
    mac = blake2b(f"cart_id\0{public_id}".encode(), key=_key(secret), digest_size=16).digest()
    return b32encode(mac).decode().lower().rstrip("=")


@lru_cache(maxsize=16)
def _key(secret: str) -> bytes:
    return sha256(b"shopmcp.sessions\0" + secret.encode()).digest()
