"""Checks whether a sign has ended, by the client's next calls, and by those alone that can give the sign."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from carts.conversation import BY_HANDLE, SUBJECT, UNKEYED
from carts.models import CallRecord, Session, SessionWarning
from dashboard.texts import client_name

Kind = SessionWarning.Kind
# A check ends after this time.
CHECKED_FOR = timedelta(minutes=10)
_MOST_READ = 200
_ROTATING_NEEDS, _ROTATING_MOST = 5, 20
_MANY, _FEW = 0.8, 0.6
# When and for whom a session was made.
_Sessions = Mapping[int, tuple[datetime, str]]


@dataclass(frozen=True, slots=True)
class Check:
    """A check of one kind of sign and one client.

    Attributes:
        result: `waiting` until enough calls came, `again` or `works` by them, `over` if they did not come in time.
        call: The newest call that was judged, or None.
        seen, needed: How many calls or chats were judged, and how many it takes.
        passed_over: How many calls of the client said nothing about this kind.
    """

    kind: str
    client: str
    result: Literal["waiting", "again", "works", "over"]
    call: CallRecord | None
    seen: int
    needed: int
    passed_over: int
    keys: Sequence[str]

    @property
    def name(self) -> str:
        return client_name(self.client)

    @property
    def awaited(self) -> str:
        """What the check waits for."""
        if self.kind == Kind.MALFORMED and self.keys:
            return gettext("It waits for a call that sends %(keys)s.") % {"keys": ", ".join(self.keys)}
        return str(_AWAITED[self.kind])

    @property
    def progress(self) -> str:
        if self.needed == 1:
            return ""
        return gettext("%(seen)d of %(needed)d came.") % {"seen": self.seen, "needed": self.needed}

    @property
    def remark(self) -> str:
        """How many calls did not count."""
        if not self.passed_over:
            return ""
        text = ngettext(
            "%(n)d other call of this client came, which shows nothing of this kind.",
            "%(n)d other calls of this client came, which show nothing of this kind.",
            self.passed_over,
        )
        return text % {"n": self.passed_over}

    @property
    def verdict(self) -> str:
        """How the judged call named its conversation."""
        if self.call is None:
            return ""
        if self.call.source == UNKEYED:
            return gettext("It came without a conversation id.")
        if self.call.source == BY_HANDLE:
            return gettext("It named its cart by a cart_id.")
        return gettext("It named its conversation by %(key)s.") % {"key": self.call.source}


_HANDLE: Promise = _("It waits for a call with a cart_id.")
_AWAITED: dict[str, Promise] = {
    Kind.UNKEYED: _("It waits for any call of this client."),
    Kind.MALFORMED: _("It waits for a call with a conversation id."),
    Kind.PLACEHOLDER: _("It waits for a call with a conversation id."),
    Kind.SHARED: _("It waits for calls of two new chats with ids."),
    Kind.ROTATING: _("It waits for five calls with ids. Ask five times in one chat."),
    Kind.UNKNOWN_HANDLE: _HANDLE,
    Kind.EXPIRED_HANDLE: _HANDLE,
    Kind.FOREIGN_HANDLE: _HANDLE,
    Kind.SUBJECT_CHANGED: _("It waits for new chats of two people, who are named."),
}


def check_since(kind: str, client: str, since: datetime) -> Check:
    """Judge the client's calls within CHECKED_FOR after `since`; three queries at most, over an index range."""
    within = CallRecord.objects.filter(at__gt=since, at__lte=since + CHECKED_FOR, client=client)
    calls = list(within.order_by("at", "id")[:_MOST_READ])
    keys = SessionWarning.objects.filter(kind=kind, client=client).values_list("keys", flat=True).first() or []
    judged = [call for call in calls if gives(call, kind) or _counts(call, kind, keys)]
    keyed = {call.session_id for call in judged if call.session_id is not None}
    sessions: _Sessions = {}
    if kind in _BY_SESSIONS and keyed:
        rows = Session.objects.filter(pk__in=keyed)
        sessions = {pk: (at, person) for pk, at, person in rows.values_list("pk", "created_at", "subject")}
    seen, needed, again = _weigh(kind, judged, sessions, since)
    result: Literal["waiting", "again", "works", "over"] = "waiting"
    if again:
        result = "again"
    elif seen >= needed:
        result = "works"
    elif timezone.now() - since > CHECKED_FOR:
        result = "over"
    decisive = next((call for call in reversed(judged) if gives(call, kind)), None) if again else None
    call = decisive or (judged[-1] if judged else None)
    return Check(kind, client, result, call, min(seen, needed), needed, len(calls) - len(judged), keys)


def gives(call: CallRecord, kind: str) -> bool:
    """Whether the call gave this sign."""
    return kind == call.warning or kind in (call.warnings or ()) or (kind == Kind.UNKEYED and call.source == UNKEYED)


def _counts(call: CallRecord, kind: str, keys: Sequence[str]) -> bool:
    """Whether the call could have given the sign."""
    keyed = call.source not in (UNKEYED, BY_HANDLE)
    if kind == Kind.UNKEYED:
        return True
    if kind == Kind.MALFORMED and keys:
        return any(key in call.meta_keys for key in keys)
    if kind in (Kind.UNKNOWN_HANDLE, Kind.EXPIRED_HANDLE):
        return bool(call.with_handle) and call.outcome not in ("unknown_cart", "cart_expired")
    if kind == Kind.FOREIGN_HANDLE:
        return keyed and bool(call.with_handle) and call.outcome not in ("unknown_cart", "cart_expired")
    return keyed and (kind != Kind.SUBJECT_CHANGED or SUBJECT in call.meta_keys)


def _weigh(kind: str, judged: Sequence[CallRecord], sessions: _Sessions, since: datetime) -> tuple[int, int, bool]:
    """Return how much was seen, how much is needed, and whether the sign was given again."""
    if kind in _BY_SESSIONS:
        new = {pk: person for pk, (at, person) in sessions.items() if at > since}
        return _BY_SESSIONS[kind](judged, new)
    return len(judged), 1, any(gives(call, kind) for call in judged)


def _rotating(judged: Sequence[CallRecord], new: Mapping[int, str]) -> tuple[int, int, bool]:
    seen, share = len(judged), len(new) / (len(judged) or 1)
    undecided = _FEW < share < _MANY and seen < _ROTATING_MOST
    needed = seen + 1 if undecided and seen >= _ROTATING_NEEDS else _ROTATING_NEEDS
    return seen, needed, seen >= needed and share > _FEW


def _shared(judged: Sequence[CallRecord], new: Mapping[int, str]) -> tuple[int, int, bool]:
    return len(new), 2, any(gives(call, Kind.SHARED) for call in judged)


def _people(judged: Sequence[CallRecord], new: Mapping[int, str]) -> tuple[int, int, bool]:
    return len(set(filter(None, new.values()))), 2, any(gives(call, Kind.SUBJECT_CHANGED) for call in judged)


_BY_SESSIONS: dict[str, Callable[[Sequence[CallRecord], Mapping[int, str]], tuple[int, int, bool]]] = {
    Kind.ROTATING: _rotating,
    Kind.SHARED: _shared,
    Kind.SUBJECT_CHANGED: _people,
}
