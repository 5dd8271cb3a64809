"""Signs that chats are not kept apart: what each kind means, which clients give it, and the remedy."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db.models import Count, F, Max, Min
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from carts.identity import BY_HANDLE, KEYS, SUBJECT, UNKEYED
from carts.models import CallRecord, SessionWarning
from dashboard.texts import CHATGPT, INSPECTOR, client_name

Kind = SessionWarning.Kind
Text = str | Promise
# The client changes its id with every call: it has nearly as many sessions as calls. No single call shows this.
ROTATING = "rotating_id"
_LATEST_CALLS = 2000
_FEWEST_CALLS = 20
_NEARLY_ALL = 0.9
# Clients choose their names, so their number has no bound; a page shows the latest warnings.
_MOST_SHOWN = 200
# A check ends after this time without a call.
CHECKED_FOR = timedelta(minutes=10)
_LIKELY = re.compile("session|conversation|thread|chat", re.IGNORECASE)


class _Meaning(NamedTuple):
    """A kind of sign in words, with the steps against it and a line for `.env`."""

    title: Text
    story: Text
    risk: Text = ""
    steps: tuple[Text, ...] = ()
    setting: str = ""


_MEANINGS: dict[str, _Meaning] = {
    # The risk depends on the policy, the steps on the client.
    Kind.UNKEYED: _Meaning(
        _("Chats come without a conversation id"),
        _("The assistant called the shop without saying which conversation it was: the original “default” session."),
    ),
    Kind.MALFORMED: _Meaning(
        _("Conversation ids cannot be used"),
        _("A conversation id came that is not text of 1 to 256 plain characters, so it was ignored."),
        _("Such a chat counts as one without an id, and may lose its cart between messages."),
        (
            _("Have the client send its conversation id as text of 1 to 256 characters."),
            _("Numbers, objects, empty or overlong text do not count as an id."),
        ),
    ),
    Kind.UNKNOWN_HANDLE: _Meaning(
        _("Chats pass a cart_id that opens nothing"),
        _("A cart_id came that this shop never gave, and the call was refused."),
        _("A customer's cart is not found again; nobody else's cart can be opened by it."),
        (
            _("If the secret key was changed, name the old one, so that its carts are found again."),
            _("Otherwise an assistant mistyped or invented a cart_id; it was told to use the one it got."),
        ),
        "SECRET_KEY_FALLBACKS=…",
    ),
    Kind.EXPIRED_HANDLE: _Meaning(
        _("Chats come back after their cart expired"),
        _("A cart_id came whose cart was kept for its time and has been deleted."),
        _("A customer who comes back late starts with an empty cart."),
        (_("If customers should find their carts for longer, raise the time that carts are kept."),),
        "SHOPMCP_KEEP_CARTS=90d",
    ),
    Kind.FOREIGN_HANDLE: _Meaning(
        _("Chats pass the cart_id of another conversation"),
        _("A conversation with an id of its own passed the cart_id of another one, and the call was refused."),
        _("None for the carts: they stay apart. The customer was shown a refusal."),
        (_("Nothing has to be done: the assistant was told to leave cart_id out."),),
    ),
    Kind.SUBJECT_CHANGED: _Meaning(
        _("One conversation id, two people"),
        _("The same conversation id came from two different people; the second was given a cart of their own."),
        _("Carts stay apart, but the client does not tell its people apart."),
        (
            _("Nothing is mixed up: each person has a cart of their own."),
            _("Tell the client's maker that one conversation id is used for several people."),
        ),
    ),
    ROTATING: _Meaning(
        _("A new conversation with nearly every call"),
        _("Of this client's latest calls, nearly every one came with a conversation id of its own."),
        _("The cart of such a chat is empty again after every message."),
        (
            _("The key that is read names a request or a connection, not a conversation."),
            _("Compare two calls of one chat with debug_session: the session must be the same."),
            _("Take that key out of SHOPMCP_SESSION_KEYS, or report it to the client's maker."),
        ),
    ),
}
KINDS = frozenset(_MEANINGS)
_UNKEYED_RISKS = {
    "isolate": _(
        "Carts stay apart, but such a chat finds its cart again only while the assistant remembers its cart_id."
    ),
    "shared": _("All these chats share one cart: customers see and change each other's."),
    "refuse": _("These chats cannot use a cart at all."),
}


@dataclass(frozen=True, slots=True)
class Advice:
    """Steps in order; `setting` is a line for `.env`, if one helps."""

    steps: Sequence[Text]
    setting: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """The calls of one client. `warning` is None if the sign was computed from calls."""

    kind: str
    client: str
    calls: int
    first_at: datetime
    last_at: datetime
    meta_keys: Sequence[str] = ()
    warning: SessionWarning | None = None

    @property
    def name(self) -> str:
        return client_name(self.client)

    @property
    def advice(self) -> Advice:
        """The remedy for this kind of sign and this client."""
        meaning = _MEANINGS[self.kind]
        return (
            _unkeyed(self.name, self.meta_keys) if self.kind == Kind.UNKEYED else Advice(meaning.steps, meaning.setting)
        )


@dataclass(slots=True)
class Sign:
    """One kind of sign with its clients, the latest first."""

    kind: str
    groups: list[Group] = field(default_factory=list)

    @property
    def title(self) -> Text:
        return _MEANINGS[self.kind].title

    @property
    def story(self) -> Text:
        return _MEANINGS[self.kind].story

    @property
    def risk(self) -> Text:
        return (
            _UNKEYED_RISKS[settings.SHOPMCP_UNKEYED_CALLS] if self.kind == Kind.UNKEYED else _MEANINGS[self.kind].risk
        )

    @property
    def calls(self) -> int:
        return sum(group.calls for group in self.groups)

    @property
    def last_at(self) -> datetime:
        return max(group.last_at for group in self.groups)

    @property
    def clients(self) -> str:
        return ", ".join(group.name for group in self.groups[:3])


def attention() -> list[Sign]:
    """Return the open signs, the latest first; two queries."""
    signs: dict[str, Sign] = {}
    for group in (*map(_group, SessionWarning.objects.open().newest_first()[:_MOST_SHOWN]), *_rotating()):
        signs.setdefault(group.kind, Sign(group.kind)).groups.append(group)
    return sorted(signs.values(), key=lambda sign: sign.last_at, reverse=True)


def sign_of(kind: str, signs: Sequence[Sign]) -> Sign:
    """Return the sign of that kind; without clients if it is not open."""
    return next((sign for sign in signs if sign.kind == kind), Sign(kind))


def settled() -> list[Group]:
    """Return the warnings marked as fixed or muted, the latest first."""
    return [_group(warning) for warning in SessionWarning.objects.settled().newest_first()[:_MOST_SHOWN]]


def check_since(kind: str, client: str, since: datetime) -> tuple[CallRecord | None, bool]:
    """Return the client's first call within CHECKED_FOR after `since`, and whether it gives the sign again.

    One query, over an index range of that time.
    """
    within = CallRecord.objects.filter(at__gt=since, at__lte=since + CHECKED_FOR, client=client)
    call = within.order_by("at", "id").first()
    if call is None:
        return None, False
    return call, call.warning == kind or (kind == Kind.UNKEYED and call.source == UNKEYED)


def verdict(call: CallRecord) -> str:
    """Say how the call named its conversation."""
    if call.source == UNKEYED:
        return gettext("It came without a conversation id.")
    if call.source == BY_HANDLE:
        return gettext("It named its cart by a cart_id.")
    return gettext("It named its conversation by %(key)s.") % {"key": call.source}


def _group(warning: SessionWarning) -> Group:
    return Group(
        kind=warning.kind,
        client=warning.client,
        calls=warning.calls,
        first_at=warning.first_at,
        last_at=warning.last_at,
        meta_keys=warning.meta_keys,
        warning=warning,
    )


def _rotating() -> list[Group]:
    latest = CallRecord.objects.order_by("-at", "-id").values("pk")[:_LATEST_CALLS]
    by_client = (
        CallRecord.objects.filter(pk__in=latest, session__isnull=False)
        .order_by()
        .values("client")
        .annotate(calls=Count("id"), sessions=Count("session", distinct=True), first_at=Min("at"), last_at=Max("at"))
        .filter(calls__gte=_FEWEST_CALLS, sessions__gte=_NEARLY_ALL * F("calls"))
    )
    return [Group(ROTATING, row["client"], row["calls"], row["first_at"], row["last_at"]) for row in by_client]


def _unkeyed(name: str, meta_keys: Sequence[str]) -> Advice:
    if name == CHATGPT:
        return Advice(
            (
                gettext("ChatGPT sends openai/session with every tool call; here it did not arrive."),
                gettext("Check that no proxy or tunnel before the shop rewrites requests and drops _meta."),
                gettext("In ChatGPT's settings, refresh the connector, then start a new chat."),
                gettext("Ask in that chat: call debug_session. It should name openai/session as its source."),
            )
        )
    if name == INSPECTOR:
        return Advice(
            (
                gettext("The MCP Inspector is a test tool and sends no conversation id by itself."),
                gettext("In its window, add metadata to the tool call: the key openai/session with any text."),
                gettext("On the command line, add: --tool-metadata openai/session=test-1"),
                gettext("If you only test with it, mute this client."),
            )
        )
    known = {*KEYS, *settings.SHOPMCP_SESSION_KEYS, SUBJECT}
    if likely := [key for key in meta_keys if _LIKELY.search(key) and key not in known]:
        return Advice(
            (
                gettext("This client sends %(key)s, which looks like a conversation id.") % {"key": likely[0]},
                gettext("Add the key to the settings and restart; carts that were begun stay as they are."),
                gettext("Then check that its value stays the same within one chat and differs between chats."),
            ),
            setting=f"SHOPMCP_SESSION_KEYS={','.join([*settings.SHOPMCP_SESSION_KEYS, likely[0]])}",
        )
    steps = [
        gettext("This client sends nothing that names a conversation."),
        gettext("If you can change it, have it send an id of the conversation in _meta, such as openai/session."),
    ]
    if settings.SHOPMCP_UNKEYED_CALLS == "isolate":
        steps.append(gettext("Until then the assistant must pass the cart_id that its first change was answered with."))
        return Advice(steps)
    steps.append(gettext("Until then, give each such chat a cart of its own."))
    return Advice(steps, setting="SHOPMCP_UNKEYED_CALLS=isolate")
