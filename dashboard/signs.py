"""Whether chats are told apart: the signs that they may not be, by kind, each with the clients that gave it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Max, Min
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from carts.identity import KEYS, SUBJECT
from carts.models import CallRecord, SessionWarning
from carts.services import warnings

Kind = SessionWarning.Kind
_LIKELY = re.compile("session|conversation|thread|chat", re.IGNORECASE)
_NAMES = (
    (re.compile("^openai-mcp", re.I), "ChatGPT"),
    (re.compile("inspector", re.I), "MCP Inspector"),
    (re.compile("^claude", re.I), "Claude"),
    (re.compile("visual studio code|vscode", re.I), "VS Code"),
    (re.compile("^codex", re.I), "Codex"),
    (re.compile("^cursor", re.I), "Cursor"),
)
CHATGPT, INSPECTOR = "ChatGPT", "MCP Inspector"


# The sign of a client that changes its id with every call has no kind of its own: see dashboard.signs.
_ROTATING: tuple[tuple[Any, ...], str] = (
    (
        _("The key that is read names a request or a connection, not a conversation."),
        _("Compare two calls of one chat with debug_session: the session must be the same."),
        _("Take that key out of SHOPMCP_SESSION_KEYS, or report it to the client's maker."),
    ),
    "",
)
_BY_KIND: dict[str, tuple[tuple[Any, ...], str]] = {
    Kind.MALFORMED: (
        (
            _("Have the client send its conversation id as text of 1 to 256 characters."),
            _("Numbers, objects, empty or overlong text do not count as an id."),
        ),
        "",
    ),
    Kind.SUBJECT_CHANGED: (
        (
            _("Nothing is mixed up: each person has a cart of their own."),
            _("Tell the client's maker that one conversation id is used for several people."),
        ),
        "",
    ),
    Kind.FOREIGN_HANDLE: ((_("Nothing has to be done: the assistant was told to leave cart_id out."),), ""),
    Kind.EXPIRED_HANDLE: (
        (_("If customers should find their carts for longer, raise the time that carts are kept."),),
        "SHOPMCP_KEEP_CARTS=90d",
    ),
    Kind.UNKNOWN_HANDLE: (
        (
            _("If the secret key was changed, name the old one, so that its carts are found again."),
            _("Otherwise an assistant mistyped or invented a cart_id; it was told to use the one it got."),
        ),
        "SECRET_KEY_FALLBACKS=…",
    ),
}


@dataclass(frozen=True, slots=True)
class Advice:
    """Steps in words, in their order; `setting` is a line for `.env` where one helps."""

    steps: tuple[str, ...]
    setting: str = ""


def client_name(client: str) -> str:
    """The client as people call it, beside its own name for itself."""
    for pattern, name in _NAMES:
        if pattern.search(client):
            return name
    return client or gettext("unknown client")


def advice_for(kind: str, client: str, meta_keys: Sequence[str]) -> Advice:
    """Return what helps against this kind of sign from this client."""
    if kind == Kind.UNKEYED:
        return _unkeyed(client_name(client), meta_keys)
    steps, setting = _BY_KIND.get(kind, _ROTATING)
    return Advice(tuple(str(step) for step in steps), setting)


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
        return Advice(tuple(steps))
    steps.append(gettext("Until then, give each such chat a cart of its own."))
    return Advice(tuple(steps), setting="SHOPMCP_UNKEYED_CALLS=isolate")


# A check that nothing answers ends by itself.
CHECKED_FOR = timedelta(minutes=10)
# A sign that no single call gives: a client with nearly as many sessions as calls changes its id with every call.
ROTATING = "rotating_id"
_LOOKED_AT = 2000
_ENOUGH = 20
_NEARLY_ALL = 0.9


TITLES: dict[str, Any] = {
    Kind.UNKEYED: _("Chats come without a conversation id"),
    Kind.MALFORMED: _("Conversation ids cannot be used"),
    Kind.UNKNOWN_HANDLE: _("Chats pass a cart_id that opens nothing"),
    Kind.EXPIRED_HANDLE: _("Chats come back after their cart expired"),
    Kind.FOREIGN_HANDLE: _("Chats pass the cart_id of another conversation"),
    Kind.SUBJECT_CHANGED: _("One conversation id, two people"),
    ROTATING: _("A new conversation with nearly every call"),
}
_STORIES: dict[str, Any] = {
    Kind.UNKEYED: _(
        "The assistant called the shop without saying which conversation it was: the original “default” session."
    ),
    Kind.MALFORMED: _("A conversation id came that is not text of 1 to 256 plain characters, so it was ignored."),
    Kind.UNKNOWN_HANDLE: _("A cart_id came that this shop never gave, and the call was refused."),
    Kind.EXPIRED_HANDLE: _("A cart_id came whose cart was kept for its time and has been deleted."),
    Kind.FOREIGN_HANDLE: _(
        "A conversation with an id of its own passed the cart_id of another one, and the call was refused."
    ),
    Kind.SUBJECT_CHANGED: _(
        "The same conversation id came from two different people; the second was given a cart of their own."
    ),
    ROTATING: _("Of this client's latest calls, nearly every one came with a conversation id of its own."),
}
_RISKS: dict[str, Any] = {
    Kind.MALFORMED: _("Such a chat counts as one without an id, and may lose its cart between messages."),
    Kind.UNKNOWN_HANDLE: _("A customer's cart is not found again; nobody else's cart can be opened by it."),
    Kind.EXPIRED_HANDLE: _("A customer who comes back late starts with an empty cart."),
    Kind.FOREIGN_HANDLE: _("None for the carts: they stay apart. The customer was shown a refusal."),
    Kind.SUBJECT_CHANGED: _("Carts stay apart, but the client does not tell its people apart."),
    ROTATING: _("The cart of such a chat is empty again after every message."),
}
_UNKEYED_RISKS = {
    "isolate": _(
        "Carts stay apart, but such a chat finds its cart again only while the assistant remembers its cart_id."
    ),
    "shared": _("All these chats share one cart: customers see and change each other's."),
    "refuse": _("These chats cannot use a cart at all."),
}


@dataclass(frozen=True, slots=True)
class Group:
    """What one client sent. `warning` is None for a sign that is read from the calls themselves."""

    client: str
    name: str
    calls: int
    first_at: datetime
    last_at: datetime
    meta_keys: Sequence[str]
    advice: Advice
    warning: SessionWarning | None = None


@dataclass(slots=True)
class Sign:
    """One kind of trouble, with the clients that have it, the latest first."""

    kind: str
    groups: list[Group] = field(default_factory=list)

    @property
    def title(self) -> str:
        return str(TITLES[self.kind])

    @property
    def story(self) -> str:
        return str(_STORIES[self.kind])

    @property
    def risk(self) -> str:
        return str(_UNKEYED_RISKS[settings.SHOPMCP_UNKEYED_CALLS] if self.kind == Kind.UNKEYED else _RISKS[self.kind])

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
    """Return what the owner should look at, the latest first; two queries."""
    return _signs(warnings.open_warnings(), _rotating())


def sign_of(kind: str, signs: Sequence[Sign]) -> Sign:
    """Return the sign of that kind, without clients where it is not open."""
    return next((sign for sign in signs if sign.kind == kind), Sign(kind))


def settled() -> list[Group]:
    """Return what was marked as fixed or muted, the latest first."""
    return [_group(warning) for warning in warnings.settled_warnings()]


def _signs(found: Sequence[SessionWarning], rotating: Sequence[Group]) -> list[Sign]:
    signs: dict[str, Sign] = {}
    for warning in found:
        signs.setdefault(warning.kind, Sign(warning.kind)).groups.append(_group(warning))
    if rotating:
        signs[ROTATING] = Sign(ROTATING, list(rotating))
    return sorted(signs.values(), key=lambda sign: sign.last_at, reverse=True)


def _group(warning: SessionWarning) -> Group:
    return Group(
        client=warning.client,
        name=client_name(warning.client),
        calls=warning.calls,
        first_at=warning.first_at,
        last_at=warning.last_at,
        meta_keys=warning.meta_keys,
        advice=advice_for(warning.kind, warning.client, warning.meta_keys),
        warning=warning,
    )


def _rotating() -> list[Group]:
    latest = CallRecord.objects.order_by("-at", "-id").values("pk")[:_LOOKED_AT]
    by_client = (
        CallRecord.objects.filter(pk__in=latest, session__isnull=False)
        .order_by()
        .values("client")
        .annotate(n=Count("id"), sessions=Count("session", distinct=True), first=Min("at"), last=Max("at"))
        .filter(n__gte=_ENOUGH)
    )
    return [
        Group(
            client=row["client"],
            name=client_name(row["client"]),
            calls=row["n"],
            first_at=row["first"],
            last_at=row["last"],
            meta_keys=(),
            advice=advice_for(ROTATING, row["client"], ()),
        )
        for row in by_client
        if row["sessions"] >= row["n"] * _NEARLY_ALL
    ]


def check_since(kind: str, client: str, since: datetime) -> tuple[CallRecord | None, bool]:
    """Return the client's first call within CHECKED_FOR of that moment, and whether it shows the trouble again.

    One query, over an index range of that time.
    """
    within = CallRecord.objects.filter(at__gt=since, at__lte=since + CHECKED_FOR, client=client)
    call = within.order_by("at", "id").first()
    if call is None:
        return None, False
    unkeyed = kind == Kind.UNKEYED and call.source == "default"
    return call, unkeyed or call.warning == kind


def verdict(call: CallRecord) -> str:
    """What the call said of its conversation, in words."""
    if call.source == "default":
        return gettext("It came without a conversation id.")
    if call.source == "cart_id":
        return gettext("It named its cart by a cart_id.")
    return gettext("It named its conversation by %(key)s.") % {"key": call.source}
