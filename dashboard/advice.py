"""What each kind of sign means, and the remedy for it in words: by client, by what it sends, and by the settings."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from carts.conversation import KEYS, SUBJECT
from carts.warning_kinds import WarningKind
from dashboard.texts import CHATGPT, INSPECTOR, SENDS, SENDS_NONE

Text = str | Promise
_LIKELY = re.compile("session|conversation|thread|chat", re.IGNORECASE)
# A name that a setting can hold, and that was neither clipped nor escaped when it was recorded.
_USABLE = re.compile(r"[^\s,\\'\"#]{1,63}")
_DAYS = 90


class Meaning(NamedTuple):
    """A kind of sign in words."""

    title: Text
    story: Text
    risk: Text = ""


@dataclass(frozen=True, slots=True)
class Advice:
    """Steps in order; `setting` holds lines for `.env`, if some help."""

    steps: Sequence[Text]
    setting: str = ""


_MEANINGS: dict[str, Meaning] = {
    # The risk depends on the policy.
    WarningKind.UNKEYED: Meaning(
        _("Chats come without a conversation id"),
        _("The assistant called the shop without saying which conversation it was: the original “default” session."),
    ),
    WarningKind.MALFORMED: Meaning(
        _("Conversation ids cannot be used"),
        _("A conversation id came that is not text of 1 to 256 plain characters, so it was ignored."),
    ),
    WarningKind.PLACEHOLDER: Meaning(
        _("A placeholder comes in place of a conversation id"),
        _("An id such as null, default or 0 came. Whoever sends it sends it for each chat."),
        _("All chats that send it use one cart: customers see and change each other's."),
    ),
    WarningKind.SHARED: Meaning(
        _("One conversation id comes from several places"),
        _("One id came from two places at once or from many networks, and no person was named beside it."),
        _("If these are several people, they see and change one cart. If it is one person on the move, all is well."),
    ),
    WarningKind.ROTATING: Meaning(
        _("A new conversation with nearly every call"),
        _("Of this client's latest calls, nearly every one came with a conversation id of its own."),
        _("The cart of such a chat is empty again after every message."),
    ),
    WarningKind.UNKNOWN_HANDLE: Meaning(
        _("Chats pass a cart_id that opens nothing"),
        _("A cart_id came that this shop never gave, and the call was refused."),
        _("A customer's cart is not found again; nobody else's cart can be opened by it."),
    ),
    WarningKind.EXPIRED_HANDLE: Meaning(
        _("Chats come back after their cart expired"),
        _("A cart_id came whose cart was kept for its time and has been deleted."),
        _("A customer who comes back late starts with an empty cart."),
    ),
    WarningKind.FOREIGN_HANDLE: Meaning(
        _("Chats pass the cart_id of another conversation"),
        _("A conversation with an id of its own passed the cart_id of another one, and the call was refused."),
        _("None for the carts: they stay apart. The customer was shown a refusal."),
    ),
    WarningKind.SUBJECT_CHANGED: Meaning(
        _("One conversation id, two people"),
        _(
            "The same conversation id came from two different people; the second was given a cart of their own, or "
            "was refused."
        ),
        _("Carts stay apart as long as the client names the person; a call without one opens the first person's cart."),
    ),
}
_UNKEYED_RISKS = {
    "isolate": _(
        "Carts stay apart, but such a chat finds its cart again only while the assistant remembers its cart_id."
    ),
    "shared": _("All these chats share one cart: customers see and change each other's."),
    "refuse": _("These chats cannot use a cart at all."),
}


def meaning_of(kind: str) -> Meaning:
    """Return what this kind of sign means under the policy in force."""
    meaning = _MEANINGS[kind]
    if kind in (WarningKind.UNKEYED, WarningKind.MALFORMED):
        return meaning._replace(risk=_UNKEYED_RISKS[settings.SHOPMCP_UNKEYED_CALLS])
    return meaning


def advice_for(kind: str, client: str, meta_keys: Sequence[str], keys: Sequence[str]) -> Advice:
    """Return the remedy.

    Args:
        kind: The kind of sign.
        client: The client's name as pages show it.
        meta_keys: The names of the `_meta` keys that came.
        keys: Those of them that it is about.
    """
    other = _other_key(meta_keys, keys)
    if kind == WarningKind.MALFORMED or (kind == WarningKind.UNKEYED and any(key != SUBJECT for key in keys)):
        return _malformed(client, keys, other)
    if kind == WarningKind.UNKEYED:
        return _unkeyed(client, other)
    if kind == WarningKind.UNKNOWN_HANDLE:
        return Advice(
            (
                gettext("If the secret key was changed, name the old one, so that its carts are found again."),
                gettext("Otherwise an assistant mistyped or invented a cart_id; it was told to use the one it got."),
            ),
            "SECRET_KEY_FALLBACKS=…",
        )
    if kind == WarningKind.EXPIRED_HANDLE:
        days = max(_DAYS, 2 * (settings.SHOPMCP_KEEP_CARTS // timedelta(days=1)))
        step = gettext("If customers should find their carts for longer, raise the time that carts are kept.")
        return Advice((step,), f"SHOPMCP_KEEP_CARTS={days}d")
    if kind == WarningKind.FOREIGN_HANDLE:
        return Advice((gettext("Nothing has to be done: the assistant was told to leave cart_id out."),))
    return _wrong_key(kind, keys[0] if keys else "", other)


def _unkeyed(client: str, other: str) -> Advice:
    """The remedy where no id came in any shape."""
    if client == INSPECTOR:
        return Advice(
            (
                gettext("The MCP Inspector is a test tool and sends no conversation id by itself."),
                gettext("In its window, add metadata to the tool call: the key openai/session with any text."),
                gettext("On the command line, add: --tool-metadata openai/session=test-1"),
                gettext("If you only test with it, mute this client."),
            )
        )
    if other and other in (*KEYS, *settings.SHOPMCP_SESSION_KEYS):
        return Advice(
            (
                gettext("This client sends %(key)s, which the shop reads now.") % {"key": other},
                gettext("Check it now: the next call shows whether it works."),
            )
        )
    if other:
        return Advice(
            (
                gettext("This client sends %(key)s, which looks like a conversation id.") % {"key": other},
                gettext("Add the key to the settings and restart; carts that were begun stay as they are."),
                gettext("Then check that its value stays the same within one chat and differs between chats."),
            ),
            _session_keys(*settings.SHOPMCP_SESSION_KEYS, other),
        )
    if key := SENDS.get(client):
        return _lost(client, key)
    if client in SENDS_NONE:
        text = gettext("%(client)s sends no conversation id, and no setting of it changes that.")
        steps = [text % {"client": client}]
    else:
        steps = [
            gettext("Nothing that came with the newest call looks like the id of a conversation."),
            gettext("If you can change it, have it send an id of the conversation in _meta, such as openai/session."),
        ]
    if settings.SHOPMCP_UNKEYED_CALLS != "isolate":
        return _meanwhile(steps)
    steps.append(gettext("Until then the assistant must pass the cart_id that its first change was answered with."))
    return Advice(steps)


def _lost(client: str, key: str) -> Advice:
    """The remedy where a client is known to send a key that did not come."""
    steps = [
        gettext("%(client)s sends %(key)s with every tool call; here it did not arrive.")
        % {"client": client, "key": key},
        gettext("Check that no proxy or tunnel before the shop rewrites requests and drops _meta."),
    ]
    if client == CHATGPT:
        steps.append(gettext("In ChatGPT's settings, under Apps, refresh this shop, then start a new chat."))
    steps.append(gettext("Ask in that chat: call debug_session. It should name %(key)s as its source.") % {"key": key})
    return _meanwhile(steps)


def _meanwhile(steps: list[str]) -> Advice:
    """These steps, and what helps until they are done: under another policy than `isolate`, that policy."""
    if settings.SHOPMCP_UNKEYED_CALLS == "isolate":
        return Advice(steps)
    steps.append(gettext("Until then, give each such chat a cart of its own, which it finds by its cart_id."))
    return Advice(steps, "SHOPMCP_UNKEYED_CALLS=isolate")


def _malformed(client: str, keys: Sequence[str], other: str) -> Advice:
    """The remedy where an id came that cannot be used."""
    names = ", ".join(keys)
    steps = [
        gettext("%(keys)s came, but its value cannot be used.") % {"keys": names}
        if names
        else gettext("An id came, but its value cannot be used."),
        gettext("Have the client send it as text of 1 to 256 characters."),
        gettext("Numbers, objects, null, and empty or overlong text do not count as an id."),
    ]
    if client in SENDS:
        steps.insert(1, gettext("Check that no proxy or tunnel before the shop rewrites requests and their _meta."))
    if other and other not in (*KEYS, *settings.SHOPMCP_SESSION_KEYS):
        steps.append(gettext("Or let the shop read %(key)s, which came too, and restart.") % {"key": other})
        return Advice(steps, _session_keys(*settings.SHOPMCP_SESSION_KEYS, other))
    return _meanwhile(steps)


def _wrong_key(kind: str, key: str, other: str) -> Advice:
    """The remedy where the key that is read does not name one conversation."""
    rest = [name for name in settings.SHOPMCP_SESSION_KEYS if name != key]
    same = kind == WarningKind.ROTATING
    if same:
        steps = [gettext("The key that is read names a request or a connection, not a conversation.")]
        wanted = gettext("Compare two calls of one chat with debug_session: the session must be the same.")
    else:
        steps = [gettext("The key that is read does not have a value of its own for each conversation.")]
        wanted = gettext("Compare two chats with debug_session: the sessions must differ.")
    if key:
        steps = [gettext("The key that is read is %(key)s.") % {"key": key}, *steps]
    if other:
        steps.append(gettext("Let the shop read %(key)s first, which came too, and restart.") % {"key": other})
        kept = settings.SHOPMCP_SESSION_KEYS if key in KEYS else rest
        return Advice((*steps, wanted), _session_keys(other, *(name for name in kept if name != other)))
    if key not in KEYS and len(rest) < len(settings.SHOPMCP_SESSION_KEYS):
        steps.append(gettext("Take the key out of the settings and restart: then each chat is known by its cart_id."))
        lines = [_session_keys(*rest)]
        # Without the key these chats are unkeyed.
        if settings.SHOPMCP_UNKEYED_CALLS != "isolate":
            lines.append("SHOPMCP_UNKEYED_CALLS=isolate")
        return Advice(steps, "\n".join(lines))
    if same:
        steps.append(gettext("Have the client send one value for a whole chat, or report it to the client's maker."))
    else:
        steps.append(gettext("Have the client send another value for each chat, or report it to the client's maker."))
    return Advice((*steps, wanted))


def _other_key(meta_keys: Sequence[str], keys: Sequence[str]) -> str:
    """The first key that came, may name conversations, and is not in question; one that the shop knows comes first."""
    fit = [key for key in meta_keys if key not in keys and key != SUBJECT and _USABLE.fullmatch(key)]
    known = [key for key in (*settings.SHOPMCP_SESSION_KEYS, *KEYS) if key in fit]
    return next(iter([*known, *filter(_LIKELY.search, fit)]), "")


def _session_keys(*keys: str) -> str:
    return f"SHOPMCP_SESSION_KEYS={','.join(keys)}"
