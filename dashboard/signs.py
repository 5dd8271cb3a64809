"""Whether chats are kept apart, in words, and the signs that they are not: by kind, and by client."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Q
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from carts.call_log import OTHER_CLIENTS
from carts.conversation import BY_HANDLE, UNKEYED
from carts.isolation import POLICY, Isolation, isolation
from carts.models import COUNT_CAP, CallRecord, Session, SessionWarning
from carts.warning_kinds import Severity, WarningKind, severity_of
from dashboard.advice import Advice, Text, advice_for, meaning_of
from dashboard.texts import client_name

KINDS = frozenset(kind.value for kind in WarningKind)
# The call log bounds the number of warnings; this bounds what one page shows.
_MOST_READ, _MOST_SHOWN = 2000, 50
# An order that further calls do not change.
_OLDEST_FIRST = ("first_at", "id")
_SEVERITIES: tuple[Severity, ...] = ("meet", "lose", "info")
_ORDER = {kind.value: n for n, kind in enumerate(WarningKind)}
SEVERITY_WORDS: dict[str, Text] = {
    "meet": _("carts can meet"),
    "lose": _("a cart can be lost"),
    "info": _("for your information"),
}
_STATE_WORDS: dict[str, Promise] = {
    "meet": _("Carts can meet"),
    "lose": _("Carts are apart, but a chat can lose its own"),
    "apart": _("Every chat is told apart"),
    "unknown": _("No calls yet"),
}


@dataclass(frozen=True, slots=True)
class Group:
    """The calls of one client that gave a sign, with the public ids of the latest sessions that they touched."""

    warning: SessionWarning
    sessions: Sequence[str] = ()

    @property
    def name(self) -> str:
        return client_name(self.warning.client)

    @property
    def can_check(self) -> bool:
        """Whether it is the group of one client, whose next calls can be told."""
        return self.warning.client != OTHER_CLIENTS

    @property
    def advice(self) -> Advice:
        """The remedy for this kind of sign and this client."""
        return advice_for(self.warning.kind, self.name, self.warning.meta_keys, self.warning.keys)


@dataclass(slots=True)
class Sign:
    """One kind of sign: how many calls gave it, of which clients, and when last."""

    kind: str
    calls: int = 0
    last_at: datetime | None = None
    names: list[str] = field(default_factory=list)

    @property
    def severity(self) -> Severity:
        return severity_of(self.kind)

    @property
    def severity_words(self) -> Text:
        return SEVERITY_WORDS[self.severity]

    @property
    def title(self) -> Text:
        return meaning_of(self.kind).title

    @property
    def story(self) -> Text:
        return meaning_of(self.kind).story

    @property
    def risk(self) -> Text:
        return meaning_of(self.kind).risk

    def is_after(self, moment: datetime | None) -> bool:
        """Whether the newest such call came after the moment."""
        return moment is None or self.last_at is None or self.last_at > moment

    @property
    def clients(self) -> str:
        return ", ".join(self.names[:3]) + (", …" if len(self.names) > 3 else "")


@dataclass(frozen=True, slots=True)
class Banner:
    """Whether chats are kept apart, as the first thing on a page; it rests on the calls after `since`."""

    state: str
    title: Text
    text: str
    since: datetime | None


def attention() -> list[Sign]:
    """Return the open signs, the worst first, in an order that further calls do not change; one query."""
    signs: dict[str, Sign] = {}
    rows = SessionWarning.objects.open().order_by(*_OLDEST_FIRST).values_list("kind", "client", "calls", "last_at")
    for kind, client, calls, last_at in rows[:_MOST_READ]:
        sign = signs.setdefault(kind, Sign(kind))
        sign.calls += calls
        sign.last_at = last_at if sign.last_at is None else max(sign.last_at, last_at)
        if (name := client_name(client)) not in sign.names:
            sign.names.append(name)
    return sorted(signs.values(), key=lambda sign: (_SEVERITIES.index(sign.severity), _ORDER[sign.kind]))


def groups_of(kind: str) -> list[Group]:
    """Return the open warnings of that kind, the oldest first; two queries."""
    return _groups(SessionWarning.objects.open().filter(kind=kind).order_by(*_OLDEST_FIRST)[:_MOST_SHOWN])


def settled() -> list[Group]:
    """Return the warnings marked as fixed or muted, the latest first."""
    return [Group(warning) for warning in SessionWarning.objects.settled().newest_first()[:_MOST_SHOWN]]


def banner() -> Banner:
    """Return whether chats are kept apart; three queries."""
    known = isolation()
    title: Text = _STATE_WORDS[known.state]
    if known.state == "lose" and known.causes == (WarningKind.SHARED.value,):
        title = _("Some chats may share one cart")
    return Banner(known.state, title, _explained(known), known.since)


def _explained(known: Isolation) -> str:
    """What the state rests on."""
    if known.state == "apart":
        return _basis(known)
    if known.state == "unknown":
        return gettext("As soon as a chat calls the shop, this says whether chats are kept apart.")
    cause = known.causes[0]
    if cause == POLICY:
        return gettext(
            "SHOPMCP_UNKEYED_CALLS is shared: all chats without a conversation id use one cart, the “default” session."
        )
    meaning = meaning_of(WarningKind.SHARED if WarningKind.SHARED in known.causes else cause)
    return f"{meaning.title}. {meaning.risk}"


def _basis(known: Isolation) -> str:
    """The calls of the last day, by what named their conversation."""
    latest = CallRecord.objects.filter(at__gt=known.since, at__lte=known.until).order_by("-at", "-id")
    counts = CallRecord.objects.filter(pk__in=latest.values("pk")[:COUNT_CAP]).aggregate(
        calls=Count("pk"),
        handles=Count("pk", filter=Q(source=BY_HANDLE)),
        unkeyed=Count("pk", filter=Q(source=UNKEYED)),
    )
    calls = ngettext(
        "%(n)s call in the 24 hours up to the last one",
        "%(n)s calls in the 24 hours up to the last one",
        counts["calls"],
    ) % {"n": f"{counts['calls']:,}" + ("+" if counts["calls"] >= COUNT_CAP else "")}
    if not counts["handles"] + counts["unkeyed"]:
        return gettext("%(calls)s, all with ids.") % {"calls": calls}
    parts = gettext("%(calls)s: %(handles)s with a cart_id, %(unkeyed)s without either, the others with ids.")
    return parts % {"calls": calls, "handles": f"{counts['handles']:,}", "unkeyed": f"{counts['unkeyed']:,}"}


def _groups(warnings: Iterable[SessionWarning]) -> list[Group]:
    found = list(warnings)
    keys = {key for warning in found for key in warning.sessions}
    public_ids = dict(Session.objects.real().filter(pk__in=keys).values_list("pk", "public_id"))
    return [Group(warning, [public_ids[key] for key in warning.sessions if key in public_ids]) for warning in found]
